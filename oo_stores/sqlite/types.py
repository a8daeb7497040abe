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
| `DOUBLE_LIST`       | BLOB, packed           | list of double        | `pack(DOUBLE_LIST, v)`  |
| `FLOAT_LIST`        | BLOB, packed           | list of float         | `pack(FLOAT_LIST, v)`   |
| `BIGINT_LIST`       | BLOB, packed           | list of int64         | `pack(BIGINT_LIST, v)`  |
| `INT_LIST`          | BLOB, packed           | list of int32         | `pack(INT_LIST, v)`     |
| `BOOLEAN_LIST`      | BLOB, a byte each      | list of bool          | `pack(BOOLEAN_LIST, v)` |
| `TIMESTAMP_US_LIST` | BLOB, packed int64     | list of timestamp[us] | `pack(...)` of ints     |
| `TEXT_LIST`         | TEXT, JSON array       | list of string        | json.dumps              |

Every column may hold NULL. Instants are UTC. Packed elements lie side by side, little-endian; a
packed list that has to hold a null inside is stored as a JSON array (TEXT) instead, and a reader
tells the two apart by the storage class. SQLite keeps no sign of a zero in a column of numbers.

Tables that others made are read too: other words count by SQLite's own affinity rules, except words
that promise a date or a time without saying how it is stored.

This module imports neither Feast nor Arrow.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oo_stores.errors import ValueTypeError

if TYPE_CHECKING:
    from collections.abc import Sequence

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
DOUBLE_LIST: Final = "DOUBLE_LIST"
FLOAT_LIST: Final = "FLOAT_LIST"
BIGINT_LIST: Final = "BIGINT_LIST"
INT_LIST: Final = "INT_LIST"
BOOLEAN_LIST: Final = "BOOLEAN_LIST"
TIMESTAMP_US_LIST: Final = "TIMESTAMP_US_LIST"
TEXT_LIST: Final = "TEXT_LIST"


@dataclass(frozen=True, slots=True)
class ColumnType:
    """What a declared type means.

    Attributes:
        name: The declared type.
        arrow: The Arrow type of a value, or of a list's element, as Arrow writes it.
        is_list: Whether a value is a list of such elements.
        struct_code: The element's code in the `struct` module, for packed lists; empty otherwise.
        timestamp_unit: `s`, `ms`, `us` or `ns` for instants and lists of them; empty otherwise.
    """

    name: str
    arrow: str
    is_list: bool = False
    struct_code: str = ""
    timestamp_unit: str = ""


COLUMN_TYPES: Final[dict[str, ColumnType]] = {
    column_type.name: column_type
    for column_type in (
        ColumnType(TEXT, "string"),
        ColumnType(DOUBLE, "double"),
        ColumnType(FLOAT, "float"),
        ColumnType(BIGINT, "int64"),
        ColumnType(INT, "int32"),
        ColumnType(BOOLEAN, "bool"),
        ColumnType(BLOB, "binary"),
        ColumnType(TIMESTAMP_S, "timestamp[s]", timestamp_unit="s"),
        ColumnType(TIMESTAMP_MS, "timestamp[ms]", timestamp_unit="ms"),
        ColumnType(TIMESTAMP_US, "timestamp[us]", timestamp_unit="us"),
        ColumnType(TIMESTAMP_NS, "timestamp[ns]", timestamp_unit="ns"),
        ColumnType(DOUBLE_LIST, "double", is_list=True, struct_code="d"),
        ColumnType(FLOAT_LIST, "float", is_list=True, struct_code="f"),
        ColumnType(BIGINT_LIST, "int64", is_list=True, struct_code="q"),
        ColumnType(INT_LIST, "int32", is_list=True, struct_code="i"),
        ColumnType(BOOLEAN_LIST, "bool", is_list=True, struct_code="B"),
        ColumnType(
            TIMESTAMP_US_LIST, "timestamp[us]", is_list=True, struct_code="q", timestamp_unit="us"
        ),
        ColumnType(TEXT_LIST, "string", is_list=True),
    )
}

# SQLite's affinity rules (https://sqlite.org/datatype3.html, 3.1), in its order, for tables that
# others made. `INT` and `FLOAT` stand in the vocabulary with 32 bits, as in standard SQL; `INTEGER`
# and `REAL` are SQLite's own words and have 64.
_AFFINITIES: Final = (
    ("BOOL", BOOLEAN),
    ("INT", BIGINT),
    ("CHAR", TEXT),
    ("CLOB", TEXT),
    ("TEXT", TEXT),
    ("UUID", TEXT),
    ("BLOB", BLOB),
    ("BINARY", BLOB),
    ("REAL", DOUBLE),
    ("FLOA", DOUBLE),
    ("DOUB", DOUBLE),
    ("NUMERIC", DOUBLE),
)


def column_type(declared: str) -> ColumnType:
    """Return what a declared type means.

    Args:
        declared: The type as `CREATE TABLE` states it; case does not matter.

    Raises:
        ValueTypeError: The word does not say how its values are stored, for example `DATETIME`, or
            no type at all, as for a view's expression.

    >>> column_type("double_list").arrow, column_type("VARCHAR(20)").name
    ('double', 'TEXT')
    """
    word = declared.upper().strip()
    if word in COLUMN_TYPES:
        return COLUMN_TYPES[word]
    if "DATE" not in word and "TIME" not in word:
        for part, name in _AFFINITIES:
            if part in word:
                return COLUMN_TYPES[name]
    raise ValueTypeError(
        f"a column's declared type {declared!r} does not say how its values are stored; "
        f"declare one of {', '.join(COLUMN_TYPES)}"
    )


def pack(declared: str, values: Sequence[float]) -> bytes:
    """Return a list's stored form: its elements side by side, little-endian.

    Args:
        declared: One of the packed list types.
        values: The elements; none of them None.

    Raises:
        ValueTypeError: The type is not a packed list.

    >>> pack(DOUBLE_LIST, [1.0]).hex()
    '000000000000f03f'
    """
    code = column_type(declared).struct_code
    if not code:
        raise ValueTypeError(
            f"{declared} is no packed list; packed lists are "
            f"{', '.join(name for name, kind in COLUMN_TYPES.items() if kind.struct_code)}"
        )
    return struct.pack(f"<{len(values)}{code}", *values)
