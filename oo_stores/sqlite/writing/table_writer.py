"""Arrow tables into SQLite tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from oo_stores.errors import ColumnMissingError, SourceError
from oo_stores.sqlite.connection import DEFAULT_BUSY_TIMEOUT_SECONDS, quoted, writer
from oo_stores.sqlite.tables.table_schema import TableSchema
from oo_stores.sqlite.values.codec import encoded
from oo_stores.sqlite.writing.spool import kinds_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa

    from oo_stores.sqlite.values.column_type import ColumnType

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
        SourceError: The table has no name, or the data no columns or two of one name.
        ColumnMissingError: The key names a column that the data lacks, or the data a column that
            the existing table lacks.
        ValueTypeError: A column's type, or a value, that the table cannot hold.
        OfflineStoreError: The file cannot be written; see `oo_stores.errors`.
    """
    with writer(Path(path), busy_timeout_seconds=busy_timeout_seconds) as connection:
        if TableSchema.read(connection, table) is None:
            create_table(connection, table, kinds_of(data), key or ())
        insert_rows(connection, TableSchema.require(connection, table, path), data)
    return int(data.num_rows)


def create_table(
    connection: sqlite3.Connection,
    table: str,
    kinds: Mapping[str, ColumnType],
    key: Sequence[str] = (),
) -> None:
    """Make a table with columns of these kinds; for the key see `write_table`.

    Raises:
        SourceError: There are no columns, or the table has no name.
        ColumnMissingError: The key names a column that is not among them.
    """
    if not table:
        raise SourceError("a table that is to be made needs a name; it is empty")
    if not kinds:
        raise SourceError(f"table {table!r} needs at least one column; the data has none")
    if lacking := [column for column in key if column not in kinds]:
        raise ColumnMissingError(
            f"the key of table {table!r} names columns that the data lacks: {', '.join(lacking)}; "
            f"it has: {', '.join(kinds)}"
        )
    columns = [column_definition(name, kind) for name, kind in kinds.items()]
    if key:
        columns.append(f"PRIMARY KEY ({', '.join(map(quoted, key))})")
    options = " WITHOUT ROWID" if key else ""
    connection.execute(f"CREATE TABLE {quoted(table)} ({', '.join(columns)}){options}")


def column_definition(name: str, kind: ColumnType) -> str:
    """Return a column as CREATE and ALTER TABLE take it.

    >>> from oo_stores.sqlite.types import BIGINT, column_type
    >>> column_definition("visits", column_type(BIGINT))
    '"visits" BIGINT'
    """
    declared = kind.name if kind.name.isidentifier() else quoted(kind.name)
    return f"{quoted(name)} {declared}"


def insert_rows(
    connection: sqlite3.Connection,
    schema: TableSchema,
    data: pa.Table,
    progress: Callable[[int], Any] | None = None,
) -> None:
    """Insert rows; a row with the key of an earlier one replaces it.

    The key is the primary key, or without one the only columns that are declared UNIQUE. What is
    UNIQUE beside it is refused: to replace by that too would delete rows of other keys.

    Args:
        connection: A connection inside a transaction.
        schema: The table.
        data: The rows.
        progress: Called with the number of rows written since the last call.
    """
    names = data.column_names
    kinds = [schema.kind(name) for name in names]
    statement = _insert_statement(schema, names, _key(connection, schema.name))
    for start in range(0, data.num_rows, _ROWS_AT_A_TIME):
        part = data.slice(start, _ROWS_AT_A_TIME)
        columns = [
            encoded(part.column(number), kind, names[number]) for number, kind in enumerate(kinds)
        ]
        connection.executemany(statement, zip(*columns, strict=True))
        if progress:
            progress(part.num_rows)


def _key(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    primary = connection.execute(
        "SELECT name FROM pragma_table_info(?) WHERE pk ORDER BY pk", (table,)
    ).fetchall()
    if primary:
        return tuple(name for (name,) in primary)
    unique = connection.execute(
        'SELECT name FROM pragma_index_list(?) WHERE "unique" AND NOT partial', (table,)
    ).fetchall()
    if len(unique) != 1:
        return ()
    columns = connection.execute("SELECT name FROM pragma_index_info(?) ORDER BY seqno", unique[0])
    names = tuple(name for (name,) in columns)
    # An expression has no name, and a conflict in it no columns.
    return () if None in names else names


def _insert_statement(schema: TableSchema, names: Sequence[str], key: Sequence[str]) -> str:
    insert = (
        f"INSERT INTO {quoted(schema.name)} ({', '.join(map(quoted, names))})"  # noqa: S608  quoted
        f" VALUES ({', '.join('?' * len(names))})"
    )
    if not key:
        return insert
    # Columns that the rows lack too: the whole row is replaced.
    changes = [f"{quoted(c)} = excluded.{quoted(c)}" for c in schema.columns if c not in key]
    done = f"UPDATE SET {', '.join(changes)}" if changes else "NOTHING"
    return f"{insert} ON CONFLICT ({', '.join(map(quoted, key))}) DO {done}"
