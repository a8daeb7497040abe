"""The declared column types of the store's tables: what a column holds and how.

SQLite takes any word as a column's type and keeps it; the store reads it back to know what the
stored values mean. Whoever writes `CREATE TABLE` statements of his own uses these words:

| declared            | stored as              | Arrow                 | encode with             |
|---------------------|------------------------|-----------------------|-------------------------|
| `TEXT`              | TEXT                   | string                | str                     |
| `DOUBLE`            | REAL (NaN: text `NaN`) | double                | float                   |
| `FLOAT`             | REAL (NaN: text `NaN`) | float                 | float                   |
| `BIGINT`            | INTEGER                | int64                 | int                     |
| `INT`               | INTEGER                | int32                 | int                     |
| `BOOLEAN`           | INTEGER 0 or 1         | bool                  | int(value)              |
| `BLOB`              | BLOB                   | binary                | bytes                   |
| `TIMESTAMP_S`       | INTEGER since 1970, s  | timestamp[s], UTC     | int                     |
| `TIMESTAMP_MS`      | INTEGER since 1970, ms | timestamp[ms], UTC    | int                     |
| `TIMESTAMP_US`      | INTEGER since 1970, us | timestamp[us], UTC    | int                     |
| `TIMESTAMP_NS`      | INTEGER since 1970, ns | timestamp[ns], UTC    | int                     |
| `TIMESTAMP_TEXT`    | TEXT, ISO 8601         | timestamp[us], UTC    | value.isoformat()       |
| `DATE_DAYS`         | INTEGER days from 1970 | date32                | int                     |
| `JSON_TEXT`         | TEXT                   | large_string          | json.dumps              |
| `MAP_TEXT`          | TEXT, a JSON object    | string                | json.dumps              |
| `MAP_TEXT_LIST`     | TEXT, JSON objects     | string                | json.dumps              |
| `UUID_TEXT`         | TEXT                   | string                | str                     |
| `TIME_UUID_TEXT`    | TEXT                   | string                | str                     |
| `DECIMAL_TEXT`      | TEXT, its digits       | string                | str                     |
| `DOUBLE_LIST`       | BLOB, packed           | list of double        | `pack(DOUBLE_LIST, v)`  |
| `FLOAT_LIST`        | BLOB, packed           | list of float         | `pack(FLOAT_LIST, v)`   |
| `BIGINT_LIST`       | BLOB, packed           | list of int64         | `pack(BIGINT_LIST, v)`  |
| `INT_LIST`          | BLOB, packed           | list of int32         | `pack(INT_LIST, v)`     |
| `BOOLEAN_LIST`      | BLOB, a byte each      | list of bool          | `pack(BOOLEAN_LIST, v)` |
| `TIMESTAMP_US_LIST` | BLOB, packed int64     | list of timestamp[us] | `pack(...)` of ints     |
| `TEXT_LIST`         | TEXT, JSON array       | list of string        | json.dumps              |
| `BLOB_LIST`         | TEXT, JSON, hex digits | list of binary        | json.dumps of `v.hex()` |
| `JSON_TEXT_LIST`    | TEXT, JSON array       | list of large_string  | json.dumps              |

`UUID_TEXT_LIST`, `TIME_UUID_TEXT_LIST` and `DECIMAL_TEXT_LIST` are like `TEXT_LIST`.

`_SET` in place of `_LIST` (not for JSON and maps) declares a set: stored and read like the list,
and inferred as one of Feast's sets. Words may be put together: `BIGINT_LIST_LIST` is a list of
lists, and `"STRUCT(a BIGINT, b TEXT_LIST)"`, in quotes in SQL, a struct with these fields; `_LIST`
may stand behind the parenthesis. Both are JSON arrays and objects (TEXT), in which instants are
integers, bytes are hex digits, and NaN and Infinity are what Python's `json` writes.

Every column may hold NULL. What a column cannot hold exactly is refused, but for numbers that
`DOUBLE` and `FLOAT` round; so are instants in a column of numbers, which has no unit. Instants are
UTC. Packed elements lie side by side, little-endian; a
packed list that has to hold a null inside is stored as a JSON array (TEXT) instead, and a reader
tells the two apart by the storage class. SQLite keeps no sign of a zero in a column of numbers.

Tables that others made are read too: other words count by SQLite's own affinity rules; `JSON` is
JSON text, and words with DATE or TIMESTAMP are ISO 8601 text. A value of another kind in such a
column, for example a number in a `DATETIME`, is refused when it is read.

This module imports neither Feast nor Arrow.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from oo_stores.errors import ValueTypeError
from oo_stores.sqlite.values.column_type import ColumnType as ColumnType  # noqa: PLC0414  public here
from oo_stores.sqlite.values.column_type import list_of, set_of, struct_of
from oo_stores.sqlite.values.struct_word import struct_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TEXT: Final = "TEXT"
DOUBLE: Final = "DOUBLE"
FLOAT: Final = "FLOAT"
BIGINT: Final = "BIGINT"
INT: Final = "INT"
BOOLEAN: Final = "BOOLEAN"
BLOB: Final = "BLOB"
TIMESTAMP_S: Final = "TIMESTAMP_S"
TIMESTAMP_MS: Final = "TIMESTAMP_MS"
TIMESTAMP_US: Final = "TIMESTAMP_US"
TIMESTAMP_NS: Final = "TIMESTAMP_NS"
TIMESTAMP_TEXT: Final = "TIMESTAMP_TEXT"
DATE_DAYS: Final = "DATE_DAYS"
JSON_TEXT: Final = "JSON_TEXT"
MAP_TEXT: Final = "MAP_TEXT"
UUID_TEXT: Final = "UUID_TEXT"
TIME_UUID_TEXT: Final = "TIME_UUID_TEXT"
DECIMAL_TEXT: Final = "DECIMAL_TEXT"
DOUBLE_LIST: Final = "DOUBLE_LIST"
FLOAT_LIST: Final = "FLOAT_LIST"
BIGINT_LIST: Final = "BIGINT_LIST"
INT_LIST: Final = "INT_LIST"
BOOLEAN_LIST: Final = "BOOLEAN_LIST"
TIMESTAMP_US_LIST: Final = "TIMESTAMP_US_LIST"
TEXT_LIST: Final = "TEXT_LIST"
BLOB_LIST: Final = "BLOB_LIST"
JSON_TEXT_LIST: Final = "JSON_TEXT_LIST"
MAP_TEXT_LIST: Final = "MAP_TEXT_LIST"
UUID_TEXT_LIST: Final = "UUID_TEXT_LIST"
TIME_UUID_TEXT_LIST: Final = "TIME_UUID_TEXT_LIST"
DECIMAL_TEXT_LIST: Final = "DECIMAL_TEXT_LIST"

_SCALARS: Final = (
    ColumnType(TEXT, "string", feast="STRING"),
    ColumnType(DOUBLE, "double", feast="DOUBLE"),
    ColumnType(FLOAT, "float", feast="FLOAT"),
    ColumnType(BIGINT, "int64", feast="INT64"),
    ColumnType(INT, "int32", feast="INT32"),
    ColumnType(BOOLEAN, "bool", feast="BOOL"),
    ColumnType(BLOB, "binary", feast="BYTES"),
    ColumnType(TIMESTAMP_S, "timestamp[s]", timestamp_unit="s", feast="UNIX_TIMESTAMP"),
    ColumnType(TIMESTAMP_MS, "timestamp[ms]", timestamp_unit="ms", feast="UNIX_TIMESTAMP"),
    ColumnType(TIMESTAMP_US, "timestamp[us]", timestamp_unit="us", feast="UNIX_TIMESTAMP"),
    ColumnType(TIMESTAMP_NS, "timestamp[ns]", timestamp_unit="ns", feast="UNIX_TIMESTAMP"),
    ColumnType(TIMESTAMP_TEXT, "timestamp[us]", feast="UNIX_TIMESTAMP"),
    ColumnType(DATE_DAYS, "date32", feast="UNIX_TIMESTAMP"),
    ColumnType(JSON_TEXT, "large_string", feast="JSON", json="any"),
    ColumnType(MAP_TEXT, "string", feast="MAP", json="object"),
    ColumnType(UUID_TEXT, "string", feast="UUID"),
    ColumnType(TIME_UUID_TEXT, "string", feast="TIME_UUID"),
    ColumnType(DECIMAL_TEXT, "string", feast="DECIMAL"),
)


def _vocabulary() -> Iterator[ColumnType]:
    yield from _SCALARS
    for make in (list_of, set_of):
        yield from filter(None, map(make, _SCALARS))


COLUMN_TYPES: Final[dict[str, ColumnType]] = {kind.name: kind for kind in _vocabulary()}
"""The words; lists of lists and structs are made of them."""

# SQLite's affinity rules (https://sqlite.org/datatype3.html, 3.1), in its order, for tables that
# others made. `INT` and `FLOAT` stand in the vocabulary with 32 bits, as in standard SQL; `INTEGER`
# and `REAL` are SQLite's own words and have 64. DATE comes first: SQLite gives no word with it an
# affinity that says how dates are stored, and the codec refuses what is no ISO 8601 text.
_AFFINITIES: Final = (
    ("DATE", TIMESTAMP_TEXT),
    ("TIMESTAMP", TIMESTAMP_TEXT),
    ("BOOL", BOOLEAN),
    ("INT", BIGINT),
    ("CHAR", TEXT),
    ("CLOB", TEXT),
    ("TEXT", TEXT),
    ("UUID", TEXT),
    ("JSON", JSON_TEXT),
    ("BLOB", BLOB),
    ("BINARY", BLOB),
    ("REAL", DOUBLE),
    ("FLOA", DOUBLE),
    ("DOUB", DOUBLE),
    ("NUMERIC", DOUBLE),
    ("DECIMAL", DOUBLE),
)


def column_type(declared: str) -> ColumnType:
    """Return what a declared type means.

    Args:
        declared: The type as `CREATE TABLE` states it; case does not matter, but for the names of
            a struct's fields.

    Raises:
        ValueTypeError: The word does not say how its values are stored, for example `TIME`, or no
            type at all, as for a view's expression.

    >>> column_type("double_list").arrow, column_type("VARCHAR(20)").name
    ('double', 'TEXT')
    >>> column_type("struct(a bigint)_list").name
    'STRUCT(a BIGINT)_LIST'
    """
    word = declared.upper().strip()
    kind = COLUMN_TYPES.get(word) or _composed(declared.strip())
    if kind is not None:
        return kind
    if not _is_misformed(word):
        for part, name in _AFFINITIES:
            if part in word:
                return COLUMN_TYPES[name]
    raise ValueTypeError(
        f"a column's declared type {declared!r} does not say how its values are stored; "
        f"declare one of {', '.join(COLUMN_TYPES)}, or a list or a STRUCT(name TYPE, ...) of them"
    )


def _is_misformed(word: str) -> bool:
    """Return whether a word is like one of ours, or promises a time of day, and is neither."""
    head, _, tail = word.rpartition("_")
    is_collection = tail in {"LIST", "SET"} and _composed(head) is not None
    is_time = "TIME" in word and "DATE" not in word and "TIMESTAMP" not in word
    return is_collection or is_time or word.startswith("STRUCT")


@lru_cache(maxsize=1024)
def _composed(word: str) -> ColumnType | None:
    """Return the type that a word made of others means; None if it is no such word."""
    if known := COLUMN_TYPES.get(word.upper()):
        return known
    for suffix, make in (("_LIST", list_of), ("_SET", set_of)):
        if word.upper().endswith(suffix):
            element = _composed(word[: -len(suffix)])
            return make(element) if element else None
    fields = [(name, _composed(declared)) for name, declared in struct_fields(word) or ()]
    known_fields = [(name, kind) for name, kind in fields if kind]
    return struct_of(known_fields) if len(known_fields) == len(fields) else None


def pack(declared: str, values: Sequence[float]) -> bytes:
    """Return a list's stored form: its elements side by side, little-endian.

    Args:
        declared: One of the packed list types.
        values: The elements; none of them None.

    Raises:
        ValueTypeError: The type is not a packed list, or an element is none of its numbers.

    >>> pack(DOUBLE_LIST, [1.0]).hex()
    '000000000000f03f'
    """
    code = column_type(declared).struct_code
    if not code:
        raise ValueTypeError(
            f"{declared} is no packed list; packed lists are "
            f"{', '.join(name for name, kind in COLUMN_TYPES.items() if kind.struct_code)}"
        )
    try:
        return struct.pack(f"<{len(values)}{code}", *values)
    except (struct.error, OverflowError) as error:
        raise ValueTypeError(
            f"{list(values)!r} cannot be packed as {declared}: {error}; a list that has to hold a "
            f"null is stored as a JSON array"
        ) from error
