"""A builder that is told to stop finishes the batch at hand and leaves the rest to the next."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING

import pytest
from support.building import (
    PATIENT,
    Backlog,
    backlog,
    build_until,
    minutes_ago,
    number_of,
    publish_signals,
    served_states,
    stored_states,
)
from support.world import SignalData, signal

from oo_profile.building.service import run_builder
from oo_profile.transport.stream import ACK_WAIT

if TYPE_CHECKING:
    from support.world import World

    from oo_profile.building.builder import Totals

pytestmark = pytest.mark.live

ALL = 100


def moods() -> list[SignalData]:
    """Make signals of a few users."""
    return [
        signal("mood.logged", f"u{number % 7}", minutes_ago(1), f"e{number}", score=3)
        for number in range(ALL)
    ]


def build_one_batch(world: World, size: int) -> Totals:
    """Run a builder that is told to stop when its first batch is acknowledged."""

    async def run() -> Totals:
        stop = asyncio.Event()
        return await run_builder(
            world.settings, world.store, stop, max_batch=size, on_batch=lambda _: stop.set()
        )

    return asyncio.run(run())


def test_the_batch_at_hand_is_acknowledged_and_no_other(world: World) -> None:
    """After the stop, what was counted is stored and served, and the stream has the rest."""
    publish_signals(world, moods())
    totals = build_one_batch(world, 10)
    assert 0 < totals.handled <= 10
    assert number_of(world, "signals") == totals.handled
    assert served_states(world) == stored_states(world)
    left = backlog(world)
    assert left is not None
    assert left.waiting + left.unacknowledged == ALL - totals.handled


def test_the_next_builder_goes_on_at_once(world: World) -> None:
    """What was fetched and not handled is handed back, not waited for until it counts as lost."""
    publish_signals(world, moods())
    first = build_one_batch(world, 10)
    second = build_until(
        world,
        lambda: backlog(world) == Backlog(0, 0),
        deadline_seconds=ACK_WAIT.total_seconds() / 2,
    )
    assert (second.stored.total(), second.duplicates) == (ALL - first.handled, 0)
    assert number_of(world, "signals") == ALL


def test_a_builder_without_work_stops_at_once(world: World) -> None:
    """Nothing was published: it ends when told to, with nothing done."""
    totals = build_until(world, lambda: backlog(world) == Backlog(0, 0))
    assert (totals.handled, totals.batches) == (0, 0)


def test_a_cancelled_builder_leaves_nothing_open(world: World) -> None:
    """Its thread has ended, its transaction is whole, and the next builder finds all it needs."""

    async def cancel_in_the_middle() -> None:
        first_batch = asyncio.Event()
        building = asyncio.create_task(
            run_builder(
                world.settings,
                world.store,
                asyncio.Event(),
                config=PATIENT,
                max_batch=7,
                on_batch=lambda _: first_batch.set(),
            )
        )
        await first_batch.wait()
        building.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await building

    publish_signals(world, moods())
    asyncio.run(cancel_in_the_middle())
    assert [thread for thread in threading.enumerate() if thread.name.startswith("builder")] == []
    deliver = build_until(world, lambda: number_of(world, "signals") == ALL)
    assert deliver.rejected.total() == 0
    assert served_states(world) == stored_states(world)
