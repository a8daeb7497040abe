"""Histories in which a state cannot be read, made anew from the signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_profile.building import replay
from oo_profile.insight.events import EventLog
from oo_profile.storage import tail_marks
from oo_profile.storage.database import transaction
from oo_profile.storage.definitions import DefinitionGuard
from oo_profile.storage.state_table import StateTable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from oo_profile.errors import UnreadableStateError
    from oo_transforms.state_view import StateView

_log = EventLog(__name__)

_BEHIND_ALL = 2**63 - 1


class StateMender:
    """Mends what somebody else has written into a state table, or a disk has spoilt.

    A history is a function of the log, so nothing is lost with it. Redis is not looked at: what it
    has was written before the damage, or is when the next signal comes.

    Args:
        connection: The builder's connection.
        views: The state views.
    """

    def __init__(self, connection: sqlite3.Connection, views: Sequence[StateView]) -> None:
        self._connection = connection
        self._tables = {view.name: StateTable(view) for view in views}
        self._guard = DefinitionGuard(views)

    def mend(self, error: UnreadableStateError) -> bool:
        """Compute a user's history in a view anew, in a transaction of its own.

        Returns:
            True: there is no other way for it to end but by raising.

        Raises:
            sqlite3.Error: Nothing was changed.
            DefinitionChangedError: A view was rebuilt by another definition of it.
        """
        connection, user_id = self._connection, error.user_id
        table = self._tables[error.view]
        with transaction(connection):
            self._guard.check(connection)
            versions = replay.replay_user(connection, table.view, user_id)
            table.remove_before(connection, user_id, _BEHIND_ALL, _BEHIND_ALL)
            table.insert_many(connection, [(user_id, version) for version in versions])
            tail_marks.remove(connection, user_id, table.name)
        _log.warning("builder.state_mended", view=table.name, rows=len(versions))
        return True
