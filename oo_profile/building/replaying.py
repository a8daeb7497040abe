"""The histories of some users again, from nothing but their signals and checkpoints."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias

from oo_profile.building.view_history import ViewHistory
from oo_profile.storage import checkpoints
from oo_profile.storage.signal_log import LogEnd
from oo_transforms.history import LogEntry
from oo_transforms.history_many import replay_many
from oo_transforms.signals import SIGNAL_TYPES, redecode
from oo_transforms.version_columns import VersionColumns

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from oo_profile.building.view_history import UserRows
    from oo_profile.storage.chosen_users import ChosenUsers
    from oo_profile.storage.state_table import RawRow, StateTable
    from oo_transforms.state_view import StateView

Logs: TypeAlias = "dict[str, dict[str, list[LogEntry]]]"
"""Entries in log order, by view and user."""

_SELECT = (
    "SELECT user_id, received_at, occurred_at, event_id, subject, payload, utc_offset_minutes "
    "FROM signals"
)


@dataclass(frozen=True)  # not slotted: it keeps the rows that it is asked for
class Replayed:
    """What the tables must hold of some users.

    Attributes:
        users: Whom it is about; who is not named below has nothing.
        ends: Where each user's log ended when it was read.
        histories: The history of each view, by its name.
    """

    users: ChosenUsers
    ends: dict[str, LogEnd]
    histories: dict[str, ViewHistory]

    @cached_property
    def rows(self) -> dict[str, UserRows]:
        """The rows of each view, by its name."""
        return {name: history.by_user() for name, history in self.histories.items()}

    @property
    def signals(self) -> int:
        """How many signals were replayed."""
        return sum(end.signals for end in self.ends.values())


class Replayer:
    """Replays users of a database, any number at once.

    Args:
        connection: Where to read, in one transaction: log and checkpoints belong together.
        tables: Those of the views to replay.
        from_checkpoints: Begin with the states that stand for pruned signals.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        tables: Sequence[StateTable],
        *,
        from_checkpoints: bool = True,
    ) -> None:
        self._connection = connection
        self._from_checkpoints = from_checkpoints
        self._tables = tables
        self._views_of: dict[type, list[StateView]] = {
            kind: [table.view for table in tables if kind in table.view.weights]
            for kind in SIGNAL_TYPES
        }

    def replay(self, users: ChosenUsers) -> Replayed:
        """Replay some users."""
        logs: Logs = {table.name: {} for table in self._tables}
        ends: dict[str, LogEnd] = {}
        # Sorted here: SQLite would carry the payloads through its sorter.
        rows = self._connection.execute(f"{_SELECT} WHERE {users.condition}", users.arguments)
        for user_id, own in groupby(sorted(rows, key=itemgetter(0, 1)), itemgetter(0)):
            ends[user_id] = self._take_apart(user_id, own, logs)
        return Replayed(
            users, ends, {table.name: self._history(table, users, logs) for table in self._tables}
        )

    def _take_apart(self, user_id: str, signals: Iterable[RawRow], logs: Logs) -> LogEnd:
        """Add a user's signals, in log order, to the logs of their views."""
        count = newest_us = 0
        for _, received_us, event_us, event_id, subject, payload, offset in signals:
            signal = redecode(subject, payload, offset)
            for view in self._views_of[type(signal)]:
                added = view.contribution(signal, event_us)
                if added is not None:
                    entry = LogEntry(event_us, received_us, event_id, added)
                    logs[view.name].setdefault(user_id, []).append(entry)
            count, newest_us = count + 1, received_us
        return LogEnd(count, newest_us)

    def _history(self, table: StateTable, users: ChosenUsers, logs: Logs) -> ViewHistory:
        own, view = logs[table.name], table.view
        kept = (
            checkpoints.find_many(self._connection, view, users) if self._from_checkpoints else {}
        )
        user_ids = sorted(own.keys() | kept.keys())
        starts = [[kept[user_id]] if user_id in kept else [] for user_id in user_ids]
        columns = replay_many(
            view,
            [own.get(user_id, ()) for user_id in user_ids],
            VersionColumns.of(view, starts) if kept else None,
        )
        return ViewHistory(user_ids, columns)
