"""Users in portions: neighbours in the order of their ids, each whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_profile.storage.chosen_users import UserRange

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

SIGNALS_A_RANGE = 4_000
"""Replayed and written together: some tens of milliseconds in which nobody else may write."""

BEHIND_ALL = chr(0x10FFFF)
"""Greater than every id, since it cannot be printed."""


def user_ranges(
    connection: sqlite3.Connection, signals: int = SIGNALS_A_RANGE
) -> Iterator[UserRange]:
    """Cut all ids that there may be into ranges of about so many signals each.

    Every id belongs to one of them, so also a user of whom there are rows and no signals. Each
    range is looked up when it is asked for.
    """
    first = ""
    while True:
        row = connection.execute(
            "SELECT user_id FROM signals WHERE user_id >= ? ORDER BY user_id LIMIT 1 OFFSET ?",
            (first, signals - 1),
        ).fetchone()
        if row is None:
            yield UserRange(first, BEHIND_ALL)
            return
        yield UserRange(first, row[0])
        first = row[0] + "\0"
