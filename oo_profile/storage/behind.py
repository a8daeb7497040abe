"""Users whose state in Redis is behind SQLite: remembered while Redis is away."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable


TABLE = "online_behind"
"""It has a `user_id`."""


def insert_many(connection: sqlite3.Connection, user_ids: Iterable[str]) -> None:
    """Remember users; one that is remembered already stays so."""
    connection.executemany(
        "INSERT OR IGNORE INTO online_behind (user_id) VALUES (?)",
        ((user_id,) for user_id in sorted(set(user_ids))),
    )


def first(connection: sqlite3.Connection, limit: int) -> list[str]:
    """List the first of them in order of their ids, at most `limit`."""
    rows = connection.execute(
        "SELECT user_id FROM online_behind ORDER BY user_id LIMIT ?", (limit,)
    )
    return [user_id for (user_id,) in rows]


def delete_many(connection: sqlite3.Connection, user_ids: Iterable[str]) -> None:
    """Forget users who have caught up."""
    connection.executemany(
        "DELETE FROM online_behind WHERE user_id = ?", ((user_id,) for user_id in user_ids)
    )


def count(connection: sqlite3.Connection) -> int:
    """Count them."""
    (number,) = connection.execute("SELECT count(*) FROM online_behind").fetchone()
    return int(number)
