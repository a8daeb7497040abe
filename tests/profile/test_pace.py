"""Work that batches need not wait for keeps to its share of the time."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from oo_profile.building.pace import Pace

SHARE, QUIET_SECONDS = 0.05, 0.5


@dataclass
class Clock:
    """A clock that moves when it is told to."""

    now: float = 1000.0

    def __call__(self) -> float:
        """Tell the seconds."""
        return self.now


def worked(clock: Clock, piece_seconds: float, batch_seconds: float | None) -> float:
    """Return the share of a minute that pieces get between batches, or while nothing comes."""
    pace = Pace(SHARE, QUIET_SECONDS, clock)
    began, worked_seconds = clock.now, 0.0
    while clock.now < began + 60:
        clock.now += pace.wait_seconds() if batch_seconds is None else batch_seconds
        if pace.is_due(messages_came=batch_seconds is not None):
            clock.now += piece_seconds
            worked_seconds += piece_seconds
            pace.spend(piece_seconds, busy=True)
    return worked_seconds / (clock.now - began)


@pytest.mark.parametrize("batch_seconds", [0.001, 0.02, 0.4])
def test_it_keeps_to_its_share_while_messages_come(batch_seconds: float) -> None:
    """Whether batches are short or long, pieces take no more than their share of the time."""
    assert 0 < worked(Clock(), 0.008, batch_seconds) <= SHARE * 1.01


def test_it_has_all_the_time_while_nothing_comes() -> None:
    """After half a second without messages pieces follow each other at once."""
    assert worked(Clock(), 0.008, None) == pytest.approx(1.0, abs=0.01)


def test_long_idleness_earns_no_credit() -> None:
    """After an hour without work the first piece is followed by a rest as any other is."""
    clock = Clock()
    pace = Pace(SHARE, QUIET_SECONDS, clock)
    clock.now += 3600
    assert pace.is_due(messages_came=True)
    pace.spend(0.01, busy=True)
    assert pace.wait_seconds() == pytest.approx(0.19)


def test_without_work_it_is_looked_for_now_and_then() -> None:
    """When there was nothing to do, the next look is as far away as quiet is, messages or not."""
    clock = Clock()
    pace = Pace(SHARE, QUIET_SECONDS, clock)
    clock.now += 3600
    pace.spend(0.00001, busy=False)
    assert pace.wait_seconds() == pytest.approx(QUIET_SECONDS)
