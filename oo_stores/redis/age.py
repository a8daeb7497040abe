"""How old a stored value may be, and which clock says so.

A value is valid while its age is at most its view's TTL, to the microsecond; a TTL of zero never
ends. The clock is the wall's, or a column of the request that the config names: Unix seconds, a
clock for every row. A request without that column, and a row without a value in it, go by the wall.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import timedelta
from numbers import Real
from typing import TYPE_CHECKING, TypeAlias

from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]  # no stubs

from oo_stores.errors import RequestDataError
from oo_stores.redis.decoding import micros_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

WallClock: TypeAlias = Callable[[], int]
"""Returns microseconds since the epoch, UTC."""

Instants: TypeAlias = "int | list[int]"
"""Microseconds since the epoch: one instant for all rows, or one a row."""

_MICROSECOND = timedelta(microseconds=1)
_NANOSECONDS = 1_000
_MICROSECONDS = 1_000_000
_USUAL_SIZE = 6
_USUAL_BITS, _USUAL = 0x80_80_80_80_80_FF, 0x00_80_80_80_80_08
"""A `Timestamp` that begins with seconds of five digits of 7 bits: 1978 to 3058."""


def wall_clock_us() -> int:
    """Read the real clock, microseconds since the epoch."""
    return time.time_ns() // _NANOSECONDS


def ttl_us(ttl: timedelta | None) -> int:
    """Return a TTL in microseconds; 0 for one that never ends.

    >>> ttl_us(timedelta(seconds=1)), ttl_us(timedelta(0)), ttl_us(None)
    (1000000, 0, 0)
    """
    return 0 if ttl is None else ttl // _MICROSECOND


def live_rows(event_times: Iterable[bytes | None], since_us: int) -> list[bool]:
    r"""Tell which rows are not older than an instant; one that is not there never is.

    Args:
        event_times: As they are stored, serialized `Timestamp` messages.
        since_us: The earliest instant that is live, microseconds since the epoch.

    >>> live_rows([b"\x08\x01", b"\x08\x02\x10\xe8\x07", None], 2_000_001)
    [False, True, False]
    """
    # Usual seconds sort as they are stored, so those that differ need no more than a look.
    bar = _head(Timestamp(seconds=since_us // _MICROSECONDS).SerializeToString())
    is_usual = bar & _USUAL_BITS == _USUAL
    live = []
    for event_time in event_times:
        if event_time is None:
            live.append(False)
            continue
        head = _head(event_time)
        if is_usual and head != bar and head & _USUAL_BITS == _USUAL:
            live.append(head > bar)
        else:
            live.append(micros_of(event_time) >= since_us)
    return live


def _head(event_time: bytes) -> int:
    return int.from_bytes(event_time[:_USUAL_SIZE], "little")


def request_clock(
    columns: Mapping[str, Sequence[object]], column: str | None, wall: WallClock
) -> Instants:
    """Return the instants that ages are counted to.

    Args:
        columns: The request's columns.
        column: The one that holds a clock, Unix seconds; None: the wall clock.
        wall: Read at most once, so that one request has one clock.

    Raises:
        RequestDataError: A value of the column is no number.
    """
    values = columns.get(column) if column is not None else None
    if not values:
        return wall()
    first = values[0]
    if values.count(first) == len(values):
        seconds = _seconds(column, first)
        return wall() if seconds is None else round(seconds * 1e6)
    rows = [_seconds(column, value) for value in values]
    default = wall() if None in rows else 0
    return [default if seconds is None else round(seconds * 1e6) for seconds in rows]


def _seconds(column: str | None, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, Real) and not math.isinf(value):
        return None if math.isnan(value) else float(value)
    raise RequestDataError(
        str(column),
        value,
        "Unix seconds UTC as a number, since ttl_clock names this column; "
        "datetime.timestamp() gives them",
    )
