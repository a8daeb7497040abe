"""A made-up history of users, as Parquet and as SQLite tables, and rows to ask for."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from oo_stores.sqlite import write_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START = datetime(2025, 1, 1, tzinfo=UTC)
END = datetime(2026, 1, 1, tzinfo=UTC)
FLOATS = [f"f{number}" for number in range(6)]
FEATURES = [*FLOATS, "label"]
KEY = ["user_id", "event_timestamp", "created_timestamp"]
TABLE = "stats"
_MICROSECONDS = 10**6
_LABELS = 200
_BLOCKS = 10
_STRANGERS = 1.02  # of a hundred users asked for, two are in no history


@dataclass(frozen=True, slots=True)
class History:
    """How much there is: so many rows of so many users, spread evenly over a year."""

    rows: int
    users: int
    seed: int

    def blocks(self) -> Iterator[pa.Table]:
        """Yield the rows in the order of users and times, a tenth of the users at a time."""
        share = -(-self.users // _BLOCKS)
        for number in range(_BLOCKS):
            users = np.arange(number * share, min((number + 1) * share, self.users))
            yield self._block(users, np.random.default_rng((self.seed, number)))

    def _block(self, users: np.ndarray, random: np.random.Generator) -> pa.Table:
        rows = self.rows // _BLOCKS
        owners, instants = random.choice(users, rows), _instants(random, rows)
        order = np.lexsort((instants, owners))
        labels = np.array([f"label {number}" for number in range(_LABELS)])
        return pa.table(
            {
                "user_id": _names(owners[order]),
                "event_timestamp": _timestamps(instants[order]),
                "created_timestamp": _timestamps(instants[order] + 5 * _MICROSECONDS),
                **{name: random.normal(size=rows) for name in FLOATS},
                "label": labels[random.integers(0, _LABELS, rows)],
            }
        )

    def write_sqlite(self, path: Path) -> None:
        """Write the history into the table `stats`."""
        for block in self.blocks():
            write_table(path, TABLE, block, KEY)

    def write_parquet(self, path: Path) -> None:
        """Write the history as one file in the order of time, as logs arrive."""
        pq.write_table(pa.concat_tables(self.blocks()).sort_by("event_timestamp"), path)

    def asked(self, rows: int) -> pd.DataFrame:
        """Return users, some of them unknown, at instants of the year."""
        random = np.random.default_rng((self.seed, rows))
        users = random.integers(0, int(self.users * _STRANGERS), rows)
        times = pd.to_datetime(_instants(random, rows), unit="us", utc=True)
        return pd.DataFrame({"user_id": _names(users).to_pandas(), "event_timestamp": times})


def copy_table(path: Path, copies: int) -> None:
    """Make copies `stats_1`, `stats_2` and so on of the table."""
    with closing(sqlite3.connect(path)) as connection:
        ((made,),) = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (TABLE,))
        for number in range(1, copies + 1):
            connection.execute(made.replace(f'"{TABLE}"', f'"{TABLE}_{number}"', 1))
            connection.execute(f"INSERT INTO {TABLE}_{number} SELECT * FROM {TABLE}")  # noqa: S608  our own tables
        connection.commit()


def _instants(random: np.random.Generator, rows: int) -> np.ndarray:
    start, end = (int(instant.timestamp()) * _MICROSECONDS for instant in (START, END))
    return random.integers(start, end, rows)


def _names(users: np.ndarray) -> pa.Array:
    return pa.array([f"user {number:07}" for number in users.tolist()])


def _timestamps(instants: np.ndarray) -> pa.Array:
    return pa.array(instants).cast(pa.timestamp("us", tz="UTC"))
