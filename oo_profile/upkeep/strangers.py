"""Users whom Redis knows and SQLite does not."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from oo_profile.building.online_copy import OnlineCopy

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from oo_profile.building.online import OnlineWriter
    from oo_profile.storage.state_table import StateTable

USERS_AT_ONCE = 500


def strangers(
    connection: sqlite3.Connection, tables: Sequence[StateTable], online: OnlineWriter
) -> Iterator[str]:
    """Give the users of whom Redis has a state and SQLite has no row, in any order.

    A builder commits before it writes Redis, so it makes no strangers.

    Raises:
        OnlineServerError: Redis did not do what it was asked.
    """
    listed = online.users()
    while chunk := list(islice(listed, USERS_AT_ONCE)):
        unknown = chunk
        for table in tables:
            known = set(table.users_among(connection, unknown))
            unknown = [user_id for user_id in unknown if user_id not in known]
        stored = online.stored([(user, table.name) for user in unknown for table in tables])
        for number, user_id in enumerate(unknown):
            own = stored[number * len(tables) : (number + 1) * len(tables)]
            if any(row is not None for row in own):
                yield user_id


def remove_strangers(
    connection: sqlite3.Connection, tables: Sequence[StateTable], online: OnlineWriter
) -> int:
    """Remove the states of such users from Redis; return how many users had any.

    Raises:
        OnlineServerError: Some may be removed; the same call may be made again.
    """
    found = list(strangers(connection, tables, online))
    # Not deleted outright: whoever has just sent his first signal is no stranger any more.
    OnlineCopy(connection, tables, online).replace(found)
    return len(found)
