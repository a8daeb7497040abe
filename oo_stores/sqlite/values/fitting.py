"""Arrow columns brought to the type of the column that is to hold them, with nothing lost."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from oo_stores.sqlite import types
from oo_stores.sqlite.values.arrow_types import arrow_type, is_list
from oo_stores.sqlite.values.json_values import parsed

if TYPE_CHECKING:
    from collections.abc import Callable

    from oo_stores.sqlite.values.column_type import ColumnType

_UUID: Final = r"^[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}$"
_UUIDS: Final = frozenset({types.UUID_TEXT, types.TIME_UUID_TEXT})
_NUMBERS: Final = frozenset({types.BIGINT, types.INT, types.DOUBLE, types.FLOAT})
# Arrow casts to these cut something off without a word.
_CUT: Final = frozenset({types.BOOLEAN, types.DATE_DAYS})


def fitted(array: pa.ChunkedArray, kind: ColumnType) -> pa.ChunkedArray:
    """Return a column in the Arrow type of a kind. Doubles may be rounded to floats.

    Raises:
        ValueError: A value has no place in the type; some of pyarrow's errors are of this class.
        TypeError: Likewise.
        NotImplementedError: There is no way between the types, of pyarrow's.
    """
    target = arrow_type(kind)
    if array.type != target:
        given = _plain(array)
        if lost := _lost_fields(given.type, target):
            raise ValueError(f"the struct has no fields {', '.join(lost)}")
        array = given.cast(target)
        _check_cast(given, array, kind)
    _check_texts(array, kind)
    return array


def _plain(array: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return UUIDs as text."""
    if isinstance(array.type, pa.UuidType):
        return _as_text(array, str)
    if is_list(array.type) and isinstance(array.type.value_type, pa.UuidType):
        return _as_text(array, lambda value: [v and str(v) for v in value])
    return array


def _as_text(array: pa.ChunkedArray, text: Callable[..., object]) -> pa.ChunkedArray:
    return pa.chunked_array([[None if v is None else text(v) for v in array.to_pylist()]])


def _lost_fields(source: pa.DataType, target: pa.DataType) -> list[str]:
    if is_list(source) and is_list(target):
        return _lost_fields(source.value_type, target.value_type)
    if not (pa.types.is_struct(source) and pa.types.is_struct(target)):
        return []
    known = {field.name: field.type for field in target}
    lost = [field.name for field in source if field.name not in known]
    for field in source:
        lost += _lost_fields(field.type, known.get(field.name, field.type))
    return lost


def _check_cast(given: pa.ChunkedArray, cast: pa.ChunkedArray, kind: ColumnType) -> None:
    """Check, in lists and structs too, that a cast changed no value that Arrow says nothing of."""
    if pa.types.is_null(given.type):
        return
    if kind.element:
        _check_cast(pc.list_flatten(given), pc.list_flatten(cast), kind.element)
    for number, (name, field) in enumerate(kind.fields):
        place = given.type.get_field_index(name)
        if place >= 0:
            _check_cast(pc.struct_field(given, [place]), pc.struct_field(cast, [number]), field)
    if not (kind.element or kind.fields):
        _check_values(given, cast, kind)


def _check_values(given: pa.ChunkedArray, cast: pa.ChunkedArray, kind: ColumnType) -> None:
    is_float = pa.types.is_floating(given.type)
    if kind.name == types.DECIMAL_TEXT and is_float:
        raise TypeError("a float has no exact decimal digits; give Decimal values or text")
    if kind.name in _NUMBERS and pa.types.is_temporal(given.type):
        raise TypeError("a number does not say in which unit it counts time; give numbers")
    if kind.name == types.FLOAT and is_float:
        _check_finite(given, cast)
    if kind.name in _CUT and not cast.cast(given.type).equals(given):
        raise ValueError(f"a value that a {kind.name} would cut")


def _check_finite(given: pa.Array, narrow: pa.Array) -> None:
    if pc.any(pc.and_(pc.is_inf(narrow), pc.is_finite(given))).as_py():
        raise ValueError("a number beyond the range of 32-bit floats")


def narrowed(array: pa.Array, target: pa.DataType) -> pa.Array:
    """Return floating-point numbers in a type of fewer bits, or as they are.

    Raises:
        ValueError: A finite number is beyond the type's range.
    """
    if array.type == target:
        return array
    narrow = array.cast(target)
    _check_finite(array, narrow)
    return narrow


def _check_texts(array: pa.ChunkedArray, kind: ColumnType) -> None:
    """Check texts that are to be of some form, in lists and structs too."""
    if kind.element:
        _check_texts(pc.list_flatten(array), kind.element)
    for number, (_, field) in enumerate(kind.fields):
        _check_texts(pc.struct_field(array, [number]), field)
    if kind.name in _UUIDS:
        _check_uuids(array)
    elif kind.name == types.DECIMAL_TEXT:
        _check_decimals(array)
    elif kind.name == types.JSON_TEXT:
        for text in array.drop_null().to_pylist():
            parsed(text)


def _check_uuids(texts: pa.ChunkedArray) -> None:
    is_uuid = pc.match_substring_regex(texts, _UUID)
    if pc.any(pc.invert(is_uuid)).as_py():
        raise ValueError(f"{texts.filter(pc.invert(is_uuid))[0].as_py()!r} is no UUID")


def _check_decimals(texts: pa.ChunkedArray) -> None:
    for text in texts.drop_null().to_pylist():
        try:
            Decimal(text)
        except InvalidOperation as error:
            raise ValueError(f"{text!r} is no decimal number") from error
