"""A result, slice by slice, into a table of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from feast.errors import SavedDatasetLocationAlreadyExists

from oo_stores.sqlite.connection import DEFAULT_BUSY_TIMEOUT_SECONDS, quoted, reader, writer
from oo_stores.sqlite.tables.table_schema import TableSchema
from oo_stores.sqlite.writing.spool import spooled
from oo_stores.sqlite.writing.table_writer import create_table, insert_rows

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    import pyarrow as pa

    from oo_stores.sqlite.values.column_type import ColumnType


@dataclass(frozen=True, slots=True)
class ResultTable:
    """A table that is to hold a result.

    Attributes:
        path: The database file; made if it is missing.
        name: The table.
        may_replace: Whether a table of that name may be replaced.
        busy_timeout_seconds: How long to wait for another writer.
    """

    path: Path
    name: str
    may_replace: bool = False
    busy_timeout_seconds: float = DEFAULT_BUSY_TIMEOUT_SECONDS

    def write(self, slices: Iterable[pa.Table], keys: Collection[str] | None = None) -> int:
        """Write a result; on any error a table that was there stays as it was.

        The slices go to a temporary file first: a query may take long, and others write to the
        database meanwhile; and it may read the very table that it replaces. So neither memory nor
        the time of the lock grows with the query.

        Args:
            slices: The result: at least one slice, all of one schema.
            keys: The columns that stand beside the rows' times, by which the times are known: they
                are the first column that is none of these. The table has it first, since a saved
                dataset is read back by its first column of instants. None: no column is moved.

        Returns:
            The number of rows.

        Raises:
            SavedDatasetLocationAlreadyExists: The table is there and may not be replaced; the
                query is not run.
            OfflineStoreError: The file cannot be written; see `oo_stores.errors`.
        """
        if self.path.exists():
            with reader(self.path, busy_timeout_seconds=self.busy_timeout_seconds) as connection:
                self._is_there(connection)
        rows = 0
        with (
            spooled(slices) as spool,
            writer(self.path, busy_timeout_seconds=self.busy_timeout_seconds) as connection,
        ):
            # Again: it may have been made while the query ran.
            if self._is_there(connection):
                connection.execute(f"DROP TABLE {quoted(self.name)}")
            create_table(connection, self.name, _time_first(spool.kinds, keys))
            schema = TableSchema.require(connection, self.name, self.path)
            for part in spool.parts():
                insert_rows(connection, schema, part)
                rows += part.num_rows
        return rows

    def _is_there(self, connection: sqlite3.Connection) -> bool:
        """Tell whether there is such a table; refuse if it may not be replaced."""
        is_there = TableSchema.read(connection, self.name) is not None
        if is_there and not self.may_replace:
            raise SavedDatasetLocationAlreadyExists(f"{self.name} in {self.path}")
        return is_there


def _time_first(
    kinds: Mapping[str, ColumnType], keys: Collection[str] | None
) -> Mapping[str, ColumnType]:
    if keys is None:
        return kinds
    times = [name for name in kinds if name not in keys][:1]
    return {name: kinds[name] for name in (*times, *kinds)}
