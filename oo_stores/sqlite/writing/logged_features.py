"""Logs of served features, into a table that grows with the service."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet

from oo_stores.errors import ColumnMissingError, SourceError
from oo_stores.sqlite.connection import quoted, writer
from oo_stores.sqlite.tables.table_schema import TableSchema, index_statement
from oo_stores.sqlite.writing.spool import kinds_of
from oo_stores.sqlite.writing.table_writer import column_definition, create_table, insert_rows

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

_ROWS_AT_A_TIME = 20_000


@dataclass(frozen=True, slots=True)
class LogTable:
    """A table of logs.

    Attributes:
        path: The database file.
        table: The table.
        schema: The columns that the service logs now.
        timestamp: The one of them that holds the time of the log.
    """

    path: Path
    table: str
    schema: pa.Schema
    timestamp: str


def write_logs(into: LogTable, logs: pa.Table | Path, busy_timeout_seconds: float) -> int:
    """Add logs to a table, all of them or none.

    A missing table is made, with an index on the time; columns that it lacks are added. A log that
    lacks a column has null there: an older version of the service wrote it. Files are read in
    pieces, so memory does not grow with them.

    Args:
        into: The table.
        logs: The logs, or a parquet file, or a folder of such files.
        busy_timeout_seconds: How long to wait for another writer.

    Returns:
        The number of rows written.

    Raises:
        FileNotFoundError: There is no such file or folder.
        ColumnMissingError: Logs lack the column of their time.
        SourceError: The table is there and holds something else than logs.
        ValueTypeError: A value that its column cannot hold.
        OfflineStoreError: The file cannot be written; see `oo_stores.errors`.
    """
    parts = _parts(_files(logs)) if isinstance(logs, Path) else iter([logs])
    rows = 0
    with writer(into.path, busy_timeout_seconds=busy_timeout_seconds) as connection:
        _ensure_table(connection, into)
        for part in parts:
            if into.timestamp not in part.column_names:
                raise ColumnMissingError(
                    f"logs for table {into.table!r} lack the column of their time, "
                    f"{into.timestamp!r}; they have: {', '.join(part.column_names)}"
                )
            _add_columns(connection, into, part.schema)
            insert_rows(connection, _present(connection, into), part)
            rows += part.num_rows
    return rows


def _files(logs: Path) -> list[str]:
    # Arrow leaves out what begins with a dot or an underscore, and names what is missing.
    found: list[str] = pyarrow.dataset.dataset(logs, format="parquet").files
    return found


def _parts(files: list[str]) -> Iterator[pa.Table]:
    # File by file: two versions of a service may have left files of two schemas.
    for file in files:
        with pyarrow.parquet.ParquetFile(file) as parquet:
            for batch in parquet.iter_batches(_ROWS_AT_A_TIME):
                yield pa.Table.from_batches([batch])


def _ensure_table(connection: sqlite3.Connection, into: LogTable) -> None:
    schema = TableSchema.read(connection, into.table)
    if schema is None:
        create_table(connection, into.table, kinds_of(into.schema.empty_table()))
        connection.execute(index_statement(_present(connection, into), (into.timestamp,)))
    elif into.timestamp not in schema.columns:
        raise SourceError(
            f"table {into.table!r} of {into.path} holds no logs: it lacks the column "
            f"{into.timestamp!r}; give the logging destination a table of its own"
        )
    _add_columns(connection, into, into.schema)


def _add_columns(connection: sqlite3.Connection, into: LogTable, wanted: pa.Schema) -> None:
    known = _present(connection, into).columns
    for name, kind in kinds_of(wanted.empty_table()).items():
        if name not in known:
            added = column_definition(name, kind)
            connection.execute(f"ALTER TABLE {quoted(into.table)} ADD COLUMN {added}")


def _present(connection: sqlite3.Connection, into: LogTable) -> TableSchema:
    return TableSchema.require(connection, into.table, into.path)
