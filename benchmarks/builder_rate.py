"""Signals a second, from JetStream to durable SQLite to Redis."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from typing import TYPE_CHECKING

from oo_profile.demo.traffic import run_traffic

if TYPE_CHECKING:
    from pathlib import Path

    from feast import FeatureStore

    from oo_profile.demo.feed import Feed
    from oo_profile.demo.stage import Stage

BATCH = 4000


def measure(on: Stage, store: FeatureStore, feed: Feed) -> None:
    """Publish a feed while the builder runs, and put the same rows in with bare `executemany`."""
    traffic = run_traffic(on.settings, store, [feed], bars=False)
    rate = traffic.published / traffic.build_seconds
    busy = traffic.totals.handled / traffic.totals.busy_seconds
    floor = _floor(on.settings.db, on.folder / "floor.db")
    print(
        f"builder: {traffic.published:,} signals, published at "
        f"{traffic.published / traffic.publish_seconds:,.0f}/s meanwhile by the same process"
    )
    print(f"  end to end          {rate:10,.0f} signals/s")
    print(f"  while it had work   {busy:10,.0f} signals/s")
    print(f"  bare executemany    {floor:10,.0f} signals/s for the same rows")
    print(f"  ratio to that       {busy / floor:10.2f}")


def _floor(source: Path, target: Path) -> float:
    """Insert all rows of signals and state into the same tables; return signals a second."""
    with (
        contextlib.closing(sqlite3.connect(source)) as read,
        contextlib.closing(sqlite3.connect(target, isolation_level=None)) as write,
    ):
        tables = _tables(read)
        rows = {
            name: read.execute(f"SELECT * FROM {name} ORDER BY {order}").fetchall()  # noqa: S608 - our own tables
            for name, order in tables.items()
        }
        write.execute("PRAGMA journal_mode = WAL")
        write.execute("PRAGMA synchronous = FULL")
        write.execute("PRAGMA wal_autocheckpoint = 16384")
        for name in tables:
            (statement,) = read.execute(
                "SELECT sql FROM sqlite_master WHERE name = ?", (name,)
            ).fetchone()
            write.execute(statement)
        count = len(rows["signals"])
        batches = range(-(-count // BATCH))
        began = time.perf_counter()
        for number in batches:
            write.execute("BEGIN IMMEDIATE")
            for name, found in rows.items():
                share = -(-len(found) // len(batches))
                part = sorted(found[number * share : (number + 1) * share])
                if part:
                    marks = ", ".join("?" * len(part[0]))
                    write.executemany(f"INSERT INTO {name} VALUES ({marks})", part)  # noqa: S608 - our own tables
            write.execute("COMMIT")
        return count / (time.perf_counter() - began)


def _tables(connection: sqlite3.Connection) -> dict[str, str]:
    """Name the tables with the order in which their rows were written."""
    names = [
        name
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%_state'"
        )
    ]
    return {"signals": "received_at", **dict.fromkeys(names, "created_timestamp")}
