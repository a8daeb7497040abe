"""Received times: the order of the log, for each user later than any before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_profile.storage.state_table import newest_created_many

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from oo_profile.storage.state_table import StateTable

KEPT_USERS = 50_000
"""Users whose newest received time is kept at least, if so many were asked for; at most twice."""


class ReceivedTimes:
    """Tells where the logs of users end, and keeps the answers of those who were asked for last.

    Asking SQLite costs a seek in each view. What is kept counts as long as nobody else writes to
    the file: a rebuild or a pruning in another process, for example.

    Args:
        connection: The builder's connection.
        tables: The tables of all state views.
        kept_users: Users to keep; those not asked for the longest are dropped.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        tables: Sequence[StateTable],
        kept_users: int = KEPT_USERS,
    ) -> None:
        self._connection = connection
        self._tables = tables
        self._kept_users = kept_users
        self._version = -1
        # Two generations: when the younger one is full, it becomes the older one.
        self._kept: dict[str, int] = {}
        self._older: dict[str, int] = {}

    def __len__(self) -> int:
        """Return how many users are kept."""
        return len(self._kept) + len(self._older)

    def newest(self, user_ids: Iterable[str]) -> dict[str, int]:
        """Return when each user's newest signal was received, 0 if there is none; microseconds.

        To be called inside a transaction that writes, so that nobody else does.
        """
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._version = version
            self.forget()
        kept, older = self._kept, self._older
        known = {user: kept.get(user) or older.get(user, -1) for user in user_ids}
        unknown = [user for user, received_us in known.items() if received_us < 0]
        if unknown:
            known |= newest_created_many(self._connection, self._tables, unknown)
        return known

    def keep(self, received_us: dict[str, int]) -> None:
        """Keep what is true from now on; to be called when it is committed."""
        self._kept |= received_us
        if len(self._kept) > self._kept_users:
            self._older, self._kept = self._kept, {}

    def forget(self) -> None:
        """Keep nothing: the database was written to by someone else."""
        self._kept, self._older = {}, {}
