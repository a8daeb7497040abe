"""A person's rows out of every table of the database.

Whatever table has a column `user_id` is covered, those of Feast's logs and saved datasets
included: a table that is added later needs no line here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oo_profile.privacy.mentions import Whose
from oo_profile.storage.database import power_cut_may_undo
from oo_profile.transport.message import Message
from oo_stores.sqlite.connection import quoted

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from oo_profile.privacy.mentions import Person
    from oo_profile.privacy.writing import PoliteWriter

USER_COLUMN = "user_id"
ROWS_AT_ONCE = 2000
"""Rows of one transaction: some ten milliseconds.

Fewer would be worse: with each commit of ours the builder loses what it has read of the file.
"""


@dataclass(frozen=True, slots=True)
class UserTable:
    """A table with rows of users.

    Attributes:
        name: Its name.
        key: The columns that tell its rows apart.
    """

    name: str
    key: tuple[str, ...]


def user_tables(connection: sqlite3.Connection) -> list[UserTable]:
    """List the tables that have a column `user_id`, in order of their names."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' "
        "ESCAPE '\\' ORDER BY name"
    ).fetchall()
    tables = []
    for (name,) in names:
        columns = connection.execute(f"PRAGMA table_info({quoted(name)})").fetchall()
        if any(column == USER_COLUMN for _, column, *_ in columns):
            key = sorted((place, column) for _, column, *_, place in columns if place)
            tables.append(UserTable(name, _key(connection, name, key)))
    return tables


def erase_rows(writer: PoliteWriter, user_id: str) -> dict[str, int]:
    """Delete a user's rows, some hundred at a time; return how many there were, by table.

    Raises:
        DatabaseError: Another writer held the file for too long; the same call may be made again.
    """
    connection = writer.connection
    # A builder cannot write while one of these waits for the disk.
    with power_cut_may_undo(connection):
        return {
            table.name: _erase(writer, table, _keys_of(connection, table, user_id))
            for table in user_tables(connection)
        }


def count_rows(connection: sqlite3.Connection, user_id: str) -> int:
    """Count a user's rows in all tables."""
    tables = user_tables(connection)
    return sum(len(_keys_of(connection, table, user_id)) for table in tables)


def erase_rejected(writer: PoliteWriter, person: Person) -> int:
    """Delete the rejected messages that are a person's; return how many there were.

    Raises:
        DatabaseError: As `erase_rows`.
    """
    table = UserTable("rejected_signals", ("stream_created_at", "stream_sequence"))
    return _erase(writer, table, rejected_of(writer.connection, person))


def rejected_of(connection: sqlite3.Connection, person: Person) -> list[tuple[object, ...]]:
    """List the keys of the rejected messages that are a person's."""
    rows = connection.execute(
        "SELECT stream_created_at, stream_sequence, subject, payload, received_at, detail "
        "FROM rejected_signals"
    )
    return [
        (created_at, sequence)
        for created_at, sequence, subject, payload, received_us, detail in rows
        if person.whose(Message(subject, payload, sequence, received_us)) is Whose.HIS
        # The head of a message of his may be all that was kept, without his id.
        or person.is_named_in(detail)
    ]


def _key(
    connection: sqlite3.Connection, name: str, primary: Sequence[tuple[int, str]]
) -> tuple[str, ...]:
    try:
        connection.execute(f"SELECT rowid FROM {quoted(name)} LIMIT 0")  # noqa: S608 - quoted
    except connection.OperationalError:
        # WITHOUT ROWID: then there is a primary key.
        return tuple(column for _, column in primary)
    return ("rowid",)


def _keys_of(
    connection: sqlite3.Connection, table: UserTable, user_id: str
) -> list[tuple[object, ...]]:
    # Read first, which holds up nobody: a table need not have an index of its users.
    return connection.execute(
        f"SELECT {', '.join(map(quoted, table.key))} FROM {quoted(table.name)} "  # noqa: S608
        f"WHERE {USER_COLUMN} = ?",
        (user_id,),
    ).fetchall()


def _erase(writer: PoliteWriter, table: UserTable, keys: Sequence[tuple[object, ...]]) -> int:
    where = " AND ".join(f"{quoted(column)} = ?" for column in table.key)
    statement = f"DELETE FROM {quoted(table.name)} WHERE {where}"  # noqa: S608 - quoted
    for start in range(0, len(keys), ROWS_AT_ONCE):
        some = keys[start : start + ROWS_AT_ONCE]
        writer.write(lambda some=some: writer.connection.executemany(statement, some))  # type: ignore[misc]
    return len(keys)
