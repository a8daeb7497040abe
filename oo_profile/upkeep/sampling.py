"""Which users there are, wherever there is anything of them, and a stable sample of them."""

from __future__ import annotations

import hashlib
import heapq
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence


USERS_AT_ONCE = 500

# From one user to the next is one seek, however many rows he has. No id is empty.
_NEXT_USERS = """
    WITH RECURSIVE users(user_id) AS (
        SELECT min(user_id) FROM {table} WHERE user_id > ?
        UNION ALL
        SELECT (SELECT min(user_id) FROM {table} WHERE user_id > users.user_id) FROM users
        WHERE user_id IS NOT NULL
    )
    SELECT user_id FROM users WHERE user_id IS NOT NULL LIMIT ?
"""


def users_anywhere(connection: sqlite3.Connection, tables: Sequence[str]) -> Iterator[str]:
    """Give the users of any of these tables in order, each once; one seek a user and table."""
    merged = heapq.merge(*(_users_of(connection, table) for table in tables))
    return (user_id for user_id, _ in groupby(merged))


def sample(user_ids: Iterable[str], size: int) -> list[str]:
    """Choose so many users by a hash of their ids, in order: the same ones whenever it is asked.

    Of more users, few others are chosen: a new user takes a place only if his hash is low.

    >>> sample(["ada", "bob", "eve"], 2) == sample(["eve", "ada", "bob"], 2)
    True
    """
    return sorted(heapq.nsmallest(size, user_ids, key=_hash))


def _hash(user_id: str) -> bytes:
    return hashlib.blake2b(user_id.encode(errors="surrogatepass"), digest_size=8).digest()


def _users_of(connection: sqlite3.Connection, table: str) -> Iterator[str]:
    statement = _NEXT_USERS.format(table=table)
    users = [("",)]
    while users:
        users = connection.execute(statement, (*users[-1], USERS_AT_ONCE)).fetchall()
        for (user_id,) in users:
            yield user_id
