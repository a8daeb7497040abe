"""Stored values and columns as they stand in SQL text, for statements that people run."""

from __future__ import annotations

import math
import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oo_stores.sqlite.values.codec import Stored

_LEAST = -(2**63)
_LARGEST_POWER = 62
_IN_DIGITS = re.compile(r"-?\d{1,6}\.\d{1,4}")
"""Numbers written in digits; some versions of SQLite read a few longer ones as their neighbours."""


def literal(value: Stored) -> str:
    """Return a stored value as SQL text that means exactly it.

    >>> literal("it's"), literal(None), literal(b"x"), literal(0.1), literal(-(2**63))
    ("'it''s'", 'NULL', "X'78'", '0.1', '(-9223372036854775807 - 1)')
    """
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if isinstance(value, float):
        return _real(value)
    # SQLite takes the digits of the least integer for a REAL, and negates that.
    return "(-9223372036854775807 - 1)" if value == _LEAST else str(int(value))


def _text(value: str) -> str:
    if "\0" in value:
        # SQL text ends at a NUL.
        return f"CAST(X'{value.encode().hex()}' AS TEXT)"
    return "'" + value.replace("'", "''") + "'"


def _real(value: float) -> str:
    if math.isinf(value):
        return "9e999" if value > 0 else "-9e999"
    return repr(value) if _IN_DIGITS.fullmatch(repr(value)) else _by_powers_of_two(value)


def _by_powers_of_two(value: float) -> str:
    """Return a number as an integer and powers of two, which loses nothing on the way.

    >>> _by_powers_of_two(2.0**-10)
    '(CAST(4503599627370496 AS REAL) / 4611686018427387904)'
    """
    fraction, exponent = math.frexp(value)
    exponent -= sys.float_info.mant_dig
    whole, rest = divmod(abs(exponent), _LARGEST_POWER)
    powers = [1 << _LARGEST_POWER] * whole + [1 << rest] * bool(rest)
    operator = "*" if exponent > 0 else "/"
    digits = int(math.ldexp(fraction, sys.float_info.mant_dig))
    return f"(CAST({digits} AS REAL){''.join(f' {operator} {power}' for power in powers)})"
