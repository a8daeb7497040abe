"""The `profile` table: the current profile of every user, for whoever reads SQL.

A row is a feature at `now = updated_at`, at the offset of the user's signal with the newest
(event time, event id). A feature of a view that never had a signal has its documented value; one
of a view past its TTL has no row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_profile.building.profile_features import Profile, ProfileFeatures, Subject
from oo_profile.storage import signal_log, tombstones, user_activity
from oo_profile.storage.database import transaction
from oo_profile.storage.state_table import StateTable
from oo_transforms.clock import DAY_US

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from oo_transforms.history import Version
    from oo_transforms.state_view import StateView

MAX_AGE_US = DAY_US
"""A row older than this is computed again, since time alone changes it."""

_INSERT = "INSERT INTO profile (user_id, feature_name, value, updated_at) VALUES (?, ?, ?, ?)"


class ProfileTable:
    """Keeps the table up behind the batches, each call a transaction of its own."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        views: Sequence[StateView],
        features: ProfileFeatures,
    ) -> None:
        self._connection = connection
        self._tables = [StateTable(view) for view in views]
        self._features = features
        self._due_to = ""
        self._swept_to = ""

    def refresh_due(self, now_us: int, limit: int) -> int:
        """Refresh users that signals made due, at most `limit`; return how many were.

        The next call goes on behind the last of them, so that none waits for ever while others
        become due again and again.
        """
        due = self._due_after(self._due_to, limit)
        if not due and self._due_to:
            due = self._due_after("", limit)
        self._due_to = due[-1] if due else ""
        return self._refresh(due, now_us)

    def _due_after(self, user_id: str, limit: int) -> list[str]:
        rows = self._connection.execute(
            "SELECT user_id FROM profile_due WHERE user_id > ? ORDER BY user_id LIMIT ?",
            (user_id, limit),
        )
        return [user_id for (user_id,) in rows]

    def sweep(self, now_us: int, limit: int) -> int:
        """Look at the next users in order, and refresh those whose rows are over a day old.

        The next call goes on where this one ended, and after the last user from the first.

        Returns:
            How many were refreshed.
        """
        rows = self._connection.execute(
            "SELECT user_id, min(updated_at) FROM profile WHERE user_id > ? "
            "GROUP BY user_id ORDER BY user_id LIMIT ?",
            (self._swept_to, limit),
        ).fetchall()
        self._swept_to = rows[-1][0] if len(rows) == limit else ""
        return self._refresh([user for user, at in rows if at < now_us - MAX_AGE_US], now_us)

    def _refresh(self, user_ids: Sequence[str], now_us: int) -> int:
        if not user_ids:
            return 0
        ids = [(user_id,) for user_id in user_ids]
        with transaction(self._connection):
            forgotten = tombstones.forgotten(self._connection, user_ids)
            known = [user_id for user_id in user_ids if user_id not in forgotten]
            subjects = self._subjects(known, now_us)
            profiles = self._features.compute_many(subjects)
            # All rows anew: of features that expired, or left the service, none stays.
            self._connection.executemany("DELETE FROM profile WHERE user_id = ?", ids)
            self._connection.executemany(_INSERT, _rows(profiles))
            user_activity.put_many(self._connection, _newest(subjects))
            self._connection.executemany("DELETE FROM profile_due WHERE user_id = ?", ids)
        return len(user_ids)

    def _subjects(self, user_ids: Sequence[str], now_us: int) -> list[Subject]:
        states: dict[str, dict[str, Version]] = {user_id: {} for user_id in user_ids}
        for table in self._tables:
            for user_id, version in table.newest_many(self._connection, user_ids).items():
                states[user_id][table.name] = version
        return [
            Subject(
                user_id, known, now_us, signal_log.newest_offset(self._connection, user_id) or 0
            )
            for user_id, known in states.items()
        ]


def _newest(subjects: Iterable[Subject]) -> Iterator[tuple[str, int]]:
    for subject in subjects:
        if subject.states:
            newest = max(version.event_time_us for version in subject.states.values())
            yield subject.user_id, newest


def _rows(profiles: Iterable[Profile]) -> Iterator[tuple[str, str, object, int]]:
    for profile in profiles:
        subject = profile.subject
        for name, value in sorted(profile.kept().items()):
            yield subject.user_id, name, value, subject.now_us
