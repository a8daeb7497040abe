"""Tables that can be asked for a key's newest row without reading all rows."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oo_stores.errors import DatabaseLockedError, DatabaseReadOnlyError
from oo_stores.sqlite.connection import quoted, reader, temporary_name, writer
from oo_stores.sqlite.tables.table_schema import TableSchema, index_statement
from oo_stores.sqlite.tables.time_columns import TimeColumns

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from oo_stores.sqlite.tables.table_schema import HasSchema

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SeekColumns:
    """The columns by which a table's newest rows are found, as the table calls them.

    Attributes:
        keys: The join keys; none for a view without entities.
        timestamp: The event time.
        created: The created time, None if there is none.
    """

    keys: tuple[str, ...]
    timestamp: str
    created: str | None

    @property
    def indexed(self) -> tuple[str, ...]:
        """The columns of an index that serves the seek, in its order."""
        return (*self.keys, *self.times)

    @property
    def times(self) -> tuple[str, ...]:
        """Event time and, if there is one, created time."""
        return (self.timestamp, self.created) if self.created else (self.timestamp,)

    def renamed(self, stored: Callable[[str], str]) -> SeekColumns:
        """Return the columns under other names."""
        return SeekColumns(
            keys=tuple(map(stored, self.keys)),
            timestamp=stored(self.timestamp),
            created=stored(self.created) if self.created else None,
        )

    @property
    def newest_first(self) -> str:
        """The SQL order in which the row that counts comes first."""
        return ", ".join(f"{quoted(column)} DESC" for column in self.times)


@dataclass(frozen=True, slots=True)
class SeekTable:
    """A table with an index to seek in.

    Attributes:
        source: The table's name in SQL: the table itself, or an indexed temporary copy.
        key_order: The join keys in the order of the index.
    """

    source: str
    key_order: tuple[str, ...]


def ensure_index(
    path: Path,
    table: str | HasSchema,
    columns: SeekColumns,
    busy_timeout_seconds: float,
    now: Callable[[], float] = time.monotonic,
) -> None:
    """Give a table the index that point-in-time seeks need, if it lacks one, and say so.

    Nothing happens to a SQL view, or to a file that cannot be written now: what is asked of it is
    scanned, which is slower and as correct.

    Raises:
        OfflineStoreError: The file or the table cannot be read.
    """
    with reader(path, busy_timeout_seconds=busy_timeout_seconds) as connection:
        if not isinstance(table, str) and _serves(table.declared(connection, path), columns):
            return
        # How the table holds its instants may take a look at all rows, so it comes last.
        schema = TableSchema.require(connection, table, path)
    if _serves(schema, columns):
        return
    began = now()
    listed = ", ".join(columns.indexed)
    try:
        with writer(path, busy_timeout_seconds=busy_timeout_seconds) as connection:
            connection.execute(index_statement(schema, columns.indexed))
    except (DatabaseReadOnlyError, DatabaseLockedError) as error:
        _logger.warning(
            "table %r of %s has no index on (%s) and is scanned: %s",
            schema.name,
            path,
            listed,
            error,
        )
    else:
        _logger.warning(
            "table %r of %s had no index for point-in-time reads: made one on (%s) in %.1f s",
            schema.name,
            path,
            listed,
            now() - began,
        )


def _serves(schema: TableSchema, columns: SeekColumns) -> bool:
    """Tell whether a table has the index already, or can have none."""
    return schema.is_view or schema.seek_key(columns.keys, columns.timestamp) is not None


def seek_table(
    connection: sqlite3.Connection,
    schema: TableSchema,
    columns: SeekColumns,
    features: Sequence[str],
) -> SeekTable:
    """Return the table to seek in: itself if it has an index, else a copy that has one.

    The copy lives as long as the connection, in SQLite's temporary storage.

    Args:
        connection: An open reader.
        schema: The table.
        columns: The columns to seek by.
        features: Further columns that will be read.

    Raises:
        ValueTypeError: A time is text or a blob in a column that counts instants. A table with an
            index is not looked through: see `stray_times`.
    """
    key_order = schema.seek_key(columns.keys, columns.timestamp)
    if key_order is not None:
        return SeekTable(schema.sql, key_order)
    copy = quoted(temporary_name("copy"))
    listed = ", ".join(map(quoted, dict.fromkeys((*columns.indexed, *features))))
    connection.execute(
        f"CREATE TEMP TABLE {copy} AS SELECT {listed} FROM {schema.sql}"  # noqa: S608  quoted
    )
    indexed = ", ".join(map(quoted, columns.indexed))
    connection.execute(f"CREATE INDEX temp.{quoted(temporary_name('seek'))} ON {copy} ({indexed})")
    _refuse_strays(connection, schema, columns, f"temp.{copy}")
    return SeekTable(f"temp.{copy}", columns.keys)


def _refuse_strays(
    connection: sqlite3.Connection, schema: TableSchema, columns: SeekColumns, copy: str
) -> None:
    """Refuse a time that is text or a blob, which no seek finds; see `stray_times`."""
    for column in columns.times:
        time = quoted(column)
        keys = "".join(f", {quoted(key)}" for key in columns.keys)
        statement = f"SELECT {time}{keys} FROM {copy} WHERE {time} >= '' LIMIT 1"  # noqa: S608  quoted
        for value, *found in connection.execute(statement):
            whose = dict(zip(columns.keys, found, strict=True))
            (where,) = connection.execute(
                "SELECT file FROM pragma_database_list WHERE name = 'main'"
            ).fetchone()
            raise TimeColumns(connection, schema, {}, where).stray(column, value, whose)
