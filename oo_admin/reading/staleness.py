"""How stale a state is: what a report says, with a warning before it expires."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from oo_profile.reports.profile_report import Freshness

if TYPE_CHECKING:
    from oo_profile.reports.profile_report import StateAge


class Staleness(StrEnum):
    """Four answers about a state; a stale one still counts, an expired one does not."""

    FRESH = "fresh"
    STALE = "stale"
    EXPIRED = "expired"
    NEVER = "never seen"


def staleness(state: StateAge, now_us: int) -> Staleness:
    """Tell how stale a state is: stale when more than half of its TTL is over."""
    if state.freshness is not Freshness.FRESH:
        return Staleness(state.freshness.value)
    seen, expires = state.event_time_us, state.expires_us
    if seen is None or expires is None or 2 * (now_us - seen) <= expires - seen:
        return Staleness.FRESH
    return Staleness.STALE
