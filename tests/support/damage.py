"""A person's rows and Redis hash spoilt by hand, as a slip of an operator would."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, cast

import redis

from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    from pathlib import Path

LATER_US = 1_000_000_000
BUSY_SECONDS = 60.0

Rows = dict[str, list[tuple[object, ...]]]
"""A person's rows by view, in order."""


def rows_of(db: Path, user_id: str) -> Rows:
    """Read all rows of a person, as of one moment."""
    with closing(sqlite3.connect(db, timeout=BUSY_SECONDS)) as connection:
        connection.execute("BEGIN")
        return {
            view.name: connection.execute(
                f"SELECT * FROM {view.name} WHERE user_id = ? ORDER BY 2, 3", (user_id,)
            ).fetchall()
            for view in STATE_VIEWS
        }


def signals_of(db: Path, user_id: str) -> int:
    """Count the stored signals of a person."""
    with closing(sqlite3.connect(db, timeout=BUSY_SECONDS)) as connection:
        row = connection.execute("SELECT count(*) FROM signals WHERE user_id = ?", (user_id,))
        return int(row.fetchone()[0])


def damage(db: Path, redis_address: str, user_id: str) -> None:
    """Spoil rows and hash: some gone, some changed, some with later anchors than there ever were.

    Args:
        db: The builder's database.
        redis_address: "host:port".
        user_id: Whose.
    """
    with closing(sqlite3.connect(db, timeout=BUSY_SECONDS)) as connection, connection:
        connection.execute(
            "DELETE FROM task_state WHERE user_id = ? AND event_timestamp % 2 = 0", (user_id,)
        )
        connection.execute(
            "UPDATE activity_state SET event_timestamp = event_timestamp + ?, "
            "created_timestamp = created_timestamp + ?, activity_sessions = 99 WHERE user_id = ?",
            (LATER_US, LATER_US, user_id),
        )
        connection.execute("UPDATE task_state SET task_completed = 0 WHERE user_id = ?", (user_id,))
    host, _, port = redis_address.partition(":")
    with closing(redis.Redis(host=host, port=int(port))) as client:
        key = next(key for key in client.scan_iter() if user_id.encode() in key)
        names = sorted(cast("list[str]", client.hkeys(key)))
        # Bytes that can be read, and are wrong.
        wrong = client.hget(key, names[0])
        client.hdel(key, *names[::3])
        client.hset(key, mapping=dict.fromkeys(names[1::3], wrong))
