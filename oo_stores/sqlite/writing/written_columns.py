"""Rows that Feast writes, in the form in which their table holds instants."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from oo_stores.errors import SourceError
from oo_stores.sqlite.tables.time_columns import TimeColumns
from oo_stores.sqlite.tables.time_formats import INTEGER_FORMATS, ISO8601
from oo_stores.sqlite.types import DOUBLE, TIMESTAMP_TEXT

if TYPE_CHECKING:
    import sqlite3

    from oo_stores.sqlite.tables.relation import Relation
    from oo_stores.sqlite.tables.table_schema import TableSchema


def written_schema(
    connection: sqlite3.Connection, relation: Relation, where: object
) -> TableSchema:
    """Return a table's schema with types that say how its instants are stored.

    REAL seconds are said to be DOUBLE; see `written_rows`.

    Args:
        connection: An open writer.
        relation: The table.
        where: The file, for messages.

    Raises:
        SourceError: It is a query or a SQL view, which cannot be written.
        ValueTypeError: How a column holds instants is neither stated nor clear.
        OfflineStoreError: There is no such table, or it cannot be read.
    """
    if relation.query:
        raise SourceError(
            f"the {relation} of {where} cannot be written; write the tables that it reads, or "
            f"give the feature view a source over a table"
        )
    schema = relation.declared(connection, where)
    if schema.is_view:
        raise SourceError(f"{schema.name!r} of {where} is a SQL view; write the tables it reads")
    times = TimeColumns(connection, schema, dict(relation.formats), where)
    types = {}
    for column in relation.instants:
        word = times.format_for_writing(column)
        types[column] = INTEGER_FORMATS.get(word, TIMESTAMP_TEXT if word == ISO8601 else DOUBLE)
    return replace(schema, columns={**schema.columns, **dict(relation.types), **types})


def written_rows(rows: pa.Table, relation: Relation, schema: TableSchema) -> pa.Table:
    """Return rows, with seconds since 1970 in place of instants that their table holds as REAL."""
    for column in relation.instants:
        number = rows.column_names.index(column)
        if schema.columns[column] == DOUBLE and pa.types.is_timestamp(rows.column(number).type):
            instants = rows.column(number).cast(pa.timestamp("us", tz="UTC"), safe=False)
            seconds = pc.divide(instants.cast(pa.int64()).cast(pa.float64()), 1e6)
            rows = rows.set_column(number, column, seconds)
    return rows
