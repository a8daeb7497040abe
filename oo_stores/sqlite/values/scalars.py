"""Columns of single values: numbers, text, bytes and instants, with little Python for each."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from oo_stores.sqlite import types
from oo_stores.sqlite.values.arrow_types import arrow_type
from oo_stores.sqlite.values.fitting import narrowed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oo_stores.sqlite.values.column_type import ColumnType

Stored: TypeAlias = int | float | str | bytes | None
"""What SQLite holds in a cell."""

_EXACT_INTEGERS: Final = 2.0**53
_WITH_OFFSET: Final = r"[ T]\d\d.*(?:[Zz]|[+-]\d\d(?::?\d\d)?)$"


def stored(array: pa.ChunkedArray, kind: ColumnType) -> list[Stored]:
    """Return values of the kind's Arrow type as they are stored."""
    if kind.name == types.TIMESTAMP_TEXT:
        array = array.cast(pa.string())
    elif kind.name == types.DATE_DAYS:
        array = array.cast(pa.int32())
    elif kind.timestamp_unit or kind.name == types.BOOLEAN:
        array = array.cast(pa.int64())
    is_number = pa.types.is_integer(array.type) or pa.types.is_floating(array.type)
    values: list[Stored] = (
        array.to_numpy().tolist() if is_number and not array.null_count else array.to_pylist()
    )
    if pa.types.is_floating(array.type) and pc.any(pc.is_nan(array)).as_py():
        return ["NaN" if value != value else value for value in values]  # noqa: PLR0124  NaN
    return values


def loaded(values: Sequence[Any], kind: ColumnType) -> pa.Array:
    """Return stored values as an array of the kind's Arrow type.

    Raises:
        ValueError: A value is not of the kind; some of pyarrow's errors are of this class.
        TypeError: Likewise.
    """
    arrow = arrow_type(kind)
    if pa.types.is_floating(arrow):
        return narrowed(_doubles(values), arrow)
    if kind.name == types.TIMESTAMP_TEXT:
        return _instants(values, arrow)
    if pa.types.is_date(arrow):
        return _integers(values).cast(pa.int32()).cast(arrow)
    if kind.arrow in {"string", "binary"}:
        return pa.array(values, type=arrow)
    return _integers(values).cast(arrow)


def _integers(values: Sequence[Any]) -> pa.Array:
    try:
        return pa.array(np.frombuffer(struct.pack(f"={len(values)}q", *values), np.int64))
    except struct.error:
        array = pa.array(values)
    # Told the type, Arrow would cut the fraction off a number that is no integer.
    if not (pa.types.is_int64(array.type) or pa.types.is_null(array.type)):
        raise TypeError(f"these are {array.type} values, not integers")
    return array.cast(pa.int64())


def _doubles(values: Sequence[Any]) -> pa.Array:
    try:
        numbers = np.frombuffer(struct.pack(f"={len(values)}d", *values), np.float64)
    except (struct.error, OverflowError):
        return _doubles_one_by_one(values)
    # Beyond this a stored integer may have no double; Arrow finds out.
    if np.abs(numbers).max(initial=0.0) >= _EXACT_INTEGERS:
        return _doubles_one_by_one(values)
    return pa.array(numbers)


def _doubles_one_by_one(values: Sequence[Any]) -> pa.Array:
    try:
        return pa.array(values, type=pa.float64())
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        numbers = [float(value) if value == "NaN" else value for value in values]
        return pa.array(numbers, type=pa.float64(), from_pandas=False)


def _instants(values: Sequence[Any], arrow: pa.DataType) -> pa.Array:
    text = pa.array(values, type=pa.string())
    has_offset = pc.match_substring_regex(text, _WITH_OFFSET)
    nothing = pa.scalar(None, pa.string())
    aware = pc.if_else(has_offset, text, nothing).cast(arrow)
    naive = pc.if_else(has_offset, nothing, text).cast(pa.timestamp("us")).cast(arrow)
    return pc.coalesce(aware, naive)
