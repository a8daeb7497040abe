"""When each user was last active: a row a user, kept behind the batches with the profiles.

It lists users by their activity without a look at their histories. Nothing is computed from it,
and it may be a moment behind the states, which have the truth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

_PUT = """
    INSERT INTO user_activity (user_id, newest_event_at) VALUES (?, ?)
    ON CONFLICT (user_id) DO UPDATE SET newest_event_at = excluded.newest_event_at
    WHERE newest_event_at IS NOT excluded.newest_event_at
"""
_ORDERED = """
    SELECT newest_event_at, user_id FROM user_activity
    WHERE (newest_event_at, user_id) {compared} (?, ?)
    ORDER BY newest_event_at {order}, user_id {order} LIMIT ?
"""
_NEWEST_FIRST = _ORDERED.format(compared="<", order="DESC")
_OLDEST_FIRST = _ORDERED.format(compared=">", order="ASC")
_BEFORE_ALL, _BEHIND_ALL = (-(2**63), ""), (2**63 - 1, "")


def put_many(connection: sqlite3.Connection, newest_us: Iterable[tuple[str, int]]) -> None:
    """Set when users were last active, (user, microseconds) each, in the caller's transaction."""
    connection.executemany(_PUT, newest_us)


def ordered(
    connection: sqlite3.Connection,
    limit: int,
    *,
    after: tuple[int, str] | None = None,
    newest_first: bool = True,
) -> list[tuple[int, str]]:
    """List (microseconds, user) by activity, then id, from an index and without sorting.

    Args:
        connection: Where to read.
        limit: At most so many.
        after: Only those behind this place in the order.
        newest_first: The order; False: the longest inactive first.
    """
    if newest_first:
        return connection.execute(_NEWEST_FIRST, (*(after or _BEHIND_ALL), limit)).fetchall()
    return connection.execute(_OLDEST_FIRST, (*(after or _BEFORE_ALL), limit)).fetchall()
