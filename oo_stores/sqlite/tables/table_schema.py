"""What a database says about one of its tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from oo_stores.errors import ColumnMissingError, TableMissingError, ValueTypeError
from oo_stores.sqlite.connection import quoted
from oo_stores.sqlite.types import column_type

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from oo_stores.sqlite.values.column_type import ColumnType


class HasSchema(Protocol):
    """Protocol of what stands where a table's name may stand and knows its own schema."""

    @property
    def name(self) -> str:
        """What it is called in messages."""

    def declared(self, connection: sqlite3.Connection, where: object) -> TableSchema:
        """Return its schema as it is declared, without a look at any row."""

    def schema(self, connection: sqlite3.Connection, where: object) -> TableSchema:
        """Return its schema as this connection can read it."""


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A table's columns and indexes.

    Attributes:
        name: The table's name; a query's source's name.
        is_view: Whether it is a SQL view or a query, which can have no index.
        columns: Type of each column in the words of `oo_stores.sqlite.types` or as declared, in
            the table's order.
        indexes: The columns of each index that covers all rows, the primary key among them.
        stand_in: What stands behind FROM in place of the table; empty: the table itself.
        untyped: Why a column has no type that its values allow, for the columns without one.
    """

    name: str
    is_view: bool
    columns: Mapping[str, str]
    indexes: tuple[tuple[str, ...], ...]
    stand_in: str = ""
    untyped: Mapping[str, str] = field(default_factory=dict)

    @property
    def sql(self) -> str:
        """What stands behind FROM: the table in SQL, or what the connection reads in its place."""
        return self.stand_in or f"main.{quoted(self.name)}"

    @classmethod
    def read(cls, connection: sqlite3.Connection, table: str) -> TableSchema | None:
        """Return a table's schema, None if the database has no such table. Only reads.

        Hidden and generated columns are left out: nobody can write them.
        """
        found = connection.execute(
            "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')"
            " AND name = ? COLLATE NOCASE",
            (table,),
        ).fetchone()
        if found is None:
            return None
        name, kind = found
        columns = connection.execute("SELECT name, type FROM pragma_table_info(?)", (name,))
        return cls(name, kind == "view", dict(columns.fetchall()), _indexes(connection, name))

    @classmethod
    def require(
        cls, connection: sqlite3.Connection, table: str | HasSchema, where: object
    ) -> TableSchema:
        """Return the schema of a table, or of what stands for one.

        Args:
            connection: An open connection.
            table: The table's name, or a `Relation`.
            where: The file, for the message.

        Raises:
            TableMissingError: There is no such table; the message lists those there are.
        """
        if not isinstance(table, str):
            return table.schema(connection, where)
        schema = cls.read(connection, table)
        if schema is not None:
            return schema
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
        )
        known = ", ".join(name for (name,) in names) or "none (was it copied without its -wal?)"
        raise TableMissingError(
            f"{where} has no table {table!r}; it has: {known}. Write the table first, or correct "
            f"the source's table name"
        )

    def kind(self, column: str) -> ColumnType:
        """Return what a column holds.

        Raises:
            ColumnMissingError: The table has no such column; the message lists those there are.
            ValueTypeError: Its declared type does not say how values are stored.
        """
        if column not in self.columns:
            raise ColumnMissingError(
                f"table {self.name!r} has no column {column!r}; it has: {', '.join(self.columns)}"
            )
        if column in self.untyped:
            raise ValueTypeError(
                f"table {self.name!r}, column {column!r} declares no type and holds "
                f"{self.untyped[column]}; CAST it in the query or view, or state its type in the "
                f"source, as column_types={{{column!r}: 'DOUBLE'}}"
            )
        try:
            return column_type(self.columns[column])
        except ValueTypeError as error:
            raise ValueTypeError(f"table {self.name!r}, column {column!r}: {error}") from error

    def instant_kind(self, column: str) -> ColumnType:
        """Return what a column of instants holds.

        Raises:
            ValueTypeError: Its declared type does not say in which unit it counts.
        """
        kind = self.kind(column)
        if kind.timestamp_unit and not kind.is_list:
            return kind
        raise ValueTypeError(
            f"table {self.name!r}, column {column!r} is declared {self.columns[column]!r}, which "
            f"does not say in which unit it counts instants; state it with timestamp_format in the "
            f"source, or declare it TIMESTAMP_US (INTEGER microseconds since 1970 in UTC), "
            f"TIMESTAMP_S, TIMESTAMP_MS or TIMESTAMP_NS"
        )

    def seek_key(self, keys: Sequence[str], timestamp: str) -> tuple[str, ...] | None:
        """Return the keys in the order of an index that finds a key's newest row at once.

        Such an index begins with the keys, in any order, and goes on with the timestamp.

        Returns:
            None if there is no such index.
        """
        for index in self.indexes:
            head, rest = index[: len(keys)], index[len(keys) :]
            if set(head) == set(keys) and rest[:1] == (timestamp,):
                return head
        return None


def _indexes(connection: sqlite3.Connection, table: str) -> tuple[tuple[str, ...], ...]:
    # A partial index does not know all rows. An expression in an index has no name.
    names = connection.execute(
        "SELECT name FROM pragma_index_list(?) WHERE NOT partial", (table,)
    ).fetchall()
    statement = "SELECT name FROM pragma_index_info(?) ORDER BY seqno"
    return tuple(
        tuple(column for (column,) in connection.execute(statement, index)) for index in names
    )


def index_statement(schema: TableSchema, columns: Sequence[str]) -> str:
    """Return the SQL that makes the index for point-in-time seeks over these columns."""
    name = quoted("_".join(("ix", schema.name, *columns)))
    listed = ", ".join(map(quoted, columns))
    return f"CREATE INDEX IF NOT EXISTS {name} ON {quoted(schema.name)} ({listed})"
