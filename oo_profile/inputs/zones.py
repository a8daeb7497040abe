"""Where simulated people live: UTC offsets, daylight saving time, public holidays.

These are made-up zones with fixed rules, so that a simulation does not change with the time
zone database of the machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, TypeAlias

DaylightSaving: TypeAlias = Literal["none", "north", "south"]
"""An hour ahead from the last Sunday of March to the last of October (north), from the first
Sunday of October to the first of April (south), or never; from the local midnight of that day."""

MonthDay: TypeAlias = tuple[int, int]

DAYLIGHT_MINUTES = 60
_SUNDAY = 6

_AMERICAN: tuple[MonthDay, ...] = ((1, 1), (7, 4), (11, 11), (12, 24), (12, 25))
_EUROPEAN: tuple[MonthDay, ...] = ((1, 1), (5, 1), (12, 25), (12, 26))
_INDIAN: tuple[MonthDay, ...] = ((1, 26), (8, 15), (10, 2))
_EAST_ASIAN: tuple[MonthDay, ...] = ((1, 1), (1, 2), (5, 3), (10, 1))
_AUSTRALIAN: tuple[MonthDay, ...] = ((1, 1), (1, 26), (4, 25), (12, 25), (12, 26))


@dataclass(frozen=True, slots=True)
class Zone:
    """A place with one clock and one set of holidays.

    Attributes:
        offset_minutes: East of UTC, without daylight saving time.
        daylight_saving: When the clock is an hour ahead of that.
        holidays: Public holidays as (month, day).
        share: Part of the population that lives here.
    """

    offset_minutes: int
    daylight_saving: DaylightSaving
    holidays: tuple[MonthDay, ...]
    share: float


ZONES = (
    Zone(-480, "north", _AMERICAN, 0.10),
    Zone(-360, "north", _AMERICAN, 0.07),
    Zone(-300, "north", _AMERICAN, 0.14),
    Zone(-180, "none", _AMERICAN, 0.06),
    Zone(0, "north", _EUROPEAN, 0.11),
    Zone(60, "north", _EUROPEAN, 0.24),
    Zone(120, "north", _EUROPEAN, 0.08),
    Zone(180, "none", _EUROPEAN, 0.03),
    Zone(330, "none", _INDIAN, 0.06),
    Zone(480, "none", _EAST_ASIAN, 0.04),
    Zone(540, "none", _EAST_ASIAN, 0.04),
    Zone(600, "south", _AUSTRALIAN, 0.03),
)
"""All zones; their shares add up to 1."""


def is_daylight(day: date, rule: DaylightSaving) -> bool:
    """Tell whether the clock of a zone is an hour ahead on a local day.

    >>> is_daylight(date(2026, 7, 1), "north"), is_daylight(date(2026, 7, 1), "south")
    (True, False)
    """
    if rule == "north":
        return _last_sunday(day.year, 3) <= day < _last_sunday(day.year, 10)
    if rule == "south":
        return not _first_sunday(day.year, 4) <= day < _first_sunday(day.year, 10)
    return False


def _first_sunday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=_SUNDAY - first.weekday())


def _last_sunday(year: int, month: int) -> date:
    # March and October, so the month after is one of the same year.
    last = date(year, month + 1, 1) - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - _SUNDAY) % 7)
