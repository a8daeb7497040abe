"""Marks of histories that signals came too late for: the long tails that are being corrected.

A mark names a user, a view and an event time. Before that event time the history is true. From
there on the rows as seen and the newest state are right, and what is read as true of a moment may
lack signals that came late. The builder corrects the tail behind its batches and removes the mark
with the last row.

Nothing here begins or ends a transaction. Whoever writes a user's whole history anew, or removes
it, removes its marks in the same transaction.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from oo_profile.storage.chosen_users import ChosenUsers

_LOWER = """
    INSERT INTO late_tails (user_id, view_name, first_event_at) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET first_event_at = min(first_event_at, excluded.first_event_at)
"""


TABLES = ("late_tails",)
"""They have a `user_id`: whoever removes a person removes it there too."""


class TailMark(NamedTuple):
    """The history of a user and view is true before an event time, microseconds."""

    user_id: str
    view_name: str
    first_us: int


def lower_many(connection: sqlite3.Connection, marks: Iterable[TailMark]) -> None:
    """Set marks; of two for one user and view the earlier event time stays."""
    connection.executemany(_LOWER, marks)


def advance(connection: sqlite3.Connection, mark: TailMark) -> None:
    """Move a mark that is there, since the history before its event time is true now."""
    connection.execute(
        "UPDATE late_tails SET first_event_at = ? WHERE (user_id, view_name) = (?, ?)",
        (mark.first_us, mark.user_id, mark.view_name),
    )


def remove(connection: sqlite3.Connection, user_id: str, view_name: str | None = None) -> None:
    """Remove the mark of a user and view, or all of a user; none need be there."""
    connection.execute(
        "DELETE FROM late_tails WHERE user_id = ?1 AND view_name = coalesce(?2, view_name)",
        (user_id, view_name),
    )


def remove_many(connection: sqlite3.Connection, users: ChosenUsers, views: Iterable[str]) -> None:
    """Remove the marks of some users in these views."""
    connection.execute(
        "DELETE FROM late_tails "  # noqa: S608 - a condition of ours
        "WHERE view_name IN (SELECT value FROM json_each(?)) "
        f"AND {users.condition}",
        (json.dumps(list(views)), *users.arguments),
    )


def first_of(connection: sqlite3.Connection, user_id: str, view_name: str) -> int | None:
    """Return the event time, microseconds, of a mark; None without one: the history is true."""
    row = connection.execute(
        "SELECT first_event_at FROM late_tails WHERE (user_id, view_name) = (?, ?)",
        (user_id, view_name),
    ).fetchone()
    return None if row is None else int(row[0])


def next_after(
    connection: sqlite3.Connection, user_id: str, view_name: str, views: Iterable[str]
) -> TailMark | None:
    """Return the next mark of these views, by user and view; after the last comes the first."""
    row = connection.execute(
        "SELECT user_id, view_name, first_event_at FROM late_tails "
        "WHERE view_name IN (SELECT value FROM json_each(?)) "
        "ORDER BY (user_id, view_name) <= (?, ?), user_id, view_name LIMIT 1",
        (json.dumps(list(views)), user_id, view_name),
    ).fetchone()
    return None if row is None else TailMark(*row)


def marks(connection: sqlite3.Connection, user_ids: Iterable[str] | None = None) -> list[TailMark]:
    """List all marks, or those of some users, in the order of users and views."""
    chosen = None if user_ids is None else json.dumps(sorted(set(user_ids)))
    rows = connection.execute(
        "SELECT user_id, view_name, first_event_at FROM late_tails "
        "WHERE ?1 IS NULL OR user_id IN (SELECT value FROM json_each(?1)) "
        "ORDER BY user_id, view_name",
        (chosen,),
    )
    return [TailMark(*row) for row in rows]


def count(connection: sqlite3.Connection) -> int:
    """Count the users with a mark."""
    (users,) = connection.execute("SELECT count(DISTINCT user_id) FROM late_tails").fetchone()
    return int(users)
