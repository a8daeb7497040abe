"""Between Arrow arrays and the values that SQLite stores, column by column."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from oo_stores.errors import ValueTypeError
from oo_stores.sqlite import types
from oo_stores.sqlite.types import COLUMN_TYPES, ColumnType, pack

if TYPE_CHECKING:
    from collections.abc import Sequence

Stored: TypeAlias = int | float | str | bytes | None
"""What SQLite holds in a cell."""

_ELEMENTS: Final[dict[str, pa.DataType]] = {
    "string": pa.string(),
    "double": pa.float64(),
    "float": pa.float32(),
    "int64": pa.int64(),
    "int32": pa.int32(),
    "bool": pa.bool_(),
    "binary": pa.binary(),
}
_NUMPY_TYPES: Final = {"d": "<f8", "f": "<f4", "q": "<i8", "i": "<i4", "B": "u1"}
_NANOSECONDS_IN_A_MICROSECOND: Final = 1000


def arrow_type(kind: ColumnType) -> pa.DataType:
    """Return the Arrow type of a column of this kind; instants are in UTC."""
    element = (
        pa.timestamp(kind.timestamp_unit, tz="UTC")
        if kind.timestamp_unit
        else _ELEMENTS[kind.arrow]
    )
    return pa.list_(element) if kind.is_list else element


def column_type_for(array: pa.ChunkedArray, name: str) -> ColumnType:
    """Return the kind of column that holds an Arrow column without loss.

    A column of nulls alone becomes TEXT. Nanoseconds become microseconds where nothing is lost by
    it, since that is what pandas columns of whole microseconds arrive as.

    Raises:
        ValueTypeError: No declared type holds this Arrow type; the message names column and type.
    """
    kind = array.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    element = kind.value_type if is_list else kind
    word = _scalar_word(element)
    if pa.types.is_timestamp(element):
        word = _timestamp_word(array, is_list=is_list)
    declared = f"{word}_LIST" if is_list else word
    if declared in COLUMN_TYPES:
        return COLUMN_TYPES[declared]
    raise ValueTypeError(
        f"column {name!r} is of Arrow type {array.type}, which no declared column type holds; "
        f"cast it to the type of one of {', '.join(COLUMN_TYPES)}"
    )


def _scalar_word(kind: pa.DataType) -> str:
    for is_kind, word in (
        (pa.types.is_string, types.TEXT),
        (pa.types.is_large_string, types.TEXT),
        (pa.types.is_null, types.TEXT),
        (pa.types.is_float64, types.DOUBLE),
        (pa.types.is_floating, types.FLOAT),
        (pa.types.is_boolean, types.BOOLEAN),
        (pa.types.is_int64, types.BIGINT),
        (pa.types.is_uint64, types.BIGINT),
        (pa.types.is_uint32, types.BIGINT),
        (pa.types.is_integer, types.INT),
        (pa.types.is_binary, types.BLOB),
        (pa.types.is_large_binary, types.BLOB),
    ):
        if is_kind(kind):
            return word
    return ""


def _timestamp_word(array: pa.ChunkedArray, *, is_list: bool) -> str:
    unit = (array.type.value_type if is_list else array.type).unit
    if unit == "ns" and not is_list:
        nanoseconds = array.cast(pa.int64()).drop_null().to_numpy()
        if bool((nanoseconds % _NANOSECONDS_IN_A_MICROSECOND).any()):
            return types.TIMESTAMP_NS
    return types.TIMESTAMP_US


def encoded(array: pa.ChunkedArray, kind: ColumnType, name: str) -> list[Stored]:
    """Return an Arrow column as the values to store in a column of this kind.

    Naive instants are UTC. NaN is stored as the text `NaN`, since SQLite makes NULL of it.

    Raises:
        ValueTypeError: A value does not fit the column's type.
    """
    try:
        return _encoded(array, kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ValueTypeError(
            f"column {name!r}, declared {kind.name}, cannot hold these values of Arrow type "
            f"{array.type}: {error}"
        ) from error


def _encoded(array: pa.ChunkedArray, kind: ColumnType) -> list[Stored]:
    cast = array.cast(arrow_type(kind))
    if kind.struct_code:
        return _packed(cast, kind)
    if kind.name == types.TEXT_LIST:
        return [
            None if value is None else json.dumps(value, ensure_ascii=False)
            for value in cast.to_pylist()
        ]
    if kind.timestamp_unit or kind.name == types.BOOLEAN:
        cast = cast.cast(pa.int64())
    values: list[Stored] = cast.to_pylist()
    if pa.types.is_floating(cast.type) and pc.any(pc.is_nan(cast)).as_py():
        return ["NaN" if value != value else value for value in values]  # noqa: PLR0124  NaN
    return values


def _packed(array: pa.ChunkedArray, kind: ColumnType) -> list[Stored]:
    if kind.timestamp_unit:
        array = array.cast(pa.list_(pa.int64()))
    return [
        None if value is None else json.dumps(value) if None in value else pack(kind.name, value)
        for value in array.to_pylist()
    ]


def decoded(values: Sequence[Any], kind: ColumnType, name: str) -> pa.Array:
    """Return stored values as an Arrow array of the column's type, whatever values there are.

    Raises:
        ValueTypeError: A stored value is not of the column's type (SQLite lets anything in).
    """
    try:
        if kind.struct_code:
            return _unpacked(values, kind)
        return _decoded_scalars(values, kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError, TypeError) as error:
        raise ValueTypeError(
            f"column {name!r}, declared {kind.name}, holds a value of another type: {error}; "
            f"correct the table's rows, or its declared type"
        ) from error


def _decoded_scalars(values: Sequence[Any], kind: ColumnType) -> pa.Array:
    if kind.name == types.TEXT_LIST:
        lists = [None if value is None else json.loads(value) for value in values]
        return pa.array(lists, type=pa.list_(pa.string()))
    if kind.name == types.BOOLEAN:
        return pa.array(values, type=pa.int64()).cast(pa.bool_())
    if kind.timestamp_unit:
        return pa.array(values, type=pa.int64()).cast(arrow_type(kind))
    try:
        return pa.array(values, type=arrow_type(kind))
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        if kind.name not in {types.DOUBLE, types.FLOAT}:
            raise
        floats = [float(value) if value == "NaN" else value for value in values]
        return pa.array(floats, type=arrow_type(kind), from_pandas=False)


def _unpacked(values: Sequence[Any], kind: ColumnType) -> pa.Array:
    if any(isinstance(value, str) for value in values):
        return _unpacked_one_by_one(values, kind)
    numpy_type = np.dtype(_NUMPY_TYPES[kind.struct_code])
    sizes = np.fromiter((len(value or b"") for value in values), np.int64, len(values))
    if bool((sizes % numpy_type.itemsize).any()):
        raise ValueError(f"a packed list's size is no multiple of {numpy_type.itemsize} bytes")
    offsets = np.zeros(len(values) + 1, np.int32)
    np.cumsum(sizes // numpy_type.itemsize, out=offsets[1:])
    elements = np.frombuffer(b"".join(filter(None, values)), numpy_type)
    is_missing = np.fromiter((value is None for value in values), np.bool_, len(values))
    return pa.ListArray.from_arrays(
        pa.array(offsets),
        _elements(elements, kind),
        mask=pa.array(is_missing),
    )


def _elements(elements: np.ndarray[Any, Any], kind: ColumnType) -> pa.Array:
    element_type = arrow_type(kind).value_type
    if pa.types.is_boolean(element_type):
        return pa.array(elements.astype(np.bool_))
    return pa.array(elements).cast(element_type)


def _unpacked_one_by_one(values: Sequence[Any], kind: ColumnType) -> pa.Array:
    numpy_type = np.dtype(_NUMPY_TYPES[kind.struct_code])
    lists = [
        json.loads(value)
        if isinstance(value, str)
        else None
        if value is None
        else np.frombuffer(value, numpy_type).tolist()
        for value in values
    ]
    if kind.name == types.BOOLEAN_LIST:
        lists = [v and [None if e is None else bool(e) for e in v] for v in lists]
    return pa.array(lists, type=arrow_type(kind))
