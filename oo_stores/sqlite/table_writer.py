"""Arrow tables into SQLite tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from oo_stores.errors import ColumnMissingError, SourceError
from oo_stores.sqlite.codec import column_type_for, encoded
from oo_stores.sqlite.connection import DEFAULT_BUSY_TIMEOUT_SECONDS, quoted, writer
from oo_stores.sqlite.table_schema import TableSchema

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    import pyarrow as pa

_ROWS_AT_A_TIME = 20_000


def write_table(
    path: str | Path,
    table: str,
    data: pa.Table,
    key: Sequence[str] | None = None,
    *,
    busy_timeout_seconds: float = DEFAULT_BUSY_TIMEOUT_SECONDS,
) -> int:
    """Write the rows of an Arrow table into a SQLite table, all of them or none.

    A missing file is made (WAL mode), and so is a missing table, with the declared column types of
    `oo_stores.sqlite.types`. An existing table keeps its columns and its key, and takes the rows
    in addition.

    Args:
        path: The database file.
        table: The table's name.
        data: The rows. Column order does not matter for an existing table; naive instants are UTC.
        key: Columns of the primary key, join keys first, then event time, then created time: the
            order in which point-in-time reads seek. The table is then made `WITHOUT ROWID`, and a
            row replaces an earlier one of the same key. None: rows are only ever added.
        busy_timeout_seconds: How long to wait for another writer.

    Returns:
        The number of rows written.

    Raises:
        ColumnMissingError: The key names a column that the data lacks, or the data a column that
            the existing table lacks.
        ValueTypeError: A column's type, or a value, that the table cannot hold.
        OfflineStoreError: The file cannot be written; see `oo_stores.errors`.
    """
    with writer(Path(path), busy_timeout_seconds=busy_timeout_seconds) as connection:
        if TableSchema.read(connection, table) is None:
            create_table(connection, table, data, key or ())
        insert_rows(connection, TableSchema.require(connection, table, path), data)
    return int(data.num_rows)


def create_table(
    connection: sqlite3.Connection, table: str, data: pa.Table, key: Sequence[str] = ()
) -> None:
    """Make a table whose columns hold what an Arrow table's columns hold."""
    if not data.column_names:
        raise SourceError(f"table {table!r} needs at least one column; the data has none")
    if lacking := [column for column in key if column not in data.column_names]:
        raise ColumnMissingError(
            f"the key of table {table!r} names columns that the data lacks: {', '.join(lacking)}; "
            f"it has: {', '.join(data.column_names)}"
        )
    columns = [
        f"{quoted(name)} {column_type_for(data.column(name), name).name}"
        for name in data.column_names
    ]
    if key:
        columns.append(f"PRIMARY KEY ({', '.join(map(quoted, key))})")
    options = " WITHOUT ROWID" if key else ""
    connection.execute(f"CREATE TABLE {quoted(table)} ({', '.join(columns)}){options}")


def insert_rows(
    connection: sqlite3.Connection,
    schema: TableSchema,
    data: pa.Table,
    progress: Callable[[int], Any] | None = None,
) -> None:
    """Insert rows; a row with the primary key of an earlier one replaces it.

    Args:
        connection: A connection inside a transaction.
        schema: The table.
        data: The rows.
        progress: Called with the number of rows written since the last call.
    """
    names = data.column_names
    kinds = [schema.kind(name) for name in names]
    statement = (
        f"INSERT OR REPLACE INTO {quoted(schema.name)} ({', '.join(map(quoted, names))})"  # noqa: S608  quoted
        f" VALUES ({', '.join('?' * len(names))})"
    )
    for start in range(0, data.num_rows, _ROWS_AT_A_TIME):
        part = data.slice(start, _ROWS_AT_A_TIME)
        columns = [
            encoded(part.column(number), kind, names[number]) for number, kind in enumerate(kinds)
        ]
        connection.executemany(statement, zip(*columns, strict=True))
        if progress:
            progress(part.num_rows)
