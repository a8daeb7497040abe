"""Instants, ages and the user's local clock.

An instant is microseconds since the epoch, UTC. Where Feast asks for a float it is Unix seconds,
and `round(seconds * 1e6)` gives the microseconds back exactly for every date before May 2041.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from oo_transforms.errors import InputRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from oo_transforms.arrays import Floats

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
HOURS = 24
WEEKDAYS = 7
EPOCH_WEEKDAY = 3
"""1970-01-01 was a Thursday, and Monday is 0."""


class LocalTime(NamedTuple):
    """What a user's own clock says: hour 0..23, weekday 0..6 with Monday 0."""

    hour: int
    weekday: int


def to_micros(instant: datetime) -> int:
    """Turn an aware instant into microseconds since the epoch.

    >>> to_micros(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    # Dividing by a timedelta of a microsecond gives the same, at twice the price.
    since = instant - EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND_US + since.microseconds


def from_micros(instant_us: int) -> datetime:
    """Turn microseconds since the epoch into an aware instant in UTC."""
    return EPOCH + timedelta(microseconds=instant_us)


def seconds_to_micros(seconds: float) -> int:
    """Turn Unix seconds into whole microseconds.

    >>> seconds_to_micros(1_700_000_000.123456)
    1700000000123456
    """
    return round(seconds * 1e6)


def local_time(instant_us: int, utc_offset_minutes: int) -> LocalTime:
    """Read the user's own clock at an instant.

    >>> local_time(0, 0)  # a Thursday, midnight
    LocalTime(hour=0, weekday=3)
    >>> local_time(0, -60)
    LocalTime(hour=23, weekday=2)
    """
    hours = (instant_us + utc_offset_minutes * MINUTE_US) // HOUR_US
    return LocalTime(hours % HOURS, (hours // HOURS + EPOCH_WEEKDAY) % WEEKDAYS)


def local_times(
    instants_us: Sequence[int], utc_offsets_minutes: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Read users' own clocks at many instants: hours and weekdays, each as `local_time` says.

    >>> local_times([0, 0], [0, -60])
    ([0, 23], [3, 2])
    """
    local_us = np.array(instants_us, dtype=np.int64)
    local_us += np.array(utc_offsets_minutes, dtype=np.int64) * MINUTE_US
    hours = local_us // HOUR_US
    weekdays = (hours // HOURS + EPOCH_WEEKDAY) % WEEKDAYS
    return (hours % HOURS).tolist(), weekdays.tolist()


def with_clock(
    entities: pd.DataFrame,
    utc_offset_minutes: pd.Series[int] | int = 0,
    *,
    event_timestamp: str = "event_timestamp",
) -> pd.DataFrame:
    """Give entity rows the request data `now` and `utc_offset_minutes`, for a training set.

    Only what is missing is filled: a column that the frame lacks, or a cell that is null. The
    frame that was passed stays as it is.

    Args:
        entities: One row a prediction, with its event time. Its index may be anything.
        utc_offset_minutes: The users' offsets, one for all or one a row, in the order of the
            rows; null: 0.
        event_timestamp: The column of event times; naive ones are read as UTC.

    Returns:
        A copy with `now` (Unix seconds) and `utc_offset_minutes`.

    Raises:
        KeyError: The frame has no such column of event times.
        InputRefused: The frame's `now` holds datetimes, not Unix seconds.
    """
    import pandas as pd  # noqa: PLC0415 - serving imports this module and has no frames

    if event_timestamp not in entities.columns:
        raise KeyError(
            f"with_clock needs a column {event_timestamp!r}; the frame has "
            f"{list(entities.columns)}: name the column of event times with event_timestamp="
        )
    if "now" in entities and pd.api.types.is_datetime64_any_dtype(entities["now"]):
        allowed = "Unix seconds UTC as numbers: leave the column out to have it filled"
        raise InputRefused("now", entities["now"].dtype, allowed)
    filled = entities.copy()
    # Nanoseconds have more digits than a float; microseconds are what every age is counted in.
    instants = pd.to_datetime(filled[event_timestamp], utc=True).dt.as_unit("us")
    now = (instants - pd.Timestamp(EPOCH)) / pd.Timedelta(seconds=1).as_unit("us")
    offsets = np.broadcast_to(_numbers(pd.Series(utc_offset_minutes)), len(filled))
    filled["now"] = _fill(filled.get("now"), _numbers(now))
    offset = _fill(filled.get("utc_offset_minutes"), offsets)
    filled["utc_offset_minutes"] = np.nan_to_num(offset).astype(np.int64)
    return filled


def _fill(column: pd.Series[float] | None, defaults: Floats) -> Floats:
    if column is None:
        return defaults
    values = _numbers(column)
    return np.where(np.isnan(values), defaults, values)


def _numbers(column: pd.Series[Any]) -> Floats:
    return column.to_numpy(dtype=float, na_value=np.nan)
