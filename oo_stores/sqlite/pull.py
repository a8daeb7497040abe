"""All rows of a time range, or each key's newest one: what materialisation reads."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from oo_stores.sqlite.codec import decoded
from oo_stores.sqlite.connection import quoted, reader
from oo_stores.sqlite.instants import at_least, at_most
from oo_stores.sqlite.seek import SeekColumns, SeekTable, ensure_index, seek_table
from oo_stores.sqlite.table_schema import TableSchema

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from oo_stores.sqlite.types import ColumnType

_ROWS_AT_A_TIME = 20_000


@dataclass(frozen=True, slots=True)
class Pull:
    """Which rows and columns to read.

    Attributes:
        path: The database file.
        table: The table.
        columns: Join keys and times, as the table calls them.
        selected: The columns to return, in this order: from the result's names to the table's.
        start: The first event time, inclusive; None: no lower end.
        end: The last event time, inclusive; None: no upper end.
    """

    path: Path
    table: str
    columns: SeekColumns
    selected: Mapping[str, str]
    start: datetime | None
    end: datetime | None


def all_rows(pull: Pull, busy_timeout_seconds: float) -> Iterator[pa.Table]:
    """Yield the rows of the range in slices; at least one slice, maybe an empty one."""
    with reader(pull.path, busy_timeout_seconds=busy_timeout_seconds) as connection:
        schema = TableSchema.require(connection, pull.table, pull.path)
        condition, ends = _range(pull, schema)
        kinds = _kinds(pull, schema)
        rows = connection.execute(
            f"SELECT {_listed(pull)} FROM {quoted(schema.name)} WHERE {condition}",  # noqa: S608  quoted
            ends,
        )
        yield from _slices(rows, kinds)


def newest_rows(pull: Pull, busy_timeout_seconds: float) -> Iterator[pa.Table]:
    """Yield each key's newest row in the range in slices; at least one slice, maybe an empty one.

    Of rows with one event time the later created is the newest. The cost is that of two seeks a
    key, however long the history is. Rows with a missing join key are of nobody and left out.
    """
    ensure_index(pull.path, pull.table, pull.columns, busy_timeout_seconds)
    with reader(pull.path, busy_timeout_seconds=busy_timeout_seconds) as connection:
        schema = TableSchema.require(connection, pull.table, pull.path)
        kinds = _kinds(pull, schema)
        source = seek_table(connection, schema, pull.columns, tuple(pull.selected.values()))
        yield from _slices(_newest(connection, source, pull, schema), kinds)


def _newest(
    connection: sqlite3.Connection, source: SeekTable, pull: Pull, schema: TableSchema
) -> Iterator[tuple[Any, ...]]:
    condition, ends = _range(pull, schema)
    is_key = "".join(f"{quoted(key)} = ? AND " for key in source.key_order)
    statement = (
        f"SELECT {_listed(pull)} FROM {source.source} WHERE {is_key}{condition}"  # noqa: S608  quoted
        f" ORDER BY {pull.columns.newest_first} LIMIT 1"
    )
    for key in _keys(connection, source):
        row = connection.execute(statement, (*key, *ends)).fetchone()
        if row is not None:
            yield row


def _keys(connection: sqlite3.Connection, source: SeekTable) -> Iterator[tuple[Any, ...]]:
    """Yield the distinct keys by jumping from one to the next in the index."""
    if not source.key_order:
        yield ()
        return
    listed = ", ".join(map(quoted, source.key_order))
    present = " AND ".join(f"{quoted(key)} IS NOT NULL" for key in source.key_order)
    first = f"SELECT {listed} FROM {source.source} WHERE {present}"  # noqa: S608  quoted
    holes = ", ".join("?" * len(source.key_order))
    following = f"{first} AND ({listed}) > ({holes}) ORDER BY {listed} LIMIT 1"
    key = connection.execute(f"{first} ORDER BY {listed} LIMIT 1").fetchone()
    while key is not None:
        yield key
        key = connection.execute(following, key).fetchone()


def _range(pull: Pull, schema: TableSchema) -> tuple[str, list[int]]:
    """Return the SQL condition of the range, and the values it binds."""
    column = pull.columns.timestamp
    unit = schema.instant_kind(column).timestamp_unit
    # A row without an event time is of no time, in any range.
    conditions, ends = [f"{quoted(column)} IS NOT NULL"], []
    if pull.start is not None:
        conditions.append(f"{quoted(column)} >= ?")
        ends.append(at_least(pull.start, unit))
    if pull.end is not None:
        conditions.append(f"{quoted(column)} <= ?")
        ends.append(at_most(pull.end, unit))
    return " AND ".join(conditions), ends


def _kinds(pull: Pull, schema: TableSchema) -> dict[str, ColumnType]:
    return {name: schema.kind(column) for name, column in pull.selected.items()}


def _listed(pull: Pull) -> str:
    return ", ".join(map(quoted, pull.selected.values()))


def _slices(rows: Iterator[tuple[Any, ...]], kinds: Mapping[str, ColumnType]) -> Iterator[pa.Table]:
    part = list(islice(rows, _ROWS_AT_A_TIME))
    while True:
        columns = list(zip(*part, strict=True)) or [()] * len(kinds)
        yield pa.table(
            {
                name: decoded(values, kind, name)
                for (name, kind), values in zip(kinds.items(), columns, strict=True)
            }
        )
        part = list(islice(rows, _ROWS_AT_A_TIME))
        if not part:
            return
