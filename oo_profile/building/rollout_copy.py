"""The rollout in Redis, where services look for it, kept equal to that of SQLite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_bandit import rollout_key
from oo_profile.insight.events import EventLog
from oo_profile.storage import rollout_steps

if TYPE_CHECKING:
    import sqlite3

    from oo_profile.building.online import OnlineWriter

_log = EventLog(__name__)


def publish_rollout(connection: sqlite3.Connection, online: OnlineWriter) -> int:
    """Write the rollout to Redis as the newest step left it; return the number of that step.

    Before the first step Redis has none, and services are in shadow. Two that write at once may
    leave the older one: who writes looks at SQLite again afterwards, and at the end all have seen
    the newest.

    Raises:
        OnlineServerError: Redis did not do what it was asked; the same call may be made again.
    """
    key, written = rollout_key(online.project), None
    while (rollout := rollout_steps.current(connection)) != written:
        if rollout.step:
            online.notes.put(key, rollout.to_json())
        else:
            online.notes.remove(key)
        written = rollout
    return rollout.step


class RolloutCopy:
    """Knows when the rollout has to be written to Redis.

    Args:
        connection: The builder's, not in a transaction.
        online: Redis.
    """

    def __init__(self, connection: sqlite3.Connection, online: OnlineWriter) -> None:
        self._connection = connection
        self._online = online
        self._is_due = True
        self._step: int | None = None

    def doubt(self) -> None:
        """Remember that Redis may have lost it: it is written again."""
        self._is_due, self._step = True, None

    def look(self) -> None:
        """Remember that somebody may have taken a step."""
        self._is_due = True

    def bring(self) -> None:
        """Write it if it may be another one than what Redis has.

        Raises:
            OnlineServerError: Redis did not do what it was asked; it stays to be written.
        """
        if not self._is_due:
            return
        if self._step is None or rollout_steps.current(self._connection).step != self._step:
            self._step = publish_rollout(self._connection, self._online)
            if self._step:
                _log.info("rollout.published", step=self._step)
        self._is_due = False
