"""Which Arrow type a declared column type has, and which declared type an Arrow column needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from oo_stores.errors import ValueTypeError
from oo_stores.sqlite import types
from oo_stores.sqlite.types import COLUMN_TYPES
from oo_stores.sqlite.values.column_type import list_of, struct_of

if TYPE_CHECKING:
    from oo_stores.sqlite.values.column_type import ColumnType

_Array: TypeAlias = pa.Array | pa.ChunkedArray
_UTC: Final = "UTC"
_ELEMENTS: Final[dict[str, pa.DataType]] = {
    "string": pa.string(),
    "large_string": pa.large_string(),
    "double": pa.float64(),
    "float": pa.float32(),
    "int64": pa.int64(),
    "int32": pa.int32(),
    "bool": pa.bool_(),
    "binary": pa.binary(),
    "date32": pa.date32(),
    "timestamp[s]": pa.timestamp("s", tz=_UTC),
    "timestamp[ms]": pa.timestamp("ms", tz=_UTC),
    "timestamp[us]": pa.timestamp("us", tz=_UTC),
    "timestamp[ns]": pa.timestamp("ns", tz=_UTC),
}
_WORDS: Final = (
    (pa.types.is_string, types.TEXT),
    (pa.types.is_large_string, types.TEXT),
    (pa.types.is_string_view, types.TEXT),
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
    (pa.types.is_binary_view, types.BLOB),
    (pa.types.is_fixed_size_binary, types.BLOB),
    (pa.types.is_timestamp, types.TIMESTAMP_US),
    (pa.types.is_date, types.DATE_DAYS),
    (pa.types.is_decimal, types.DECIMAL_TEXT),
)
_NANOSECONDS_IN_A_MICROSECOND: Final = 1000
_JSON_COLLECTION: Final = r"^\s*[\[{]"


def arrow_type(kind: ColumnType) -> pa.DataType:
    """Return the Arrow type of a column of this kind; instants are in UTC."""
    if kind.element:
        return pa.list_(arrow_type(kind.element))
    if kind.fields:
        return pa.struct([(name, arrow_type(field)) for name, field in kind.fields])
    return _ELEMENTS[kind.arrow]


def column_type_for(array: pa.ChunkedArray, name: str) -> ColumnType:
    """Return the kind of column that holds an Arrow column without loss.

    A column of nulls alone becomes TEXT. Nanoseconds become microseconds where nothing is lost by
    it, since that is what pandas columns of whole microseconds arrive as. Large strings are
    Feast's JSON type, but other libraries' plain text: they become JSON_TEXT if each value begins
    like a JSON object or array.

    Raises:
        ValueTypeError: No declared type holds this Arrow type; the message names column and type.
    """
    kind = array.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    found = _declared(kind)
    if found is None:
        raise ValueTypeError(
            f"column {name!r} is of Arrow type {array.type}, which no declared column type holds; "
            f"cast it to the type of one of {', '.join(COLUMN_TYPES)}, or to a list or a struct of "
            f"them"
        )
    if pa.types.is_timestamp(kind):
        unit = "us" if kind.unit == "ns" and not _has_nanoseconds(array) else kind.unit
        return COLUMN_TYPES[f"TIMESTAMP_{unit.upper()}"]
    if is_list(kind) and _looks_like_json(pc.list_flatten(array)):
        return COLUMN_TYPES[types.JSON_TEXT_LIST]
    return COLUMN_TYPES[types.JSON_TEXT] if _looks_like_json(array) else found


def _declared(kind: pa.DataType) -> ColumnType | None:
    if is_list(kind):
        found = _instant(kind.value_type, "us") or _declared(kind.value_type)
        return list_of(found) if found else None
    if pa.types.is_map(kind):
        return COLUMN_TYPES[types.MAP_TEXT] if pa.types.is_string(kind.key_type) else None
    if pa.types.is_struct(kind):
        return _struct(kind)
    if isinstance(kind, pa.UuidType):
        return COLUMN_TYPES[types.UUID_TEXT]
    if isinstance(kind, pa.JsonType):
        return COLUMN_TYPES[types.JSON_TEXT]
    return next((COLUMN_TYPES[word] for is_kind, word in _WORDS if is_kind(kind)), None)


def _instant(kind: pa.DataType, unit: str = "") -> ColumnType | None:
    # Feast could not write a date within a list or a struct online, and instants are no loss.
    if pa.types.is_date(kind):
        return COLUMN_TYPES[types.TIMESTAMP_US]
    if not pa.types.is_timestamp(kind):
        return None
    return COLUMN_TYPES[f"TIMESTAMP_{(unit or kind.unit).upper()}"]


def _struct(kind: pa.StructType) -> ColumnType | None:
    if not kind.num_fields:
        return COLUMN_TYPES[types.MAP_TEXT]
    fields = [(field.name, _instant(field.type) or _declared(field.type)) for field in kind]
    known = [(name, found) for name, found in fields if found and not found.json]
    return struct_of(known) if len(known) == len(fields) else None


def is_list(kind: pa.DataType) -> bool:
    """Return whether an Arrow type is one of lists, of whatever layout."""
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _has_nanoseconds(array: pa.ChunkedArray) -> bool:
    nanoseconds = array.cast(pa.int64()).drop_null().to_numpy()
    return bool((nanoseconds % _NANOSECONDS_IN_A_MICROSECOND).any())


def _looks_like_json(array: _Array) -> bool:
    if not pa.types.is_large_string(array.type) or array.null_count == len(array):
        return False
    return bool(pc.all(pc.match_substring_regex(array, _JSON_COLLECTION)).as_py())
