"""What a source reads: a table, a SQL view or a query, and how its values are to be taken."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from typing import Final

from oo_stores.errors import ColumnMissingError, QueryError
from oo_stores.sqlite.connection import quoted, temporary_name
from oo_stores.sqlite.tables.column_values import values_of
from oo_stores.sqlite.tables.select_guard import check_select, is_about_text
from oo_stores.sqlite.tables.table_schema import TableSchema
from oo_stores.sqlite.tables.time_columns import with_instants
from oo_stores.sqlite.types import BIGINT, BLOB, INT

_COLUMNS: Final = "SELECT name, type FROM pragma_table_info(?, 'temp')"
_ANY: Final = frozenset({"", "ANY"})
# What SQLite 3.41 and later say of a view's expressions, by their affinity alone.
_ANY_OF_VIEWS: Final = frozenset({*_ANY, "NUM", "BLOB"})


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or a query with what a user stated about its columns, all by the table's names.

    It stands where a table's name may stand: `TableSchema.require` takes it.

    Attributes:
        name: The table's name; for a query what to call it.
        query: A SELECT; empty: the table.
        instants: The columns that are read as instants.
        formats: Of these, how they are stated to hold instants: column and word.
        types: Stated types: column and a word of `oo_stores.sqlite.types`.
    """

    name: str
    query: str = ""
    instants: tuple[str, ...] = ()
    formats: tuple[tuple[str, str], ...] = ()
    types: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Say what it is, for messages."""
        return f"query {self.name!r}" if self.query else f"table {self.name!r}"

    def declared(self, connection: sqlite3.Connection, where: object) -> TableSchema:
        """Return the schema as it is declared, without a look at any row.

        Columns without a declared type, such as a query's expressions, have an empty one.

        Args:
            connection: An open reader.
            where: The file, for messages.

        Raises:
            TableMissingError: There is no such table.
            QueryError: The query is refused, or SQLite cannot compile it.
        """
        if not self.query:
            return TableSchema.require(connection, self.name, where)
        what = f"the {self} of {where}"
        check_select(connection, self.query, what)
        view = temporary_name("query")
        try:
            # Nothing but a SELECT can stand here.
            connection.execute(f"CREATE TEMP VIEW {quoted(view)} AS\n{self.query}")
            columns = dict(connection.execute(_COLUMNS, (view,)).fetchall())
        except sqlite3.OperationalError as error:
            if not is_about_text(error):
                raise
            raise QueryError(f"{what} cannot be read: {error}; give one SELECT") from error
        return TableSchema(
            self.name, is_view=True, columns=columns, indexes=(), stand_in=f"temp.{quoted(view)}"
        )

    def schema(self, connection: sqlite3.Connection, where: object) -> TableSchema:
        """Return the schema with a type for each column: stated, declared or told from all values.

        Columns of instants come as integers that count a known unit: in the table itself if they
        are such integers there, else in a temporary view that makes them microseconds.

        Raises:
            ColumnMissingError: A stated type, or an instant, is of a column that there is not.
            ValueTypeError: How a column holds instants is neither stated nor clear.
            OfflineStoreError: As `declared`.
        """
        schema = self.declared(connection, where)
        stated = dict(self.types)
        self._require_columns(schema, (*stated, *self.instants))
        if schema.is_view:
            # SQLite 3.41 and later say INT of whole numbers of any size.
            stated = {c: BIGINT for c, word in schema.columns.items() if word == INT} | stated
        schema = replace(schema, columns={**schema.columns, **stated})
        schema = self._with_types_of_values(connection, schema)
        return with_instants(connection, schema, self.instants, dict(self.formats), where)

    def _require_columns(self, schema: TableSchema, names: tuple[str, ...]) -> None:
        if lacking := [name for name in names if name not in schema.columns]:
            raise ColumnMissingError(
                f"{self} has no column {lacking[0]!r}; it has: {', '.join(schema.columns)}"
            )

    def _with_types_of_values(
        self, connection: sqlite3.Connection, schema: TableSchema
    ) -> TableSchema:
        """Give columns without a declared type that of their values, where they are of one."""
        unsaid = _ANY_OF_VIEWS if schema.is_view else _ANY
        stated = {column for column, _ in self.types}
        untyped = [
            name
            for name, declared in schema.columns.items()
            if declared.upper() in unsaid and name not in {*stated, *self.instants}
        ]
        types: dict[str, str] = {}
        mixed: dict[str, str] = {}
        for column, values in values_of(connection, schema.sql, untyped).items():
            declared = values.declared()
            if not values.count and schema.columns[column].upper() == BLOB:
                declared = BLOB
            types[column] = declared or ""
            if declared is None:
                mixed[column] = str(values)
        return replace(schema, columns={**schema.columns, **types}, untyped=mixed)
