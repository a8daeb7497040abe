"""Users whose ids are like one that nobody has."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator


def near_users(connection: sqlite3.Connection, user_id: str, limit: int = 5) -> list[str]:
    """List users whose ids share the longest prefix with an id, in order of their ids.

    Without any prefix in common they are the first of all.
    """
    for length in range(len(user_id), -1, -1):
        prefix = user_id[:length]
        found = list(itertools.islice(_users_from(connection, prefix), limit))
        if found and found[0].startswith(prefix):
            return [user for user in found if user.startswith(prefix)]
    return []


def _users_from(connection: sqlite3.Connection, first: str) -> Iterator[str]:
    """Give the users from an id on, one seek each: a user may have any number of signals."""
    row = connection.execute("SELECT min(user_id) FROM signals WHERE user_id >= ?", (first,))
    while (user := row.fetchone()[0]) is not None:
        yield user
        row = connection.execute("SELECT min(user_id) FROM signals WHERE user_id > ?", (user,))
