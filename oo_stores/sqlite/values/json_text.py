"""Columns whose Arrow values are themselves JSON text: JSON, maps, and lists of maps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from oo_stores.sqlite.values.arrow_types import is_list
from oo_stores.sqlite.values.json_values import dumped, parsed

if TYPE_CHECKING:
    from oo_stores.sqlite.values.column_type import ColumnType

_TEXTS: Final = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)


def as_json_text(array: pa.ChunkedArray, kind: ColumnType) -> list[str | None]:
    """Return values as JSON text for a column of JSON, maps, or lists of maps.

    Text stays as it is. Maps, structs and lists become JSON; a struct's null fields are left out,
    since pandas gives each of its rows the fields of all rows.

    Raises:
        ValueError: Text is not of the JSON that the column holds.
        TypeError: A value has no form in JSON, for example bytes, an instant or a key that is no
            text.
    """
    if isinstance(array.type, pa.BaseExtensionType):
        array = array.cast(array.type.storage_type)
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    if any(is_text(array.type) for is_text in _TEXTS) or pa.types.is_null(array.type):
        values: list[str | None] = array.to_pylist()
    else:
        plain = array.to_pylist(maps_as_pydicts="strict")
        values = [None if value is None else dumped(_shaped(value, array.type)) for value in plain]
    for value in values:
        _check(value, kind)
    return values


def from_json_text(values: Any, arrow: pa.DataType) -> pa.Array:  # noqa: ANN401  a sequence
    """Return stored JSON text as an Arrow array of text.

    A column that others declared `JSON` may hold numbers: SQLite makes them of text like `5`.

    Raises:
        TypeError: A value is neither text nor a number.
    """
    if any(isinstance(value, bytes) for value in values):
        raise TypeError("a BLOB is no JSON text")
    return pa.array(
        [json.dumps(value) if isinstance(value, int | float) else value for value in values],
        type=arrow,
    )


def _shaped(value: Any, kind: pa.DataType) -> Any:  # noqa: ANN401  whatever a value may be
    if value is None:
        return None
    if pa.types.is_struct(kind):
        return {
            field.name: _shaped(value[field.name], field.type)
            for field in kind
            if value[field.name] is not None
        }
    if pa.types.is_map(kind):
        if lacking := [key for key in value if not isinstance(key, str)]:
            raise TypeError(f"a map's key is text in JSON, not {lacking[0]!r}")
        return {key: _shaped(item, kind.item_type) for key, item in value.items()}
    if is_list(kind):
        return [_shaped(element, kind.value_type) for element in value]
    return value


def _check(value: str | None, kind: ColumnType) -> None:
    if value is None:
        return
    content = parsed(value)
    if kind.json == "object" and not isinstance(content, dict):
        raise ValueError(f"{value!r} is no JSON object")
    if kind.json == "objects" and not (
        isinstance(content, list) and all(isinstance(element, dict) for element in content)
    ):
        raise ValueError(f"{value!r} is no JSON array of objects")
