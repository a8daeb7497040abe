"""The engine's own SQLite file: sums by period, what was seen, alerts, mutes, what is to be sent.

It holds no user id, so whoever is forgotten needs nothing deleted here.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from oo_admin.quality.alerts import Alert, Mute, State
from oo_admin.quality.facts import (
    FeatureSample,
    LoggedPoint,
    OnlineSample,
    StateCounts,
    ViewFreshness,
)
from oo_admin.quality.usual import FreshnessPoint
from oo_profile.errors import DatabaseError
from oo_profile.storage.database import open_file, transaction
from oo_transforms.clock import DAY_US

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

FILE: Final = "quality.db"

_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS periods (period INTEGER PRIMARY KEY, counts BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, value BIGINT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS freshness (at_us INTEGER PRIMARY KEY, views BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS features (at_us INTEGER PRIMARY KEY, samples BLOB NOT NULL)",
    """
    CREATE TABLE IF NOT EXISTS logged (
        at_us INTEGER PRIMARY KEY,
        users BIGINT NOT NULL,
        views BLOB NOT NULL
    )
    """,
    "CREATE TABLE IF NOT EXISTS online (at_us INTEGER PRIMARY KEY, sample BLOB NOT NULL)",
    """
    CREATE TABLE IF NOT EXISTS alerts (
        key TEXT NOT NULL,
        since_us BIGINT NOT NULL,
        state TEXT NOT NULL,
        alert BLOB NOT NULL,
        PRIMARY KEY (key, since_us)
    ) WITHOUT ROWID
    """,
    "CREATE TABLE IF NOT EXISTS mutes (key TEXT PRIMARY KEY, mute BLOB NOT NULL) WITHOUT ROWID",
    """
    CREATE TABLE IF NOT EXISTS outbox (
        number INTEGER PRIMARY KEY,
        channel TEXT NOT NULL,
        notice BLOB NOT NULL,
        attempts INT NOT NULL,
        next_us BIGINT NOT NULL
    )
    """,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice that is yet to be delivered.

    Attributes:
        number: Its place in the outbox.
        channel: How it is sent.
        notice: What is sent, as the channel takes it.
        attempts: How often that failed.
        next_us: When to try again, microseconds.
    """

    number: int
    channel: str
    notice: bytes
    attempts: int
    next_us: int


class QualityStore:
    """Keeps what the engine knows; made by `opened`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything that is done inside, or nothing."""
        with transaction(self._connection):
            yield

    def mark(self, name: str) -> int:
        """Return a number that was kept, 0 if there is none."""
        row = self._connection.execute("SELECT value FROM marks WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def set_mark(self, name: str, value: int) -> None:
        """Keep a number."""
        self._connection.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (name, value))

    def periods(self, first: int) -> Iterator[tuple[int, Mapping[str, int]]]:
        """Give the counts of all periods from the first on, in order."""
        rows = self._connection.execute(
            "SELECT period, counts FROM periods WHERE period >= ? ORDER BY period", (first,)
        )
        for period, counts in rows:
            yield period, _decoded(counts, dict[str, int])

    def set_period(self, period: int, counts: Mapping[str, int]) -> None:
        """Keep the counts of a period."""
        encoded = msgspec.json.encode(counts)
        self._connection.execute("INSERT OR REPLACE INTO periods VALUES (?, ?)", (period, encoded))

    def add_freshness(self, point: FreshnessPoint) -> None:
        """Keep how fresh the views were."""
        row = (point.at_us, msgspec.json.encode(point.views))
        self._connection.execute("INSERT OR REPLACE INTO freshness VALUES (?, ?)", row)

    def freshness(self, since_us: int) -> list[FreshnessPoint]:
        """Return how fresh the views were since a moment, oldest first."""
        rows = self._connection.execute(
            "SELECT at_us, views FROM freshness WHERE at_us >= ? ORDER BY at_us", (since_us,)
        )
        kind = tuple[ViewFreshness, ...]
        return [FreshnessPoint(at_us, _decoded(views, kind)) for at_us, views in rows]

    def add_features(self, at_us: int, samples: Sequence[FeatureSample]) -> None:
        """Keep how features were distributed."""
        row = (at_us, msgspec.json.encode(samples))
        self._connection.execute("INSERT OR REPLACE INTO features VALUES (?, ?)", row)

    def features(self, by_us: int) -> tuple[FeatureSample, ...]:
        """Return how features were distributed when they were last looked at by a moment."""
        row = self._connection.execute(
            "SELECT samples FROM features WHERE at_us <= ? ORDER BY at_us DESC LIMIT 1", (by_us,)
        ).fetchone()
        return _decoded(row[0], tuple[FeatureSample, ...]) if row else ()

    def add_logged(self, logged: LoggedPoint) -> None:
        """Keep that a sample of profiles was logged, in the place of any of its day."""
        day_us = logged.at_us - logged.at_us % DAY_US
        self._connection.execute(
            "DELETE FROM logged WHERE at_us >= ? AND at_us < ?", (day_us, day_us + DAY_US)
        )
        row = (logged.at_us, logged.users, msgspec.json.encode(logged.views))
        self._connection.execute("INSERT INTO logged VALUES (?, ?, ?)", row)

    def logged(self, since_us: int, until_us: int) -> list[LoggedPoint]:
        """Return the samples of profiles that were logged in a time, oldest first."""
        rows = self._connection.execute(
            "SELECT at_us, users, views FROM logged WHERE at_us >= ? AND at_us <= ? ORDER BY at_us",
            (since_us, until_us),
        )
        kind = dict[str, StateCounts]
        return [LoggedPoint(at_us, users, _decoded(views, kind)) for at_us, users, views in rows]

    def add_online(self, at_us: int, sample: OnlineSample) -> None:
        """Keep how Redis compared with SQLite."""
        row = (at_us, msgspec.json.encode(sample))
        self._connection.execute("INSERT OR REPLACE INTO online VALUES (?, ?)", row)

    def online(self) -> OnlineSample | None:
        """Return how Redis last compared with SQLite."""
        row = self._connection.execute(
            "SELECT sample FROM online ORDER BY at_us DESC LIMIT 1"
        ).fetchone()
        return _decoded(row[0], OnlineSample) if row else None

    def set_alerts(self, alerts: Iterable[Alert]) -> None:
        """Keep alerts as they are now."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?)",
            ((a.key, a.since_us, str(a.state), msgspec.json.encode(a)) for a in alerts),
        )

    def forget_pending(self, open_keys: Iterable[str]) -> None:
        """Remove pending alerts that are none any more."""
        kept = set(open_keys)
        rows = self._connection.execute("SELECT key, since_us FROM alerts WHERE state = 'pending'")
        gone = [row for row in rows.fetchall() if row[0] not in kept]
        self._connection.executemany("DELETE FROM alerts WHERE key = ? AND since_us = ?", gone)

    def open_alerts(self) -> list[Alert]:
        """Return those that are pending or firing, oldest first."""
        return self._alerts("state != ? ORDER BY since_us, key", (str(State.RESOLVED),))

    def resolved_alerts(self, since_us: int) -> list[Alert]:
        """Return those that began since a moment and are over, newest first."""
        return self._alerts(
            "state = ? AND since_us >= ? ORDER BY since_us DESC", (str(State.RESOLVED), since_us)
        )

    def _alerts(self, condition: str, values: tuple[object, ...]) -> list[Alert]:
        rows = self._connection.execute(
            f"SELECT alert FROM alerts WHERE {condition}",  # noqa: S608 - our own conditions
            values,
        )
        return [_decoded(alert, Alert) for (alert,) in rows]

    def set_mute(self, mute: Mute) -> None:
        """Keep a mute in the place of any of the same alert."""
        row = (mute.key, msgspec.json.encode(mute))
        self._connection.execute("INSERT OR REPLACE INTO mutes VALUES (?, ?)", row)

    def mutes(self, now_us: int) -> dict[str, Mute]:
        """Return the mutes that hold at a moment, by alert."""
        rows = self._connection.execute("SELECT mute FROM mutes").fetchall()
        mutes = [_decoded(mute, Mute) for (mute,) in rows]
        return {mute.key: mute for mute in mutes if mute.until_us >= now_us}

    def send(self, channel: str, notice: bytes, now_us: int) -> None:
        """Put a notice into the outbox."""
        self._connection.execute(
            "INSERT INTO outbox (channel, notice, attempts, next_us) VALUES (?, ?, 0, ?)",
            (channel, notice, now_us),
        )

    def due(self, now_us: int) -> list[Waiting]:
        """Return what is to be delivered now, oldest first."""
        rows = self._connection.execute(
            "SELECT number, channel, notice, attempts, next_us FROM outbox WHERE next_us <= ? "
            "ORDER BY number",
            (now_us,),
        )
        return [Waiting(*row) for row in rows]

    def undelivered(self) -> int:
        """Count what is yet to be delivered."""
        return int(self._connection.execute("SELECT count(*) FROM outbox").fetchone()[0])

    def delivered(self, number: int) -> None:
        """Take a notice out of the outbox."""
        self._connection.execute("DELETE FROM outbox WHERE number = ?", (number,))

    def retry(self, number: int, attempts: int, next_us: int) -> None:
        """Say when to try a notice again."""
        self._connection.execute(
            "UPDATE outbox SET attempts = ?, next_us = ? WHERE number = ?",
            (attempts, next_us, number),
        )

    def delete_before(self, period: int, at_us: int) -> None:
        """Delete what is too old to be held against anything."""
        self._connection.execute("DELETE FROM periods WHERE period < ?", (period,))
        for table in ("freshness", "features", "logged", "online"):
            self._connection.execute(f"DELETE FROM {table} WHERE at_us < ?", (at_us,))  # noqa: S608 - our own tables


@contextmanager
def opened(path: Path) -> Iterator[QualityStore]:
    """Open the file for one writer, make its tables, and close it at the end.

    Raises:
        DatabaseError: It cannot be opened or is no database.
    """
    connection = open_file(path, synchronous="NORMAL")
    try:
        for table in _TABLES:
            connection.execute(table)
        yield QualityStore(connection)
    except sqlite3.Error as error:
        raise DatabaseError(path, error) from error
    finally:
        connection.close()


def _decoded(encoded: bytes, kind: type[T]) -> T:
    return msgspec.json.decode(encoded, type=kind)
