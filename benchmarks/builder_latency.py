"""How long it takes from an event to its state in Redis, at a steady rate."""

from __future__ import annotations

import asyncio
import gc
import statistics
import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from online_timing import at_most, show

from oo_profile.building.observer import BatchReport, BuilderObserver
from oo_profile.building.service import run_builder
from oo_transforms.clock import to_micros
from oo_transforms.signals import redecode

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from feast import FeatureStore

    from oo_profile.demo.stage import Stage

RATE = 1000
P99_MILLISECONDS = 25
WARM_UP_SECONDS = 2
SUBJECT = "signals.app.session"
SOURCE = Path(__file__).with_name("signal_source.py")


class _Watch(BuilderObserver):
    """Takes down when the events of each batch happened, and when they were served."""

    def __init__(self) -> None:
        self.served: list[tuple[list[int], int]] = []

    def on_batch(self, report: BatchReport) -> None:
        if report.online_us is not None:
            events = [
                to_micros(redecode(message.subject, message.payload).occurred_at)
                for message in report.messages
                if message.subject == SUBJECT
            ]
            if events:
                self.served.append((events, report.online_us))


def measure(on: Stage, store: FeatureStore, seconds: int, users: int) -> None:
    """Have a process of its own publish at a steady rate, and time each signal.

    Args:
        on: Where.
        store: Feast.
        seconds: How long, a warm-up included.
        users: Whose signals.
    """
    late = latencies(on, store, seconds, users)
    cuts = statistics.quantiles(late, n=100)
    print(f"event to online at {RATE:,} signals/s of {users:,} users, {len(late):,} signals:")
    print(f"  {'p50, ms':50} {cuts[49]:8.2f}")
    show("p99, ms", cuts[98], at_most(P99_MILLISECONDS))


def latencies(
    on: Stage,
    store: FeatureStore,
    seconds: int,
    users: int,
    beside: Callable[[], Coroutine[None, None, None]] | None = None,
) -> list[float]:
    """Return how long each signal of a steady rate took, milliseconds, in rising order.

    Args:
        on: Where.
        store: Feast.
        seconds: How long, a warm-up included.
        users: Whose signals.
        beside: Publishes other subjects meanwhile, which are not timed.
    """
    watch = _Watch()
    asyncio.run(_run(on, store, watch, seconds, users, beside))
    begin_us = min(min(events) for events, _ in watch.served) + WARM_UP_SECONDS * 1_000_000
    return sorted(
        chain.from_iterable(
            [(online_us - at) / 1000 for at in events if at >= begin_us]
            for events, online_us in watch.served
        )
    )


async def _run(  # noqa: PLR0913, PLR0917 - what `latencies` takes
    on: Stage,
    store: FeatureStore,
    watch: BuilderObserver,
    seconds: int,
    users: int,
    beside: Callable[[], Coroutine[None, None, None]] | None,
) -> None:
    stop = asyncio.Event()
    gc.collect()
    gc.freeze()
    building = asyncio.create_task(run_builder(on.settings, store, stop, observer=watch))
    order = msgspec.json.encode(
        {"nats": on.settings.nats, "rate": RATE, "seconds": seconds, "users": users}
    )
    source = await asyncio.create_subprocess_exec(sys.executable, str(SOURCE), order.decode())
    if beside is not None:
        await beside()
    await source.wait()
    await asyncio.sleep(1)
    stop.set()
    await building
