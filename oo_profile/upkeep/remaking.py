"""A view's table made anew, because its view is declared otherwise than it was filled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_profile.errors import CheckpointError
from oo_profile.storage import (
    answered_tips,
    behind,
    checkpoints,
    definitions,
    tail_marks,
    tombstones,
)
from oo_profile.storage.chosen_users import UserRange
from oo_profile.storage.database import differs, has_table, transaction
from oo_profile.storage.user_ranges import BEHIND_ALL
from oo_profile.upkeep.sampling import users_anywhere

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence

    from oo_profile.building.replaying import Replayed
    from oo_profile.storage.state_table import StateTable

EVERYBODY = UserRange("", BEHIND_ALL)


def to_remake(connection: sqlite3.Connection, tables: Sequence[StateTable]) -> list[StateTable]:
    """List the tables that hold rows of another definition, have other columns, or are missing."""
    changed = definitions.changed(connection, [table.view for table in tables])
    return [table for table in tables if table.view in changed or differs(connection, table)]


def remake(
    connection: sqlite3.Connection,
    table: StateTable,
    replays: Callable[[bool], Iterable[Replayed]],
    *,
    drop_checkpoints: bool,
) -> int:
    """Put a table of the present definition in the place of another, in one transaction.

    Until it is committed the old table is what everybody reads, and a builder waits. Users are
    remembered as behind in Redis, and their profiles are due.

    Args:
        connection: Writes.
        table: The table as the view is declared now.
        replays: Gives, whether checkpoints count or not, what it must hold of all users; called
            once the lock is held.
        drop_checkpoints: Forget the states that stand for pruned signals, if there are any of
            another definition.

    Returns:
        The number of rows.

    Raises:
        CheckpointError: There are such states, and they are not to be forgotten.
    """
    rows = 0
    with transaction(connection):
        changed = bool(definitions.changed(connection, [table.view]))
        if changed:
            _drop_checkpoints(connection, table, allowed=drop_checkpoints)
        if has_table(connection, table.name):
            # Also those who will have no row any more.
            _mark(connection, users_anywhere(connection, [table.name]))
            connection.execute(f"DROP TABLE {table.name}")
        connection.execute(table.create_statement)
        for replayed in replays(not changed):
            own = replayed.rows[table.name]
            forgotten = tombstones.forgotten(connection, own)
            for user_id in forgotten:
                del own[user_id]
            table.insert_raw(connection, (row for user_id in sorted(own) for row in own[user_id]))
            rows += sum(map(len, own.values()))
            _mark(connection, own)
            if replayed.answers is not None:
                answers = answered_tips.without(replayed.answers, forgotten)
                answered_tips.swap(connection, replayed.users, answers)
        tail_marks.remove_many(connection, EVERYBODY, [table.name])
        definitions.record(connection, table.view)
    return rows


def _mark(connection: sqlite3.Connection, user_ids: Iterable[str]) -> None:
    users = list(user_ids)
    behind.insert_many(connection, users)
    connection.executemany(
        "INSERT OR IGNORE INTO profile_due (user_id) VALUES (?)",
        ((user_id,) for user_id in users),
    )


def _drop_checkpoints(connection: sqlite3.Connection, table: StateTable, *, allowed: bool) -> None:
    users = checkpoints.count(connection, table.view)
    if users and not allowed:
        raise CheckpointError(table.name, users)
    if users:
        checkpoints.delete_all(connection, table.view)
