"""Telling nobody of an alert for some time, with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from oo_admin.errors import InputRefused
from oo_admin.quality.alerts import Mute

if TYPE_CHECKING:
    from oo_admin.quality.store import QualityStore

HOUR_US: Final = 3_600_000_000
LONGEST_HOURS: Final = 24 * 31
LONGEST_REASON: Final = 500


def mute_alert(  # noqa: PLR0913, PLR0917 - what, how long, why, who, when
    store: QualityStore, key: str, hours: float, reason: str, by: str, now_us: int
) -> Mute:
    """Tell nobody of an alert from now on; a second mute takes the place of the first.

    It may be an alert that there is not at the moment. What it found is still shown.

    Args:
        store: The engine's file.
        key: The alert's.
        hours: For how long, at most 31 days; 0: people are told again.
        reason: Why.
        by: Who says so.
        now_us: The moment, microseconds.

    Raises:
        InputRefused: The time is out of its bounds, or there is no reason.
    """
    if not 0 <= hours <= LONGEST_HOURS:
        raise InputRefused(f"a mute of {hours:g} hours: give 0 to {LONGEST_HOURS}")
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise InputRefused(f"a mute needs a reason of 1 to {LONGEST_REASON} characters")
    mute = Mute(key, now_us + round(hours * HOUR_US) - (not hours), reason.strip(), by)
    store.set_mute(mute)
    return mute
