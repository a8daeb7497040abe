"""Between Arrow arrays and the values that SQLite stores, column by column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oo_stores.errors import ValueTypeError
from oo_stores.sqlite.values import json_values
from oo_stores.sqlite.values.arrow_types import arrow_type, column_type_for
from oo_stores.sqlite.values.fitting import fitted
from oo_stores.sqlite.values.json_text import as_json_text, from_json_text
from oo_stores.sqlite.values.packed_lists import packed, unpacked
from oo_stores.sqlite.values.scalars import Stored, loaded, stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from oo_stores.sqlite.values.column_type import ColumnType

__all__ = ["Stored", "arrow_type", "column_type_for", "decoded", "encoded"]


def encoded(array: pa.ChunkedArray, kind: ColumnType, name: str) -> list[Stored]:
    """Return an Arrow column as the values to store in a column of this kind.

    Naive instants are UTC. NaN is stored as the text `NaN`, since SQLite makes NULL of it.

    Raises:
        ValueTypeError: A value does not fit the column's type, or would lose something in it.
    """
    try:
        return _encoded(array, kind)
    except (ValueError, TypeError, KeyError, OverflowError, NotImplementedError) as error:
        raise ValueTypeError(
            f"column {name!r}, declared {kind.name}, cannot hold these values of Arrow type "
            f"{array.type}: {error}; correct the values, or declare the column otherwise"
        ) from error


def _encoded(array: pa.ChunkedArray, kind: ColumnType) -> list[Stored]:
    if kind.json:
        return [*as_json_text(array, kind)]
    values = fitted(array, kind)
    if kind.struct_code:
        return [*packed(values, kind)]
    if kind.element or kind.fields:
        return [*json_values.written(values)]
    return stored(values, kind)


def decoded(values: Sequence[Any], kind: ColumnType, name: str) -> pa.Array:
    """Return stored values as an Arrow array of the column's type, whatever values there are.

    Raises:
        ValueTypeError: A stored value is not of the column's type (SQLite lets anything in).
    """
    try:
        return _decoded(values, kind)
    except (ValueError, TypeError, OverflowError, NotImplementedError) as error:
        raise ValueTypeError(
            f"column {name!r}, declared {kind.name}, holds a value of another type: {error}; "
            f"correct the table's rows, or its declared type"
        ) from error


def _decoded(values: Sequence[Any], kind: ColumnType) -> pa.Array:
    if kind.struct_code:
        return unpacked(values, kind)
    if kind.json:
        return from_json_text(values, arrow_type(kind))
    if kind.element or kind.fields:
        return json_values.read(values, kind)
    return loaded(values, kind)
