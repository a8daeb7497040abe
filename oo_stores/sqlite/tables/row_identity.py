"""What tells a table's row from all others, and finds it at once."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from oo_stores.sqlite.connection import quoted

if TYPE_CHECKING:
    from oo_stores.sqlite.tables.table_schema import TableSchema

_ROW_IDS = ("rowid", "_rowid_", "oid")


def row_identity(
    connection: sqlite3.Connection, schema: TableSchema, source: str
) -> tuple[str, ...]:
    """Return the columns that tell a row from all others: the row id, or the primary key.

    Args:
        connection: An open connection.
        schema: The table.
        source: The table in SQL: it, or a temporary copy of it.

    Returns:
        The columns in SQL, never null in any row; none if columns of the table's own have taken all
        names of its row id.
    """
    declared = connection.execute("SELECT name, pk FROM pragma_table_xinfo(?)", (schema.name,))
    keyed = dict(declared.fetchall())
    taken = {name.lower() for name in (*keyed, *schema.columns)}
    free = [name for name in _ROW_IDS if name not in taken]
    if not free:
        return ()
    try:
        connection.execute(f"SELECT {free[0]} FROM {source} LIMIT 0")  # noqa: S608  quoted
    except sqlite3.OperationalError:
        # WITHOUT ROWID: there is a primary key then, and none of its columns is null.
        primary = sorted((place, name) for name, place in keyed.items() if place)
        return tuple(quoted(name) for _, name in primary)
    return (free[0],)
