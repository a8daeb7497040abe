"""How long it takes from an event to its state in Redis, at a steady rate."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from online_timing import at_most, show

from oo_profile.building.observer import BatchReport, BuilderObserver
from oo_profile.building.service import run_builder
from oo_profile.garbage import collecting_rarely
from oo_transforms.clock import to_micros
from oo_transforms.signals import redecode

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from feast import FeatureStore

    from oo_profile.demo.stage import Stage

RATE = 1000
P99_MILLISECONDS = 25
WARM_UP_SECONDS = 2
PATIENCE_SECONDS = 30
"""How long those that are late are waited for."""

SUBJECT = "signals.app.session"
SOURCE = Path(__file__).with_name("signal_source.py")


class Timed(NamedTuple):
    """When a signal happened, when the stream had taken it, and when its state was in Redis."""

    event_us: int
    received_us: int
    online_us: int


class _Watch(BuilderObserver):
    """Takes down the times of each signal."""

    def __init__(self) -> None:
        self.served: list[Timed] = []

    def on_batch(self, report: BatchReport) -> None:
        if report.online_us is not None:
            self.served += [
                Timed(
                    to_micros(redecode(message.subject, message.payload).occurred_at),
                    message.received_us,
                    report.online_us,
                )
                for message in report.messages
                if message.subject == SUBJECT
            ]


def measure(on: Stage, store: FeatureStore, seconds: int, users: int) -> None:
    """Have a process of its own publish at a steady rate, and time each signal.

    Args:
        on: Where.
        store: Feast.
        seconds: How long, a warm-up included.
        users: Whose signals.
    """
    signals = _timed(on, store, seconds, users, None)
    print(f"event to online at {RATE:,} signals/s of {users:,} users, {len(signals):,} signals:")
    whole = _cuts([signal.online_us - signal.event_us for signal in signals])
    print(f"  {'p50, ms':50} {whole[49]:8.2f}")
    show("p99, ms", whole[98], at_most(P99_MILLISECONDS))
    # The stream syncs each of them to the same disk, which is most of it where disks are slow.
    to_stream = _cuts([signal.received_us - signal.event_us for signal in signals])
    print(f"  {'p99 from event to stream, ms':50} {to_stream[98]:8.2f}")
    in_builder = _cuts([signal.online_us - signal.received_us for signal in signals])
    print(f"  {'p99 from stream to online, ms':50} {in_builder[98]:8.2f}")


def _cuts(micros: Sequence[int]) -> list[float]:
    return [cut / 1000 for cut in statistics.quantiles(micros, n=100)]


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
    signals = _timed(on, store, seconds, users, beside)
    return sorted((signal.online_us - signal.event_us) / 1000 for signal in signals)


def _timed(
    on: Stage,
    store: FeatureStore,
    seconds: int,
    users: int,
    beside: Callable[[], Coroutine[None, None, None]] | None,
) -> list[Timed]:
    watch = _Watch()
    asyncio.run(_run(on, store, watch, seconds, users, beside))
    begin_us = min(signal.event_us for signal in watch.served) + WARM_UP_SECONDS * 1_000_000
    return [signal for signal in watch.served if signal.event_us >= begin_us]


async def _run(  # noqa: PLR0913, PLR0917 - what `latencies` takes
    on: Stage,
    store: FeatureStore,
    watch: _Watch,
    seconds: int,
    users: int,
    beside: Callable[[], Coroutine[None, None, None]] | None,
) -> None:
    stop = asyncio.Event()
    with collecting_rarely():
        building = asyncio.create_task(run_builder(on.settings, store, stop, observer=watch))
        order = msgspec.json.encode(
            {"nats": on.settings.nats, "rate": RATE, "seconds": seconds, "users": users}
        )
        source = await asyncio.create_subprocess_exec(sys.executable, str(SOURCE), order.decode())
        if beside is not None:
            await beside()
        await source.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while len(watch.served) < RATE * seconds:  # noqa: ASYNC110 - a benchmark may look
                    await asyncio.sleep(0.1)
        stop.set()
        await building
