"""Values, instants and durations as a person reads and writes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from oo_transforms.clock import DAY_US, HOUR_US, MICROSECOND, MINUTE_US, SECOND_US, from_micros

if TYPE_CHECKING:
    from collections.abc import Callable

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
UNKNOWN = -1
"""What an index among hours or weekdays is when nothing is known."""

_YEARS = range(1970, 9999)
_STEPS = ((DAY_US, "d"), (HOUR_US, "h"), (MINUTE_US, "min"), (SECOND_US, "s"))
_FLUENT = 2
"""So many of a unit, and a duration is told in that unit."""


def parse_instant(text: str) -> datetime:
    """Read an instant in ISO 8601; without an offset it is UTC.

    >>> parse_instant("2026-03-01T12:00+01:00").isoformat()
    '2026-03-01T11:00:00+00:00'
    >>> parse_instant("2026-03-01").isoformat()
    '2026-03-01T00:00:00+00:00'

    Raises:
        ValueError: It is no such text, or of another year than 1970 to 9998.
    """
    try:
        instant = datetime.fromisoformat(text)
        if instant.year not in _YEARS:
            raise OverflowError  # noqa: TRY301 - answered below like any other text
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"{text!r} is no instant: write it like 2026-03-01T12:00+01:00, in the years "
            f"{_YEARS[0]} to {_YEARS[-1]} (without an offset it is read as UTC)"
        ) from error
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)


def instant_text(instant_us: int, utc_offset_minutes: int = 0) -> str:
    """Write an instant on a local clock, to the second.

    >>> instant_text(1_767_225_600_000_000, 60)
    '2026-01-01 01:00:00 +01:00'
    """
    zone = timezone(timedelta(minutes=utc_offset_minutes))
    local = from_micros(instant_us).astimezone(zone)
    offset = local.strftime("%z")
    return f"{local:%Y-%m-%d %H:%M:%S} {offset[:3]}:{offset[3:]}"


def duration_text(duration: timedelta) -> str:
    """Write a duration in the largest unit that fits twice, without decimals.

    >>> [duration_text(timedelta(hours=h)) for h in (0, 0.5, 24, 50, 24 * 90)]
    ['0 s', '30 min', '24 h', '2 d', '90 d']
    """
    micros = duration // MICROSECOND
    for size, unit in _STEPS:
        if micros >= _FLUENT * size or size == SECOND_US:
            return f"{micros // size} {unit}"
    raise AssertionError("the last step always answers")  # pragma: no cover


def number_text(number: float) -> str:
    """Write a number with four digits that count; whole ones without decimals.

    >>> [number_text(n) for n in (0.0, 3.0, 0.123456, 12345.678, 1e-7)]
    ['0', '3', '0.1235', '12,346', '1e-07']
    """
    if number == int(number):
        return f"{int(number):,}"
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.4g}"  # noqa: PLR2004 - digits


def counted(number: int, noun: str) -> str:
    """Return a number of things in words.

    >>> counted(1, "row"), counted(2000, "row")
    ('1 row', '2,000 rows')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def value_text(value: object, unit: str, utc_offset_minutes: int = 0) -> str:
    """Write a feature's value in words, with its unit.

    Args:
        value: The value as served.
        unit: The unit that the registry states.
        utc_offset_minutes: The local clock for values that are instants.

    >>> value_text(0.4236, "share")
    '42.4 %'
    >>> value_text('[6,2]', "days of week")
    'Sunday, Wednesday'
    >>> value_text(7, "hour of day")
    '07:00 to 08:00'
    >>> value_text(0.0, "Unix seconds")
    'never'
    >>> value_text(1.5, "sessions per week")
    '1.5 sessions per week'
    """
    if value is None:
        return "-"
    if unit == "Unix seconds" and isinstance(value, (int, float)):
        return instant_text(round(value * 1e6), utc_offset_minutes) if value else "never"
    if (words := _WORDS.get(unit)) is not None:
        return words(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{number_text(value)} {unit}"
    return str(value)


def _share(value: object) -> str:
    return f"{value:.1%}".replace("%", " %") if isinstance(value, (int, float)) else str(value)


def _yes_or_no(value: object) -> str:
    return "yes" if value else "no"


def _hour(value: object) -> str:
    if not isinstance(value, int) or value == UNKNOWN:
        return "unknown"
    return f"{value:02d}:00 to {(value + 1) % 24:02d}:00"


def _hour_begin(value: object) -> str:
    return f"{value:02d}:00"


def _weekday(value: object) -> str:
    return "unknown" if not isinstance(value, int) or value == UNKNOWN else WEEKDAYS[value]


def _list(word: Callable[[object], str]) -> Callable[[object], str]:
    def words(value: object) -> str:
        return ", ".join(word(part) for part in json.loads(str(value))) or "none yet"

    return words


_WORDS: dict[str, Callable[[object], str]] = {
    "share": _share,
    "yes or no": _yes_or_no,
    "hour of day": _hour,
    "day of week": _weekday,
    "hours of day": _list(_hour_begin),
    "days of week": _list(_weekday),
    "names": _list(str),
}
"""How the values of a unit are told, where that is more than a number and the unit's name."""
