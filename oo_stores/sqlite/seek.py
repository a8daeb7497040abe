"""Tables that can be asked for a key's newest row without reading all rows."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oo_stores.errors import DatabaseLockedError, DatabaseReadOnlyError
from oo_stores.sqlite.connection import quoted, reader, writer
from oo_stores.sqlite.table_schema import TableSchema, index_statement

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

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
        return (*self.keys, self.timestamp, *((self.created,) if self.created else ()))

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
        times = (self.timestamp, self.created) if self.created else (self.timestamp,)
        return ", ".join(f"{quoted(column)} DESC" for column in times)


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
    table: str,
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
        schema = TableSchema.require(connection, table, path)
    if schema.is_view or schema.seek_key(columns.keys, columns.timestamp) is not None:
        return
    began = now()
    listed = ", ".join(columns.indexed)
    try:
        with writer(path, busy_timeout_seconds=busy_timeout_seconds) as connection:
            connection.execute(index_statement(schema, columns.indexed))
    except (DatabaseReadOnlyError, DatabaseLockedError) as error:
        _logger.warning(
            "table %r of %s has no index on (%s) and is scanned: %s", table, path, listed, error
        )
    else:
        _logger.warning(
            "table %r of %s had no index for point-in-time reads: made one on (%s) in %.1f s",
            table,
            path,
            listed,
            now() - began,
        )


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
    """
    key_order = schema.seek_key(columns.keys, columns.timestamp)
    if key_order is not None:
        return SeekTable(quoted(schema.name), key_order)
    (number,) = connection.execute("SELECT count(*) FROM sqlite_temp_master").fetchone()
    copy = quoted(f"copy_{number}")
    listed = ", ".join(map(quoted, dict.fromkeys((*columns.indexed, *features))))
    connection.execute(
        f"CREATE TEMP TABLE {copy} AS SELECT {listed} FROM main.{quoted(schema.name)}"  # noqa: S608  quoted
    )
    indexed = ", ".join(map(quoted, columns.indexed))
    connection.execute(f"CREATE INDEX temp.{quoted(f'seek_{number}')} ON {copy} ({indexed})")
    return SeekTable(f"temp.{copy}", columns.keys)
