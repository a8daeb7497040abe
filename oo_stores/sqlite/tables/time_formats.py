"""How tables that others made hold instants: stated in one word, or told from all values.

| word        | stored as                                   | comes as      |
|-------------|---------------------------------------------|---------------|
| `unix_s`    | INTEGER seconds since 1970                  | timestamp[s]  |
| `unix_ms`   | INTEGER milliseconds                        | timestamp[ms] |
| `unix_us`   | INTEGER microseconds                        | timestamp[us] |
| `unix_ns`   | INTEGER nanoseconds                         | timestamp[ns] |
| `unix_real` | REAL seconds, to the nearest microsecond    | timestamp[us] |
| `iso8601`   | TEXT, with or without an offset (then UTC)  | timestamp[us] |

ISO 8601 text is `2024-01-10`, or that with a time behind a blank or a `T`: `12:00`, `12:00:00` or
`12:00:00.123456`, then nothing, `Z`, `+02:00`, `+0200` or `+02`.

Without a word, integers are told apart by their size: the whole column lies between 1990 and 2100
in exactly one unit, since these ranges do not meet. So do REAL seconds. Anything else is refused.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from oo_stores.sqlite.tables.instants import EPOCH, PER_SECOND, microseconds
from oo_stores.sqlite.types import TIMESTAMP_MS, TIMESTAMP_NS, TIMESTAMP_S, TIMESTAMP_US

if TYPE_CHECKING:
    from collections.abc import Callable

    from oo_stores.sqlite.tables.column_values import Values

UNIX_REAL: Final = "unix_real"
ISO8601: Final = "iso8601"
INTEGER_FORMATS: Final = {
    "unix_s": TIMESTAMP_S,
    "unix_ms": TIMESTAMP_MS,
    "unix_us": TIMESTAMP_US,
    "unix_ns": TIMESTAMP_NS,
}
"""The declared type that says the same of a column of integers."""

TIME_FORMATS: Final = (*INTEGER_FORMATS, UNIX_REAL, ISO8601)
"""The words that state how a column holds instants."""

_PLAUSIBLE: Final = (
    int(datetime(1990, 1, 1, tzinfo=UTC).timestamp()),
    int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()),
)
_BEYOND: Final = 2**63
_ISO: Final = re.compile(
    r"\d{4}-\d\d-\d\d"
    r"(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6}0*)?)?(?:[Zz]|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)

Cell: TypeAlias = int | float | str | bytes | None
"""What a cell of a table holds."""


def iso_microseconds(value: Cell) -> int | None:
    """Return the instant that ISO 8601 text names, in microseconds since 1970; None for None.

    Raises:
        ValueError: It is no such text, or finer than microseconds.

    >>> iso_microseconds("1970-01-01T02:00:00.000001+02:00"), iso_microseconds("1970-01-02")
    (1, 86400000000)
    """
    if value is None:
        return None
    if not isinstance(value, str) or _ISO.fullmatch(value) is None:
        raise ValueError("it is no ISO 8601 text such as 2024-01-10T12:00:00.123456Z")
    instant = datetime.fromisoformat(value)
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return microseconds(aware - EPOCH)


def real_microseconds(value: Cell) -> int | None:
    """Return seconds since 1970 as the nearest whole microseconds; None for None.

    A double of this century's seconds is exact to a quarter of a microsecond, so microseconds that
    were written as seconds come back as they were.

    Raises:
        ValueError: It is no finite number.

    >>> real_microseconds(1704888000.000001)
    1704888000000001
    """
    if value is None:
        return None
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("it is no number of seconds")
    return round(value * 1e6) if isinstance(value, float) else value * 10**6


def whole_number(value: Cell) -> int | None:
    """Return a whole number that a column of another kind holds; None for None.

    Raises:
        ValueError: It is no whole number.

    >>> whole_number("1704888000"), whole_number(1704888000.0)
    (1704888000, 1704888000)
    """
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d+", value, re.ASCII):
        return int(value)
    raise ValueError("it is no whole number")


def reading(word: str) -> tuple[str, Callable[[Cell], int | None]]:
    """Return a format's type after normalising, and the function that normalises a value.

    The function raises ValueError for a value that is not of the format, or too far from 1970.
    """
    if word in INTEGER_FORMATS:
        return INTEGER_FORMATS[word], _storable(whole_number)
    number = real_microseconds if word == UNIX_REAL else iso_microseconds
    return TIMESTAMP_US, _storable(number)


def _storable(number: Callable[[Cell], int | None]) -> Callable[[Cell], int | None]:
    def stored(value: Cell) -> int | None:
        found = number(value)
        if found is not None and not -_BEYOND <= found < _BEYOND:
            raise ValueError("it is beyond what an integer of 64 bits counts")
        return found

    return stored


def format_of(values: Values) -> str | None:
    """Return the only format that values can be of, None if there is none.

    Of text only the kind is looked at: whether it is ISO 8601 shows when it is read.
    """
    if values.texts == values.count:
        return ISO8601
    if values.numbers is None or values.texts or values.blobs:
        return None
    if values.reals:
        return UNIX_REAL if _is_plausible(values.numbers, 1) else None
    fitting = (w for w in INTEGER_FORMATS if _is_plausible(values.numbers, _per_second(w)))
    return next(fitting, None)


def _per_second(word: str) -> int:
    return PER_SECOND[word.removeprefix("unix_")]


def _is_plausible(ends: tuple[int | float, int | float], per_second: int) -> bool:
    low, high = _PLAUSIBLE
    return low * per_second <= ends[0] and ends[1] < high * per_second


def described(number: float, word: str) -> str:
    """Return the instant that a number stands for in a format, to the second, for messages."""
    per_second = 1 if word == UNIX_REAL else _per_second(word)
    return (EPOCH + timedelta(seconds=int(number // per_second))).isoformat(sep=" ")
