"""Making Redis a copy of what SQLite has committed, whatever Redis holds.

A builder writes with a script that lets the newer row win. That cannot repair a Redis whose rows
are damaged, since a damaged anchor may be later than any other; so here rows are replaced, and
then SQLite is asked again whether it has committed something else by now.

Why Redis ends up right beside a builder and beside others that replace: whoever replaces a row
looks at SQLite afterwards, and replaces again until it finds there what it has put. Take the last
replacement of a user's row, and the look after it that found nothing else. What was committed
before that look is what was put. What a builder commits after it, it also writes after it, over a
row that is not newer, so it wins. What a builder had committed before and writes only now is not
newer than what was put and loses, but for one case: a row with the same key that a rebuild has
since given other values, or one that a rebuild has since removed. Hence a builder that finds, after
a write, that somebody else has committed anything since before it read what it has written,
replaces that in the same way.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from oo_profile.building.online import NewestRows
from oo_profile.storage.database import commits_of_others

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from oo_profile.building.online import OnlineWriter
    from oo_profile.storage.state_table import RawRow, StateTable

USERS_A_PART = 150
"""Packed together, while those before them are on their way."""

Newest: TypeAlias = "tuple[RawRow | None, ...]"
"""A user's newest row in each view."""


class OnlineCopy:
    """Replaces what Redis has of users by their newest rows in SQLite.

    Args:
        connection: Not in a transaction, and nothing is committed on it meanwhile.
        tables: Those of all views to copy.
        online: Redis.
    """

    def __init__(
        self, connection: sqlite3.Connection, tables: Sequence[StateTable], online: OnlineWriter
    ) -> None:
        self._connection = connection
        self._tables = tables
        self._online = online

    def commits_of_others(self) -> int:
        """Return a number that is another one once another connection has committed anything."""
        return commits_of_others(self._connection)

    def replace(self, user_ids: Iterable[str]) -> int:
        """Replace all views of these users; a view without a row is deleted.

        Returns:
            How many rows they have in Redis now.

        Raises:
            OnlineServerError: Some may be replaced; the same call may be made again.
        """
        put: dict[str, Newest] = {}
        pending = sorted(set(user_ids))
        while pending:
            before = self.commits_of_others()
            newest = self._newest(pending)
            pending = [user_id for user_id in pending if put.get(user_id) != newest[user_id]]
            changed = {user_id: newest[user_id] for user_id in pending}
            self._online.replace(map(self._part, _sliced(changed)))
            put |= changed
            if self.commits_of_others() == before:
                break
        return sum(row is not None for rows in put.values() for row in rows)

    def _part(self, newest: Sequence[tuple[str, Newest]]) -> NewestRows:
        rows: dict[str, list[RawRow]] = {}
        gone: dict[str, list[str]] = {}
        for place, table in enumerate(self._tables):
            own = [(user_id, rows_of[place]) for user_id, rows_of in newest]
            rows[table.name] = [row for _, row in own if row is not None]
            gone[table.name] = [user_id for user_id, row in own if row is None]
        return NewestRows(rows, gone)

    def _newest(self, user_ids: Sequence[str]) -> dict[str, Newest]:
        found = [table.newest_raw(self._connection, user_ids) for table in self._tables]
        return {user_id: tuple(rows.get(user_id) for rows in found) for user_id in user_ids}


def _sliced(newest: Mapping[str, Newest]) -> Iterator[list[tuple[str, Newest]]]:
    items = iter(newest.items())
    while part := list(islice(items, USERS_A_PART)):
        yield part
