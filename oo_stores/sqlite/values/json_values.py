"""Lists and structs that are stored as JSON text.

Instants within are integers, bytes are hex digits, NaN and Infinity are what Python's
`json` makes of them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pyarrow as pa

from oo_stores.sqlite.types import BLOB, BOOLEAN
from oo_stores.sqlite.values.arrow_types import arrow_type, is_list

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from oo_stores.sqlite.values.column_type import ColumnType

    _Revive: TypeAlias = Callable[[Any], Any]

_COUNTED: Final = ("int", "timestamp")
_DECODER: Final = json.JSONDecoder()

dumped: Final = json.JSONEncoder(ensure_ascii=False).encode
"""Writes JSON; three times as fast as `json.dumps`, which makes an encoder for each value."""


def parsed(text: str) -> Any:  # noqa: ANN401  whatever JSON holds
    """Return what JSON text holds; three times as fast as `json.loads` for short text.

    Raises:
        ValueError: It is no JSON.
        TypeError: It is no text.
    """
    try:
        value, end = _DECODER.raw_decode(text)
    except json.JSONDecodeError:
        return json.loads(text)
    return value if end == len(text) else json.loads(text)


def written(array: pa.ChunkedArray) -> list[str | None]:
    """Return lists or structs as JSON text."""
    plain = array.cast(_counted(array.type))
    values = plain.to_pylist()
    if _has_bytes(plain.type):
        values = [_hex(value) for value in values]
    return [None if value is None else dumped(value) for value in values]


def _counted(kind: pa.DataType) -> pa.DataType:
    """Return a type with integers in place of instants."""
    if pa.types.is_timestamp(kind):
        return pa.int64()
    if is_list(kind):
        return pa.list_(_counted(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _counted(field.type)) for field in kind])
    return kind


def _has_bytes(kind: pa.DataType) -> bool:
    if pa.types.is_binary(kind):
        return True
    return any(_has_bytes(kind.field(number).type) for number in range(kind.num_fields))


def _hex(value: Any) -> Any:  # noqa: ANN401  whatever a value may be
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [_hex(element) for element in value]
    if isinstance(value, dict):
        return {name: _hex(field) for name, field in value.items()}
    return value


def read(values: Sequence[str | None], kind: ColumnType) -> pa.Array:
    """Return stored JSON text as an array of the kind's Arrow type.

    A field that an object lacks is null; one that the struct lacks is left out.

    Raises:
        ValueError: A value is no such JSON; some of pyarrow's errors are of this kind.
        TypeError: A value is no text, or an element is of another type.
    """
    revive = reviver(kind)
    loaded = [None if value is None else parsed(value) for value in values]
    return pa.array([revive(value) for value in loaded], type=arrow_type(kind))


def reviver(kind: ColumnType) -> _Revive:
    """Return what makes of parsed JSON what Arrow takes for a kind of value.

    Arrow itself would cut the fraction off a number that is no integer, and take a text for a list
    of its letters.
    """
    if kind.element:
        return _list_reviver(reviver(kind.element))
    if kind.fields:
        return _struct_reviver({name: reviver(field) for name, field in kind.fields})
    if kind.name == BLOB:
        return _from_hex
    if kind.name == BOOLEAN:
        return _truth
    return _integer if kind.arrow.startswith(_COUNTED) else _same


def _list_reviver(revive: _Revive) -> _Revive:
    def revived(value: Any) -> Any:  # noqa: ANN401  whatever JSON holds
        if value is None:
            return None
        if not isinstance(value, list):
            raise TypeError(f"{value!r} is no JSON array")
        return value if revive is _same else [revive(element) for element in value]

    return revived


def _struct_reviver(fields: dict[str, _Revive]) -> _Revive:
    def revived(value: Any) -> Any:  # noqa: ANN401  whatever JSON holds
        if value is None:
            return None
        if not isinstance(value, dict):
            raise TypeError(f"{value!r} is no JSON object")
        return {name: revive(value.get(name)) for name, revive in fields.items()}

    return revived


def _same(value: Any) -> Any:  # noqa: ANN401  whatever JSON holds
    return value


def _from_hex(value: Any) -> Any:  # noqa: ANN401  whatever JSON holds
    return None if value is None else bytes.fromhex(value)


def _truth(value: Any) -> Any:  # noqa: ANN401  whatever JSON holds
    if value is None or value in {0, 1}:
        return None if value is None else bool(value)
    raise TypeError(f"{value!r} is neither true nor false")


def _integer(value: Any) -> Any:  # noqa: ANN401  whatever JSON holds
    if value is None or type(value) is int:
        return value
    raise TypeError(f"{value!r} is no integer")
