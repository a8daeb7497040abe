"""How fast the builder drains a stream that was published beforehand, beside bare inserts."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from online_timing import at_least, show
from redis import Redis

from oo_profile.building.service import MAX_BATCH, run_builder
from oo_profile.garbage import collecting_rarely
from oo_profile.settings import redis_endpoint
from oo_profile.storage.database import Synchronous, connect, reading
from oo_profile.storage.state_table import StateTable
from oo_profile.transport.connection import nats_connection
from oo_profile.transport.publisher import publish
from oo_profile.transport.signal_file import read_signals
from oo_profile.transport.stream import CONSUMER, STREAM, ensure_consumer, ensure_stream
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from feast import FeatureStore

    from oo_profile.building.builder import Totals
    from oo_profile.demo.feed import Feed
    from oo_profile.demo.stage import Stage
    from oo_profile.transport.signal_file import SignalLine

SHARE_OF_FLOOR = 0.45
SIGNALS_A_SECOND = 10_000


@dataclass(frozen=True, slots=True)
class Drained:
    """What a builder did with a stream.

    Args:
        totals: What it counted.
        seconds: From its start, with the connections open, to its last acknowledgement.
        cpu_seconds: That this process computed meanwhile, SQLite included.
    """

    totals: Totals
    seconds: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        """Signals stored a second."""
        return self.totals.stored.total() / self.seconds


def measure(on: Stage, store: FeatureStore, feed: Feed) -> float:
    """Drain a feed at each level of durability; return the rate at the highest."""
    asyncio.run(purge(on))
    asyncio.run(publish_all(on, read_signals(str(feed.path))))
    print(f"builder, {feed.signals:,} signals published beforehand, in batches of {MAX_BATCH:,}:")
    rates = {}
    for synchronous in get_args(Synchronous):
        begin_anew(on)
        drained = asyncio.run(drain(on, store, feed.signals, synchronous))
        floor = _floor(on.settings.db, on.folder / "floor.db", synchronous)
        rates[synchronous] = drained.rate
        micros = drained.cpu_seconds / feed.signals * 1e6
        print(f"  synchronous={synchronous}, {micros:.0f} us of this process's CPU a signal")
        show("signals/s", drained.rate, at_least(SIGNALS_A_SECOND))
        print(f"  {'bare executemany of the same rows, signals/s':50} {floor:8.2f}")
        show("ratio", drained.rate / floor, at_least(SHARE_OF_FLOOR))
    return rates["FULL"]


async def publish_all(on: Stage, lines: Iterable[SignalLine]) -> None:
    """Publish signals into the stream, where they wait."""
    async with nats_connection(on.settings.nats) as connection:
        await ensure_stream(connection)
        await publish(connection, lines)


async def purge(on: Stage) -> None:
    """Empty the stream: what it holds is the server's memory, and would be delivered again."""
    async with nats_connection(on.settings.nats) as connection:
        await ensure_stream(connection)
        await connection.jetstream().purge_stream(STREAM)


async def drain(
    on: Stage, store: FeatureStore, signals: int, synchronous: Synchronous = "FULL"
) -> Drained:
    """Run a builder until it has handled so many signals."""
    stop, ended = asyncio.Event(), 0.0

    def on_batch(totals: Totals) -> None:
        nonlocal ended
        ended = time.perf_counter()
        if totals.handled >= signals:
            stop.set()

    with collecting_rarely():  # as `oo run` does
        began, computed = time.perf_counter(), time.process_time()
        totals = await run_builder(
            on.settings, store, stop, synchronous=synchronous, on_batch=on_batch
        )
        return Drained(totals, ended - began, time.process_time() - computed)


def begin_anew(on: Stage) -> None:
    """Forget what was built, and have the stream delivered from its start."""
    for path in on.settings.db.parent.glob(on.settings.db.name + "*"):
        path.unlink()
    host, port = redis_endpoint(on.settings.redis)
    with Redis(host=host, port=port) as redis:
        redis.flushall()

    async def rewind() -> None:
        async with nats_connection(on.settings.nats) as connection:
            await ensure_consumer(connection)
            await connection.jetstream().delete_consumer(STREAM, CONSUMER)

    asyncio.run(rewind())


def _floor(source: Path, target: Path, synchronous: Synchronous) -> float:
    """Insert all rows of signals and state into the same tables; return signals a second."""
    orders = {"signals": "received_at"}
    orders |= {view.name: "created_timestamp" for view in STATE_VIEWS}
    with reading(source) as read:
        rows = {
            name: read.execute(f"SELECT * FROM {name} ORDER BY {order}").fetchall()  # noqa: S608 - our own tables
            for name, order in orders.items()
        }
    for path in target.parent.glob(target.name + "*"):
        path.unlink()
    with contextlib.closing(connect(target, synchronous=synchronous)) as write:
        for view in STATE_VIEWS:
            write.execute(StateTable(view).create_statement)
        count = len(rows["signals"])
        batches = -(-count // MAX_BATCH)
        began = time.perf_counter()
        for number in range(batches):
            write.execute("BEGIN IMMEDIATE")
            for name, found in rows.items():
                share = -(-len(found) // batches)
                _insert(write, name, sorted(found[number * share : (number + 1) * share]))
            write.execute("COMMIT")
        return count / (time.perf_counter() - began)


def _insert(write: Any, name: str, rows: list[tuple[Any, ...]]) -> None:  # noqa: ANN401 - sqlite3's connection
    if rows:
        marks = ", ".join("?" * len(rows[0]))
        write.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)  # noqa: S608 - our own tables
