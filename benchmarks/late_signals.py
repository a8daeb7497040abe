"""What late signals cost: an import of old ones newest first, and one old signal a second."""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import time
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, islice
from typing import TYPE_CHECKING

import builder_drain
import builder_latency
from online_timing import at_most, show

from oo_profile.building.service import run_builder
from oo_profile.storage import tail_marks
from oo_profile.storage.database import reading
from oo_profile.transport.connection import nats_connection
from oo_profile.transport.publisher import publish
from oo_profile.transport.signal_file import SignalLine
from oo_profile.transport.stream import ensure_stream
from oo_transforms.clock import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from builder_drain import Drained
    from feast import FeatureStore

    from oo_profile.building.builder import Totals
    from oo_profile.demo.stage import Stage

SIGNALS = 5000
"""Rows of the active user, and signals of the import."""

ACTIVE = "active"
OTHERS = 20_000
OTHERS_SIGNALS = 30_000
IMPORT_RATIO = 3.0
SLOWED = 1.1
ROUNDS = 3
_SLICES = 50
_NOW = EPOCH.replace(year=2026, month=2)
_STEP = timedelta(minutes=7)


@dataclass(frozen=True, slots=True)
class Imported:
    """An import that has come to rest.

    Attributes:
        seconds: From the first signal published until every row is true.
        cpu_seconds: What this process computed meanwhile; it publishes, too.
        rows: Rows of history.
    """

    seconds: float
    cpu_seconds: float
    rows: int


def measure(on: Stage, store: FeatureStore, import_seconds: float, latency_seconds: int) -> None:
    """Print what late signals cost whoever sends them, and the others.

    Args:
        on: Where.
        store: Feast.
        import_seconds: Over which the signals of the import are published.
        latency_seconds: How long others' signals are timed at a steady rate.
    """
    _measure_import(on, store, import_seconds)
    _measure_others(on, store)
    _measure_latency(on, store, latency_seconds)


def _measure_import(on: Stage, store: FeatureStore, seconds: float) -> None:
    recent = list(_line_up(_NOW, SIGNALS, "r"))
    newer = list(_line_up(_NOW + SIGNALS * _STEP, SIGNALS, "n"))
    older = list(_line_up(_NOW - SIGNALS * _STEP, SIGNALS, "o"))
    print(f"import of {SIGNALS:,} signals of a user with {SIGNALS:,} rows, over {seconds:g} s:")
    in_order = _import(on, store, recent, newer, seconds)
    late = _import(on, store, recent, older[::-1], seconds)
    show("time, newest first over in order", late.seconds / in_order.seconds, at_most(IMPORT_RATIO))
    show("CPU, the same", late.cpu_seconds / in_order.cpu_seconds, at_most(IMPORT_RATIO))
    show("rows a signal", late.rows / (2 * SIGNALS), at_most(2))


def _import(
    on: Stage,
    store: FeatureStore,
    before: Sequence[SignalLine],
    lines: Sequence[SignalLine],
    seconds: float,
) -> Imported:
    """Build some signals, and then import others at a steady rate beside a builder."""
    _begin(on, before)
    asyncio.run(builder_drain.drain(on, store, len(before)))
    began, computed = time.perf_counter(), time.process_time()
    asyncio.run(_import_beside(on, store, lines, seconds))
    taken, computed = time.perf_counter() - began, time.process_time() - computed
    with reading(on.settings.db) as connection:
        (rows,) = connection.execute("SELECT count(*) FROM task_state").fetchone()
    return Imported(taken, computed, rows)


async def _import_beside(
    on: Stage, store: FeatureStore, lines: Sequence[SignalLine], seconds: float
) -> None:
    stop, handled = asyncio.Event(), asyncio.Event()

    def on_batch(totals: Totals) -> None:
        if totals.handled >= len(lines):
            handled.set()

    building = asyncio.create_task(run_builder(on.settings, store, stop, on_batch=on_batch))
    async with nats_connection(on.settings.nats) as connection:
        size = -(-len(lines) // _SLICES)
        began = time.perf_counter()
        for number in range(_SLICES):
            await publish(connection, lines[number * size : (number + 1) * size])
            await asyncio.sleep(began + (number + 1) * seconds / _SLICES - time.perf_counter())
    await handled.wait()
    while await asyncio.to_thread(_marked, on):  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0.02)
    stop.set()
    await building


def _marked(on: Stage) -> int:
    with reading(on.settings.db) as connection:
        return tail_marks.count(connection)


def _measure_others(on: Stage, store: FeatureStore) -> None:
    """Drain signals of others, alone and with one old signal of the active user a second."""
    recent = list(_line_up(_NOW, SIGNALS, "r"))
    others = list(_others(OTHERS_SIGNALS))
    alone = [_drained(on, store, recent, others)]
    # A late signal waits in the stream behind what a second brings.
    every = int(OTHERS_SIGNALS / alone[0].seconds)
    mixed = list(_mixed(others, every))
    disturbed = []
    for _ in range(ROUNDS):
        disturbed.append(_drained(on, store, recent, mixed))
        alone.append(_drained(on, store, recent, others))
    print(
        f"{OTHERS_SIGNALS:,} signals of {OTHERS:,} others drained at {every:,}/s, with one old "
        f"signal a second of a user with {SIGNALS:,} rows, the fastest of {ROUNDS} rounds:"
    )
    for what, taken in (("time", _seconds), ("CPU", _cpu_seconds)):
        ratio = min(map(taken, disturbed)) / min(map(taken, alone))
        show(f"{what}, with over without", ratio, at_most(SLOWED))


def _seconds(drained: Drained) -> float:
    return drained.seconds


def _cpu_seconds(drained: Drained) -> float:
    return drained.cpu_seconds


def _drained(
    on: Stage, store: FeatureStore, before: Sequence[SignalLine], lines: Sequence[SignalLine]
) -> Drained:
    _begin(on, before)
    asyncio.run(builder_drain.drain(on, store, len(before)))
    asyncio.run(builder_drain.publish_all(on, lines))
    return asyncio.run(builder_drain.drain(on, store, len(lines)))


def _measure_latency(on: Stage, store: FeatureStore, seconds: int) -> None:
    """Time others' signals at a steady rate, alone and with one old signal a second."""
    recent = list(_line_up(_NOW, SIGNALS, "r"))
    _begin(on, recent)
    asyncio.run(builder_drain.drain(on, store, SIGNALS))
    alone = builder_latency.latencies(on, store, seconds, OTHERS)

    async def old_ones() -> None:
        async with nats_connection(on.settings.nats) as connection:
            for line in _line_up(_NOW - timedelta(days=9), seconds, "l"):
                await publish(connection, [line])
                await asyncio.sleep(1)

    disturbed = builder_latency.latencies(on, store, seconds, OTHERS, old_ones)
    print(f"event to online at {builder_latency.RATE:,} signals/s of others, with over without:")
    show("median", statistics.median(disturbed) / statistics.median(alone), at_most(SLOWED))
    for name, found in (("without", alone), ("with", disturbed)):
        cuts = statistics.quantiles(found, n=100)
        print(f"  {f'{name}: p50, p99, ms':50} {cuts[49]:8.2f} {cuts[98]:8.2f}")


def _begin(on: Stage, lines: Iterable[SignalLine]) -> None:
    """Forget everything, and publish what is to be built first."""

    async def begin() -> None:
        async with nats_connection(on.settings.nats) as connection:
            await ensure_stream(connection)
        await builder_drain.purge(on)
        await builder_drain.publish_all(on, lines)

    asyncio.run(begin())
    builder_drain.begin_anew(on)


def _line_up(first: datetime, count: int, kind: str) -> Iterator[SignalLine]:
    """Make completed tasks of the active user, in the order of their event times."""
    for number in range(count):
        yield _completed(ACTIVE, f"{kind}{number:06}", first + number * _STEP, number)


def _others(count: int) -> Iterator[SignalLine]:
    chance = random.Random(1)
    for number in range(count):
        user = f"u{chance.randrange(OTHERS):06}"
        yield _completed(user, f"{number:08}", _NOW + timedelta(seconds=number), number)


def _mixed(others: Sequence[SignalLine], every: int) -> Iterator[SignalLine]:
    """Put a signal from before all rows of the active user behind each so many of the others."""
    left = iter(others)
    late = _line_up(_NOW - timedelta(days=9), len(others) // every, "l")
    while some := list(islice(left, every)):
        yield from chain(some, islice(late, 1))


def _completed(user_id: str, event_id: str, at: datetime, number: int) -> SignalLine:
    data = {
        "event_id": event_id,
        "user_id": user_id,
        "occurred_at": at.isoformat(),
        "task_id": f"t{number}",
        "category": ("fix", "docs", "feat", "chore")[number % 4],
    }
    return SignalLine("signals.task.completed", json.dumps(data).encode())
