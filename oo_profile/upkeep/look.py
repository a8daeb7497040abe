"""One look at some users: all of them in SQLite at one moment, and in Redis soon after."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oo_profile.building.replaying import Replayer
from oo_profile.storage import answered_tips, behind, signal_log, tail_marks
from oo_profile.storage.chosen_users import UserList
from oo_profile.storage.database import reading
from oo_profile.upkeep.profile_check import Owner

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

    from oo_profile.building.online import OnlineWriter
    from oo_profile.building.replaying import Replayed
    from oo_profile.building.view_history import UserRows
    from oo_profile.storage.state_table import RawRow, StateTable
    from oo_profile.upkeep.profile_check import ProfileRow
    from oo_stores.redis import StoredRow
    from oo_transforms.notes import Answers


@dataclass(frozen=True, slots=True)
class Look:
    """What was found of some users.

    Attributes:
        user_ids: Whom it is about.
        replayed: What the signals say.
        stored: The rows of each view, by view and user.
        answers: The answers that count, as they are kept.
        owners: Whose profile rows these are, and what they should be computed from.
        profiles: Their profile rows.
        online: What Redis has, by user and view.
        due: Users whose profile rows are about to be computed again.
        marked: Users and views whose late signals are still to be corrected.
        behind: Users who are remembered as behind in Redis.
    """

    user_ids: Sequence[str]
    replayed: Replayed
    stored: dict[str, UserRows]
    answers: Answers
    owners: dict[str, Owner]
    profiles: dict[str, list[ProfileRow]]
    online: dict[tuple[str, str], StoredRow | None]
    due: set[str]
    marked: set[tuple[str, str]]
    behind: set[str]

    def newest(self, user_id: str, view: str) -> RawRow | None:
        """Return the newest row of a user as the signals say."""
        rows = self.replayed.rows[view].get(user_id)
        return rows[-1] if rows else None


def look(
    path: Path, tables: Sequence[StateTable], online: OnlineWriter, user_ids: Sequence[str]
) -> Look:
    """Look at some users.

    SQLite is read in one transaction, so nothing in it can seem to disagree only because a
    builder is at work. Redis is written behind each commit, so it may be a moment behind, or, since
    it is read later, ahead.

    Raises:
        DatabaseError: SQLite refuses.
        OnlineServerError: Redis did not do what it was asked.
    """
    users = UserList.of(user_ids)
    with reading(path) as connection:
        replayed = Replayer(connection, tables).replay(users)
        stored = {table.name: _rows(connection, table, users) for table in tables}
        answers = answered_tips.of_users(connection, users)
        profiles = _profiles(connection, users)
        owners = {user: _owner(connection, tables, replayed, user) for user in user_ids}
        due = _users_in(connection, "profile_due", users)
        marked = {(mark.user_id, mark.view_name) for mark in tail_marks.marks(connection, user_ids)}
        late = _users_in(connection, behind.TABLE, users)
    asked = [(user_id, table.name) for user_id in user_ids for table in tables]
    found = dict(zip(asked, online.stored(asked), strict=True))
    return Look(user_ids, replayed, stored, answers, owners, profiles, found, due, marked, late)


def _rows(connection: sqlite3.Connection, table: StateTable, users: UserList) -> UserRows:
    found: UserRows = defaultdict(list)
    for row in table.raw_rows(connection, users):
        found[row[0]].append(row)
    return found


def _profiles(connection: sqlite3.Connection, users: UserList) -> dict[str, list[ProfileRow]]:
    found: dict[str, list[ProfileRow]] = defaultdict(list)
    statement = "SELECT user_id, feature_name, value, updated_at FROM profile WHERE"
    for user_id, *row in connection.execute(f"{statement} {users.condition}", users.arguments):
        found[user_id].append((row[0], row[1], row[2]))
    return found


def _owner(
    connection: sqlite3.Connection, tables: Sequence[StateTable], replayed: Replayed, user_id: str
) -> Owner:
    states = {
        table.name: table.version(rows[-1])
        for table in tables
        if (rows := replayed.rows[table.name].get(user_id))
    }
    return Owner(user_id, states, signal_log.newest_offset(connection, user_id) or 0)


def _users_in(connection: sqlite3.Connection, table: str, users: UserList) -> set[str]:
    statement = f"SELECT user_id FROM {table} WHERE"  # noqa: S608 - our own tables
    rows = connection.execute(f"{statement} {users.condition}", users.arguments)
    return {user_id for (user_id,) in rows}
