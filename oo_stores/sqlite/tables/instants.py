"""Instants as the integers that tables hold.

A naive instant is UTC, as everywhere in Feast. Feast's own SQLite online store registers datetime
adapters for every connection of the process that drop fractions of a second, so no datetime is ever
bound to a statement.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy as np

    Numbers: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]

PER_SECOND: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
"""How many units of a timestamp type make a second."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The instant from which all others are counted."""

_MOST: Final = 2**63 - 1


def microseconds(value: timedelta) -> int:
    """Return a duration in whole microseconds, exactly."""
    return (value.days * 86_400 + value.seconds) * 10**6 + value.microseconds


def at_most(instant: datetime, unit: str) -> int:
    """Return the last whole unit at or before an instant (naive: UTC)."""
    return _since_epoch(instant) * PER_SECOND[unit] // PER_SECOND["us"]


def at_least(instant: datetime, unit: str) -> int:
    """Return the first whole unit at or after an instant (naive: UTC)."""
    return -(-_since_epoch(instant) * PER_SECOND[unit] // PER_SECOND["us"])


def _since_epoch(instant: datetime) -> int:
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return microseconds(aware - EPOCH)


def bounds(
    times: pa.Array, ttl: timedelta | None, unit: str
) -> tuple[list[int | None], list[int | None]]:
    """Return, for each entity time, the first and the last instant that a value may have.

    Both ends are inclusive: a value counts from `time - ttl` to `time`. Where the table's unit is
    coarser than the entity's, the range is rounded inwards, so that nothing counts too early.

    Args:
        times: The entity rows' times, timestamps in any unit.
        ttl: How long a value counts; None or zero: for ever.
        unit: The unit of the table's instants.

    Returns:
        Lower and upper ends in the table's unit. None: no lower end, or no entity time.
    """
    have, want = PER_SECOND[times.type.unit], PER_SECOND[unit]
    numbers = times.cast(pa.int64())
    span, rest = divmod(microseconds(ttl or timedelta(0)) * have, PER_SECOND["us"])
    if rest or not _fits(numbers, span, want // have):
        return _exact_bounds(numbers.to_pylist(), ttl, have, want)
    values = numbers.fill_null(0).to_numpy()
    upper = _listed(_rounded_down(values, have, want), numbers)
    if not ttl:
        return [None] * len(upper), upper
    return _listed(-_rounded_down(span - values, have, want), numbers), upper


def _fits(numbers: pa.Array, span: int, factor: int) -> bool:
    """Tell whether no number on the way leaves the integers of 64 bits."""
    ends = pc.min_max(numbers).as_py()
    furthest = max(abs(ends["min"] or 0), abs(ends["max"] or 0)) + span
    return bool(furthest * max(factor, 1) <= _MOST)


def _rounded_down(values: Numbers, have: int, want: int) -> Numbers:
    return values * (want // have) if want >= have else values // (have // want)


def _listed(values: Numbers, numbers: pa.Array) -> list[int | None]:
    listed = values.tolist()
    if not numbers.null_count:
        return [*listed]
    return [None if no else n for n, no in zip(listed, numbers.is_null().to_pylist(), strict=True)]


def _exact_bounds(
    numbers: list[int | None], ttl: timedelta | None, have: int, want: int
) -> tuple[list[int | None], list[int | None]]:
    """Return what `bounds` returns, by integers of any size."""
    upper = [None if n is None else _storable(n * want // have) for n in numbers]
    if not ttl:
        return [None] * len(numbers), upper
    micros = PER_SECOND["us"]
    span = microseconds(ttl) * have
    lower = [
        None if n is None else _storable(-((span - n * micros) * want // (have * micros)))
        for n in numbers
    ]
    return lower, upper


def _storable(number: int) -> int:
    """Return the nearest integer that a cell can hold; nothing lies beyond it."""
    return max(-_MOST, min(number, _MOST))
