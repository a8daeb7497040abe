"""`oo rebuild --all` beside bare inserts of the same rows, and `oo resync` beside stock Feast.

Run alone it makes a population and stores its signals; `run.py` measures on what the builder left.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sqlite3
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from feast import FeatureStore, RepoConfig
from redis import Redis

from oo_profile.apply import apply_definitions
from oo_profile.building import replay
from oo_profile.building.batch import BatchWriter
from oo_profile.demo.feed import from_simulation
from oo_profile.demo.stage import stage
from oo_profile.registry import open_store
from oo_profile.settings import redis_endpoint
from oo_profile.storage.chosen_users import UserRange
from oo_profile.storage.database import connect, transaction
from oo_profile.storage.state_table import StateTable
from oo_profile.storage.user_ranges import BEHIND_ALL
from oo_profile.transport.message import Message
from oo_profile.transport.signal_file import read_signals
from oo_profile.upkeep.rebuild import rebuild
from oo_profile.upkeep.resync import resync
from oo_transforms.clock import EPOCH, to_micros
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from oo_profile.demo.feed import Feed
    from oo_profile.demo.stage import Stage

PROJECT = Path(__file__).resolve().parents[1]
NOW = EPOCH.replace(year=2026, month=7)
BATCH = 4_000
TABLES = [StateTable(view) for view in STATE_VIEWS]


def measure(on: Stage, store: FeatureStore) -> None:
    """Measure on the database of a stage."""
    workers = max((os.cpu_count() or 1) - 1, 1)
    with contextlib.closing(connect(on.settings.db)) as database:
        rows = {t.name: t.raw_rows(database, UserRange("", BEHIND_ALL)) for t in TABLES}
    count = sum(map(len, rows.values()))
    lost = _rebuilt(on, store, workers, lambda database: _empty(database, on))
    healthy = _rebuilt(on, store, workers, lambda _: None)
    damaged = _rebuilt(on, store, workers, _damage)
    bare = lost.signals / _bare_inserts(on, rows)
    print(f"rebuild --all: {lost.signals:,} signals of {lost.users:,} users, {count:,} rows,")
    print(f"  {lost.online_rows:,} of them in Redis; {workers} process(es) beside the writing one")
    print(f"  all rows and Redis lost     {lost.rate:10,.0f} signals/s")
    print(f"  all rows wrong              {damaged.rate:10,.0f} signals/s")
    print(f"  everything as it should be  {healthy.rate:10,.0f} signals/s")
    print(f"  bare inserts in key order   {bare:10,.0f} signals/s for the same rows")
    print(f"  ratio of the first to these {lost.rate / bare:10.2f}")
    _measure_resync(on, store)


class _Run:
    """A rebuild that was timed."""

    def __init__(self, signals: int, users: int, online_rows: int, seconds: float) -> None:
        self.signals = signals
        self.users = users
        self.online_rows = online_rows
        self.rate = signals / seconds


def _rebuilt(
    on: Stage, store: FeatureStore, workers: int, before: Callable[[sqlite3.Connection], None]
) -> _Run:
    with contextlib.closing(connect(on.settings.db)) as database:
        before(database)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    began = time.perf_counter()
    done = rebuild(on.settings, store, workers=workers)
    return _Run(done.signals, done.users, done.online_rows, time.perf_counter() - began)


def _empty(database: sqlite3.Connection, on: Stage) -> None:
    with transaction(database):
        for table in TABLES:
            database.execute(f"DELETE FROM {table.name}")  # noqa: S608 - our own tables
    _redis(on).flushdb()


def _damage(database: sqlite3.Connection) -> None:
    with transaction(database):
        for table in TABLES:
            anchor = table.fields[0].name
            database.execute(f"UPDATE {table.name} SET {anchor} = {anchor} + 1")  # noqa: S608


def _bare_inserts(on: Stage, rows: dict[str, list[tuple[object, ...]]]) -> float:
    """Insert the rows of all tables in the order of their keys; return the seconds."""
    target = on.folder / "bare.db"
    with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA wal_autocheckpoint = 16384")
        for table in TABLES:
            database.execute(table.create_statement)
        largest = max(map(len, rows.values()))
        batches = range(-(-largest // BATCH))
        began = time.perf_counter()
        for number in batches:
            database.execute("BEGIN IMMEDIATE")
            for table in TABLES:
                own = rows[table.name]
                share = -(-len(own) // len(batches))
                table.insert_raw(database, own[number * share : (number + 1) * share])
            database.execute("COMMIT")
        seconds = time.perf_counter() - began
    target.unlink()
    return seconds


def _measure_resync(on: Stage, store: FeatureStore) -> None:
    client = _redis(on)
    client.flushdb()
    began = time.perf_counter()
    done = resync(on.settings, store)
    ours = done.rows / (time.perf_counter() - began)
    client.flushdb()
    stock = FeatureStore(config=_stock_config(store, on))
    start, end = datetime(1970, 1, 2, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1)
    began = time.perf_counter()
    with contextlib.redirect_stdout(None):
        stock.materialize(start, end)
    theirs = done.rows / (time.perf_counter() - began)
    print(f"resync: {done.rows:,} rows of {done.users:,} users into an empty Redis")
    print(f"  ours                        {ours:10,.0f} rows/s")
    print(f"  stock `feast materialize`   {theirs:10,.0f} rows/s")
    print(f"  ratio                       {ours / theirs:10.1f}")


def _stock_config(store: FeatureStore, on: Stage) -> RepoConfig:
    """Return the same repository with Feast's own online store and engine."""
    return RepoConfig(
        project=store.project,
        provider="local",
        registry=str(on.settings.registry),
        online_store={"type": "redis", "connection_string": on.settings.redis},
        offline_store={
            "type": "oo_stores.sqlite.SQLiteOfflineStore",
            "path": str(on.settings.db),
        },
        entity_key_serialization_version=3,
        repo_path=on.settings.repo,
        materialization={"pull_latest_features": True},
    )


def _redis(on: Stage) -> Redis:
    host, port = redis_endpoint(on.settings.redis)
    return Redis(host=host, port=port)


def _store(on: Stage, feed: Feed) -> None:
    """Store the signals of a feed, without a stream."""
    with contextlib.closing(connect(on.settings.db, synchronous="NORMAL")) as database:
        replay.make_tables(database, STATE_VIEWS)
        writer = BatchWriter(database, STATE_VIEWS, "2026-01-01T00:00:00Z")
        messages: list[Message] = []
        for number, line in enumerate(read_signals(str(feed.path)), start=1):
            happened = datetime.fromisoformat(json.loads(line.data)["occurred_at"])
            messages.append(Message(line.subject, line.data, number, to_micros(happened)))
            if len(messages) == BATCH:
                writer.write(messages)
                messages = []
        writer.write(messages)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make a population, store what it sends, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=2500)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, stage(PROJECT / "feature_repo", keep=False) as on:
        path = Path(folder) / "signals.jsonl"
        feed = from_simulation(options.users, options.days, options.seed, path, NOW)
        apply_definitions(on.settings)
        store = open_store(on.settings)
        _store(on, feed)
        measure(on, store)


if __name__ == "__main__":
    main()
