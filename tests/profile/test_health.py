"""A builder is alive while its loop turns, and ready while signals are stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from oo_profile.insight.health import LOOP_SECONDS, TURN_SECONDS, alive, ready
from oo_profile.insight.status import Status

if TYPE_CHECKING:
    from oo_profile.building.observer import Part


@dataclass
class Clock:
    """A clock that is cranked by hand."""

    now: float = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Give a clock."""
    return Clock()


@pytest.fixture
def status(clock: Clock) -> Status:
    """Give the status of a builder that runs well."""
    return Status(clock, looped_at=clock.now, turned_at=clock.now)


def reasons(status: Status) -> dict[str, str]:
    """Return what is wrong, by check."""
    return {name: check.reason for name, check in ready(status).checks.items() if not check.ok}


def test_all_is_well(status: Status) -> None:
    """Nothing is wrong with a builder that runs well."""
    assert (alive(status).ok, ready(status).ok, reasons(status)) == (True, True, {})


def test_a_loop_that_hangs_is_not_alive(status: Status, clock: Clock) -> None:
    """Half a minute without a turn of the event loop is too long; so neither is it ready."""
    clock.now += LOOP_SECONDS
    assert alive(status).ok
    clock.now += 1
    assert not alive(status).ok
    assert reasons(status) == {"loop": "the event loop has not turned for 31 seconds"}


def test_a_builder_that_is_stuck_is_alive_and_not_ready(status: Status, clock: Clock) -> None:
    """Its loop turns, but for a minute it has not looked for messages."""
    clock.now += TURN_SECONDS + 1
    status.looped_at = clock.now
    assert (alive(status).ok, ready(status).ok) == (True, False)
    assert reasons(status) == {"builder": "it has not looked for messages for 61 seconds"}


@pytest.mark.parametrize("part", ["nats", "sqlite"])
def test_without_nats_or_sqlite_it_is_not_ready(status: Status, clock: Clock, part: Part) -> None:
    """The reason is named, with how long it has lasted since the first failure."""
    status.begin_waiting(part, "once")
    clock.now += 20
    status.begin_waiting(part, "gone")
    status.looped_at = clock.now
    assert not ready(status).ok
    assert reasons(status) == {part: "gone (for 20 seconds)"}
    assert status.waited_seconds(part) == 20
    status.end_waiting(part)
    assert (ready(status).ok, status.waited_seconds(part)) == (True, 0)


def test_without_redis_it_is_ready_and_says_so(status: Status) -> None:
    """Signals are stored and acknowledged, and Redis catches up."""
    status.begin_waiting("redis", "gone", "watch")
    assert ready(status).ok
    assert reasons(status) == {"redis": "gone (for 0 seconds)"}


def test_who_finds_redis_there_does_not_end_the_builders_wait(status: Status) -> None:
    """A Redis that answers but refuses writes is one that the builder still waits for."""
    status.begin_waiting("redis", "maxmemory")
    status.begin_waiting("redis", "gone", "watch")
    status.end_waiting("redis", "watch")
    assert reasons(status) == {"redis": "maxmemory (for 0 seconds)"}


def test_a_database_that_cannot_be_written_is_named(status: Status) -> None:
    """Also when nothing is to be written at the moment."""
    status.database_refusal = "attempt to write a readonly database"
    assert not ready(status).ok
    assert reasons(status) == {"sqlite": "attempt to write a readonly database"}


def test_an_outage_is_no_hang(status: Status, clock: Clock) -> None:
    """While the builder waits for a part, that alone is what is wrong."""
    status.begin_waiting("sqlite", "database or disk is full")
    clock.now += TURN_SECONDS + 1
    status.looped_at = clock.now
    assert list(reasons(status)) == ["sqlite"]
