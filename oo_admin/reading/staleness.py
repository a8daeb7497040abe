"""How stale a state is: what a report says, with a warning before it expires."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from oo_profile.reports.profile_report import Freshness
from oo_transforms.clock import MICROSECOND
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    from oo_profile.reports.profile_report import StateAge

_FRESH_WITHIN_US: Final = {
    view.name: view.expects.fresh_within // MICROSECOND
    for view in STATE_VIEWS
    if view.expects is not None
}


class Staleness(StrEnum):
    """Four answers about a state; a stale one still counts, an expired one does not."""

    FRESH = "fresh"
    STALE = "stale"
    EXPIRED = "expired"
    NEVER = "never seen"


def staleness(state: StateAge, now_us: int) -> Staleness:
    """Tell how stale a state is: stale when older than its source is expected to keep it.

    A view of which nothing is expected is fresh until it expires.
    """
    if state.freshness is not Freshness.FRESH:
        return Staleness(state.freshness.value)
    within_us, seen = _FRESH_WITHIN_US.get(state.view), state.event_time_us
    if within_us is None or seen is None or now_us - seen <= within_us:
        return Staleness.FRESH
    return Staleness.STALE
