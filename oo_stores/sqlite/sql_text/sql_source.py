"""What a source reads, as SQL text that needs nothing but the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oo_stores.errors import UnsupportedError
from oo_stores.sqlite.connection import quoted
from oo_stores.sqlite.tables.relation import Relation
from oo_stores.sqlite.tables.table_schema import TableSchema
from oo_stores.sqlite.tables.time_columns import with_instants

if TYPE_CHECKING:
    import sqlite3

    from oo_stores.sqlite.tables.table_schema import HasSchema


@dataclass(frozen=True, slots=True)
class SqlSource:
    """A table or a query as it may stand behind FROM.

    Attributes:
        sql: The text.
        schema: The columns.
    """

    sql: str
    schema: TableSchema

    @classmethod
    def read(
        cls, connection: sqlite3.Connection, table: str | HasSchema, where: object
    ) -> SqlSource:
        """Return a table, or what stands for one.

        Raises:
            UnsupportedError: It exists only on a connection of the store's: its instants are
                stored as text or REAL, which functions of the store's read.
            OfflineStoreError: It is not there or cannot be read.
        """
        schema = TableSchema.require(connection, table, where)
        if not isinstance(table, Relation):
            return cls(quoted(schema.name), schema)
        declared = table.declared(connection, where)
        counted = with_instants(connection, declared, table.instants, dict(table.formats), where)
        if counted.stand_in != declared.stand_in:
            raise UnsupportedError(
                f"{table} of {where} holds instants as text or REAL, which no SELECT compares "
                f"exactly; keep the result with persist, or store them as integers (TIMESTAMP_US)"
            )
        if not declared.stand_in:
            return cls(quoted(schema.name), schema)
        return cls(f"(\n{_query_of(connection, declared.stand_in)}\n)", schema)

    def unit(self, column: str) -> str:
        """Return the unit in which a column counts instants."""
        return self.schema.instant_kind(column).timestamp_unit


def _query_of(connection: sqlite3.Connection, view: str) -> str:
    """Return the query of a temporary view, without the semicolon that a user may have put."""
    name = view.removeprefix('temp."').removesuffix('"')
    (made,) = connection.execute(
        "SELECT sql FROM sqlite_temp_master WHERE name = ?", (name,)
    ).fetchone()
    query: str = made.partition(" AS\n")[2]
    return query
