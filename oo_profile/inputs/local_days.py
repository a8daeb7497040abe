"""The local days of a simulated stretch of time, laid out once for all people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, get_args

import numpy as np

from oo_profile.inputs.zones import DAYLIGHT_MINUTES, ZONES, DaylightSaving, MonthDay, is_daylight

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class LocalDays:
    """Every local day that touches [start, end), in any zone.

    Attributes:
        start_ms: Start of the stretch in milliseconds since the epoch, inclusive.
        end_ms: Its end, exclusive.
        first: The first local day.
        weekdays: Of each day, 0 is Monday.
        days_of_year: Of each day, from 1.
        daylight_minutes: Of each day, how far a clock under each rule is ahead.
        is_holiday: Of each day, under each set of holidays in `ZONES`.
    """

    start_ms: int
    end_ms: int
    first: date
    weekdays: NDArray[np.int64]
    days_of_year: NDArray[np.int64]
    daylight_minutes: dict[DaylightSaving, NDArray[np.int64]]
    is_holiday: dict[tuple[MonthDay, ...], NDArray[np.bool_]]

    @property
    def first_midnight_ms(self) -> int:
        """The start of the first day, read as if it were UTC."""
        return (self.first - date(1970, 1, 1)).days * DAY_MS

    def __len__(self) -> int:
        """Count the days."""
        return len(self.weekdays)


def local_days(start: datetime, end: datetime) -> LocalDays:
    """Lay out the local days of [start, end).

    Args:
        start: Aware, inclusive.
        end: Aware, exclusive, after `start`.
    """
    # One day more at both ends: a local clock is at most 14 hours from UTC.
    first = start.astimezone(UTC).date() - timedelta(days=1)
    last = end.astimezone(UTC).date() + timedelta(days=1)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    rules: tuple[DaylightSaving, ...] = get_args(DaylightSaving)
    return LocalDays(
        start_ms=_millis(start),
        end_ms=_millis(end),
        first=first,
        weekdays=np.array([day.weekday() for day in days]),
        days_of_year=np.array([day.timetuple().tm_yday for day in days]),
        daylight_minutes={
            rule: np.array([DAYLIGHT_MINUTES * is_daylight(day, rule) for day in days])
            for rule in rules
        },
        is_holiday={
            zone.holidays: np.array([(day.month, day.day) in zone.holidays for day in days])
            for zone in ZONES
        },
    )


def _millis(instant: datetime) -> int:
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
