"""The point-in-time join: for each entity row the newest values known to hold at its time."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from oo_stores.sqlite.codec import Stored, column_type_for, decoded, encoded
from oo_stores.sqlite.connection import quoted, reader
from oo_stores.sqlite.instants import bounds
from oo_stores.sqlite.seek import SeekColumns, ensure_index, seek_table
from oo_stores.sqlite.table_schema import TableSchema

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import timedelta
    from pathlib import Path

    from oo_stores.sqlite.entity_rows import EntityRows
    from oo_stores.sqlite.types import ColumnType

_ROWS_AT_A_TIME = 20_000


@dataclass(frozen=True, slots=True)
class ViewJoin:
    """What one feature view adds to the entity rows.

    Attributes:
        path: The database file.
        table: The table.
        columns: The columns to seek by; keys in the order of `entity_columns`.
        entity_columns: The entity rows' columns that hold the join keys.
        features: From the result's column names to the table's.
        ttl: How long a value counts, both ends inclusive; None or zero: for ever.
        only_created_by_then: Whether only rows created by the entity's time count.
    """

    path: Path
    table: str
    columns: SeekColumns
    entity_columns: tuple[str, ...]
    features: Mapping[str, str]
    ttl: timedelta | None
    only_created_by_then: bool


def joined(
    rows: EntityRows, joins: Sequence[ViewJoin], busy_timeout_seconds: float
) -> Iterator[pa.Table]:
    """Yield the entity rows with each view's features beside them, in slices, in their order.

    There is at least one slice, maybe an empty one. Each file is read in one state. A row without
    a match has nulls; a type depends on the table's columns alone.

    Raises:
        OfflineStoreError: A file, table or column is not there or cannot be read.
    """
    for join in joins:
        ensure_index(join.path, join.table, join.columns, busy_timeout_seconds)
    with ExitStack() as stack:
        connections = {
            path: stack.enter_context(reader(path, busy_timeout_seconds=busy_timeout_seconds))
            for path in dict.fromkeys(join.path for join in joins)
        }
        seeks = [_Seek(connections[join.path], join) for join in joins]
        for start in range(0, rows.table.num_rows or 1, _ROWS_AT_A_TIME):
            part = rows.slice(start, _ROWS_AT_A_TIME)
            table = part.table
            for seek in seeks:
                for name, column in seek.columns_for(part).items():
                    table = table.append_column(name, column)
            yield table


class _Seek:
    """A view's statement, which finds the row that counts for one entity row."""

    def __init__(self, connection: sqlite3.Connection, join: ViewJoin) -> None:
        self._connection = connection
        self._join = join
        self._schema = TableSchema.require(connection, join.table, join.path)
        columns = join.columns
        self._kinds = {name: self._schema.kind(raw) for name, raw in join.features.items()}
        self._unit = self._schema.instant_kind(columns.timestamp).timestamp_unit
        self._key_kinds = [self._schema.kind(key) for key in columns.keys]
        source = seek_table(connection, self._schema, columns, tuple(join.features.values()))
        self._statement = (
            f"SELECT {', '.join(map(quoted, join.features.values())) or 'NULL'}"  # noqa: S608  quoted
            f" FROM {source.source} WHERE {' AND '.join(self._conditions())}"
            f" ORDER BY {columns.newest_first} LIMIT 1"
        )

    @property
    def _is_as_seen(self) -> bool:
        return self._join.only_created_by_then and self._join.columns.created is not None

    def _conditions(self) -> Iterator[str]:
        columns = self._join.columns
        yield from (f"{quoted(key)} = ?" for key in columns.keys)
        yield f"{quoted(columns.timestamp)} <= ?"
        if self._join.ttl:
            yield f"{quoted(columns.timestamp)} >= ?"
        if self._is_as_seen:
            yield f"{quoted(columns.created or '')} <= ?"

    def _parameters(self, rows: EntityRows) -> Iterator[Sequence[Any]]:
        """Yield one column of values for each condition, in the same order."""
        for name, kind in zip(self._join.entity_columns, self._key_kinds, strict=True):
            yield _bindable(rows.table.column(name), kind, name)
        first, last = bounds(rows.times, self._join.ttl, self._unit)
        yield last
        if self._join.ttl:
            yield first
        if self._is_as_seen:
            created = self._schema.instant_kind(self._join.columns.created or "")
            yield bounds(rows.times, None, created.timestamp_unit)[1]

    def columns_for(self, rows: EntityRows) -> dict[str, pa.Array]:
        """Return the features of the rows that count, a column each."""
        execute = self._connection.cursor().execute
        nothing = (None,) * len(self._kinds)
        found = [
            execute(self._statement, values).fetchone() or nothing
            for values in zip(*self._parameters(rows), strict=True)
        ]
        columns = list(zip(*found, strict=True)) or [()] * len(self._kinds)
        return {
            name: decoded(values, kind, name)
            for (name, kind), values in zip(self._kinds.items(), columns, strict=False)
        }


def _bindable(column: pa.ChunkedArray, table_kind: ColumnType, name: str) -> list[Stored]:
    """Return join keys as values to compare with stored ones.

    SQLite itself compares "5" with 5 by the column's type. Only what it cannot know is done here:
    instants, and whole numbers that pandas made floats of because one was missing.
    """
    kind = table_kind if pa.types.is_timestamp(column.type) else column_type_for(column, name)
    values = encoded(column, kind, name)
    if pa.types.is_floating(column.type):
        return [int(v) if isinstance(v, float) and v.is_integer() else v for v in values]
    return values
