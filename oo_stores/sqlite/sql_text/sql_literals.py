"""Stored values and columns as they stand in SQL text, for statements that people run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oo_stores.sqlite.values.codec import Stored

_LEAST = -(2**63)


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
    return repr(value)
