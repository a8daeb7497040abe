"""The newest event time of a table, found by SQLite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from oo_stores.sqlite.connection import quoted, reader
from oo_stores.sqlite.tables.table_schema import TableSchema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oo_stores.sqlite.retrieval.pull import Pull


def newest_event(pull: Pull, busy_timeout_seconds: float) -> Iterator[pa.Table]:
    """Yield one row with the newest event time of all rows, null if no row has one.

    The range of the pull is not looked at.
    """
    name = pull.columns.timestamp
    with reader(pull.path, busy_timeout_seconds=busy_timeout_seconds) as connection:
        schema = TableSchema.require(connection, pull.table, pull.path)
        instant = pa.timestamp(schema.instant_kind(name).timestamp_unit, tz="UTC")
        row = connection.execute(f"SELECT MAX({quoted(name)}) FROM {schema.sql}").fetchone()  # noqa: S608  quoted
        yield pa.table({name: pa.array(row, pa.int64()).cast(instant)})
