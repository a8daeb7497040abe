"""All rows of a time range, or each key's newest one: what materialisation reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oo_stores.sqlite.connection import quoted, reader
from oo_stores.sqlite.retrieval.newest import (
    ROWS_OF_A_KEY_TO_SEEK,
    has_long_histories,
    numbered,
    sought,
)
from oo_stores.sqlite.retrieval.slices import slices
from oo_stores.sqlite.tables.instants import at_least, at_most
from oo_stores.sqlite.tables.row_identity import row_identity
from oo_stores.sqlite.tables.seek import SeekColumns, ensure_index, seek_table
from oo_stores.sqlite.tables.table_schema import TableSchema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    import pyarrow as pa

    from oo_stores.sqlite.tables.table_schema import HasSchema
    from oo_stores.sqlite.values.column_type import ColumnType


@dataclass(frozen=True, slots=True)
class Pull:
    """Which rows and columns to read.

    Attributes:
        path: The database file.
        table: The table's name, or what stands for one.
        columns: Join keys and times, as the table calls them.
        selected: The columns to return, in this order: from the result's names to the table's.
        start: The first event time, inclusive; None: no lower end.
        end: The last event time, inclusive; None: no upper end.
    """

    path: Path
    table: str | HasSchema
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
            f"SELECT {_listed(pull)} FROM {schema.sql} WHERE {condition}",  # noqa: S608  quoted
            ends,
        )
        yield from slices(rows, kinds)


def newest_rows(
    pull: Pull, busy_timeout_seconds: float, rows_of_a_key_to_seek: float = ROWS_OF_A_KEY_TO_SEEK
) -> Iterator[pa.Table]:
    """Yield each key's newest row in the range in slices; at least one slice, maybe an empty one.

    Of rows with one event time the later created is the newest. The cost is that of two seeks a
    key, however long the history is; where keys have few rows, that of reading all. Rows with a
    missing join key are of nobody and left out.

    Args:
        pull: Which rows and columns to read.
        busy_timeout_seconds: How long to wait for another writer.
        rows_of_a_key_to_seek: From how many rows of a key on its newest is sought.
    """
    ensure_index(pull.path, pull.table, pull.columns, busy_timeout_seconds)
    with reader(pull.path, busy_timeout_seconds=busy_timeout_seconds) as connection:
        schema = TableSchema.require(connection, pull.table, pull.path)
        kinds = _kinds(pull, schema)
        listed = tuple(pull.selected.values())
        source = seek_table(connection, schema, pull.columns, listed)
        condition, ends = _range(pull, schema)
        identity = row_identity(connection, schema, source.source)
        if identity and has_long_histories(connection, source, rows_of_a_key_to_seek):
            statement = sought(source, pull.columns, listed, condition, identity)
        else:
            statement = numbered(source, pull.columns, listed, condition)
        yield from slices(connection.execute(statement, ends), kinds)


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
        # Text and blobs sort behind all numbers: they are read too, and refused as what they are.
        conditions.append(f"({quoted(column)} <= ? OR {quoted(column)} >= '')")
        ends.append(at_most(pull.end, unit))
    return " AND ".join(conditions), ends


def _kinds(pull: Pull, schema: TableSchema) -> dict[str, ColumnType]:
    return {name: schema.kind(column) for name, column in pull.selected.items()}


def _listed(pull: Pull) -> str:
    return ", ".join(map(quoted, pull.selected.values()))
