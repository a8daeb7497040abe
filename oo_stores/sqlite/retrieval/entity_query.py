"""Entity rows that are given as a SQL query."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
from feast.errors import EntityTimestampInferenceException

from oo_stores.errors import QueryError, ValueTypeError
from oo_stores.sqlite.connection import reader
from oo_stores.sqlite.retrieval.entity_rows import DEFAULT_TIME_COLUMN, EntityRows
from oo_stores.sqlite.retrieval.slices import slices
from oo_stores.sqlite.tables.relation import Relation
from oo_stores.sqlite.tables.table_schema import TableSchema
from oo_stores.sqlite.types import column_type
from oo_stores.sqlite.values.codec import arrow_type

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def rows_of_query(path: Path, query: str, busy_timeout_seconds: float) -> EntityRows:
    """Run a query and return its rows, in its order, as entity rows.

    Nothing but one SELECT is run, on a connection that cannot write. Columns have the types of the
    columns that they come from, and expressions those of their values. The column of times is
    `event_timestamp`, else the only one whose declared type promises instants; it may be of any
    clear format of `oo_stores.sqlite.tables.time_formats`.

    Args:
        path: The database file.
        query: The query; it may begin with white space and end with `;`.
        busy_timeout_seconds: How long to wait for a writer.

    Raises:
        QueryError: The query is refused, or does not run.
        EntityTimestampInferenceException: It is not clear which column holds the times.
        OfflineStoreError: The file or a table is not there, or a value is not of its type.
    """
    if not query.strip():
        raise QueryError("the query of entity rows is empty; give one SELECT")
    relation = Relation("of entity rows", query=query)
    with reader(path, busy_timeout_seconds=busy_timeout_seconds) as connection:
        time_column = _time_column(relation.declared(connection, path).columns)
        relation = replace(relation, instants=(time_column,))
        schema = TableSchema.require(connection, relation, path)
        kinds = {column: schema.kind(column) for column in schema.columns}
        rows = connection.execute(f"SELECT * FROM {schema.sql}")  # noqa: S608  quoted
        table = pa.concat_tables(slices(rows, kinds))
    return EntityRows(table, time_column)


def _time_column(columns: Mapping[str, str]) -> str:
    if DEFAULT_TIME_COLUMN in columns:
        return DEFAULT_TIME_COLUMN
    instants = [column for column, declared in columns.items() if _promises_instants(declared)]
    if len(instants) != 1:
        raise EntityTimestampInferenceException(DEFAULT_TIME_COLUMN)
    return instants[0]


def _promises_instants(declared: str) -> bool:
    try:
        return bool(pa.types.is_timestamp(arrow_type(column_type(declared))))
    except ValueTypeError:
        return False
