"""`oo rebuild --all` beside bare inserts of the same rows, and `oo resync` beside stock Feast.

Run alone it makes a population and stores its signals; `run.py` measures on what the builder left.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import resource
import sqlite3
import statistics
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

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
ROUNDS = 3
TABLES = [StateTable(view) for view in STATE_VIEWS]


@dataclass(frozen=True, slots=True)
class Run:
    """Some work that was timed.

    Attributes:
        items: What it was done to: signals or rows.
        seconds: How long it took.
        cpu_seconds: Processor time of this process, those that it started, and Redis.
    """

    items: int
    seconds: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        """Items a second."""
        return self.items / self.seconds

    @property
    def cpu_us(self) -> float:
        """Processor time of an item, microseconds."""
        return self.cpu_seconds / self.items * 1e6


def measure(on: Stage, store: FeatureStore) -> None:
    """Measure on the database of a stage."""
    gc.freeze()  # as `oo rebuild` and `oo resync` do
    workers = max((os.cpu_count() or 1) - 1, 1)
    with contextlib.closing(connect(on.settings.db)) as database:
        rows = {t.name: t.raw_rows(database, UserRange("", BEHIND_ALL)) for t in TABLES}
    lost, bare = [], []
    for _ in range(ROUNDS):
        lost.append(_rebuilt(on, store, workers, lambda database: _empty(database, on)))
        bare.append(_bare_inserts(on, rows, lost[-1].items))
    healthy = _rebuilt(on, store, workers, lambda _: None)
    damaged = _rebuilt(on, store, workers, _damage)
    print(f"rebuild --all: {lost[0].items:,} signals, {sum(map(len, rows.values())):,} rows,")
    print(f"  {workers} process(es) beside the writing one; medians of {ROUNDS} rounds")
    _print("all rows and Redis lost", lost)
    _print("all rows wrong", [damaged])
    _print("everything as it should be", [healthy])
    _print("bare inserts of the same rows", bare)
    _print_ratio("the first over these", lost, bare)
    cores = os.cpu_count() or 1
    could = statistics.median(b.cpu_us * cores / a.cpu_us for a, b in zip(lost, bare, strict=True))
    print(f"    the same, were all of {cores} cores its own and busy: {could:.2f}")
    _measure_resync(on, store)


def _print(what: str, runs: Sequence[Run]) -> None:
    rate = statistics.median(run.rate for run in runs)
    cpu = statistics.median(run.cpu_us for run in runs)
    print(f"  {what:30} {rate:10,.0f}/s, {cpu:6.1f} us of processor time each")


def _print_ratio(what: str, ours: Sequence[Run], theirs: Sequence[Run]) -> None:
    pairs = list(zip(ours, theirs, strict=True))
    rate = statistics.median(a.rate / b.rate for a, b in pairs)
    cpu = statistics.median(b.cpu_us / a.cpu_us for a, b in pairs)
    print(f"  {what}: {rate:.2f}; by processor time {cpu:.2f}")


def _timed(on: Stage, work: Callable[[], int]) -> Run:
    """Time some work, which says to how many items it was done."""
    before, began = _cpu_seconds(on), time.perf_counter()
    items = work()
    seconds = time.perf_counter() - began
    return Run(items, seconds, _cpu_seconds(on) - before)


def _cpu_seconds(on: Stage) -> float:
    info = cast("dict[str, float]", _redis(on).info("cpu"))
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (
        time.process_time()
        + children.ru_utime
        + children.ru_stime
        + info["used_cpu_user"]
        + info["used_cpu_sys"]
    )


def _rebuilt(
    on: Stage, store: FeatureStore, workers: int, before: Callable[[sqlite3.Connection], None]
) -> Run:
    with contextlib.closing(connect(on.settings.db)) as database:
        before(database)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return _timed(on, lambda: rebuild(on.settings, store, workers=workers).signals)


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


def _bare_inserts(on: Stage, rows: dict[str, list[tuple[object, ...]]], signals: int) -> Run:
    """Insert the rows of all tables in the order of their keys, by bare `executemany`."""
    target = on.folder / "bare.db"
    with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA wal_autocheckpoint = 16384")
        for table in TABLES:
            database.execute(table.create_statement)
        run = _timed(on, lambda: _insert(database, rows, signals))
    target.unlink()
    return run


def _insert(
    database: sqlite3.Connection, rows: dict[str, list[tuple[object, ...]]], signals: int
) -> int:
    batches = range(-(-max(map(len, rows.values())) // BATCH))
    for number in batches:
        database.execute("BEGIN IMMEDIATE")
        for table in TABLES:
            own = rows[table.name]
            share = -(-len(own) // len(batches))
            marks = ", ".join("?" * len(table.columns))
            database.executemany(
                f"INSERT INTO {table.name} VALUES ({marks})",  # noqa: S608 - our own tables
                own[number * share : (number + 1) * share],
            )
        database.execute("COMMIT")
    return signals


def _measure_resync(on: Stage, store: FeatureStore) -> None:
    client = _redis(on)
    stock = FeatureStore(config=_stock_config(store, on))
    start, end = datetime(1970, 1, 2, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1)

    def materialize(rows: int) -> int:
        with contextlib.redirect_stdout(None):
            stock.materialize(start, end)
        return rows

    ours, theirs = [], []
    for _ in range(ROUNDS):
        client.flushdb()
        ours.append(_timed(on, lambda: resync(on.settings, store).rows))
        client.flushdb()
        rows = ours[-1].items
        theirs.append(_timed(on, lambda rows=rows: materialize(rows)))  # type: ignore[misc]
    print(f"resync: {ours[0].items:,} rows into an empty Redis; medians of {ROUNDS} rounds")
    _print("ours", ours)
    _print("stock `feast materialize`", theirs)
    _print_ratio("ours over stock", ours, theirs)


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
    parser.add_argument("--users", type=int, default=5000)
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
