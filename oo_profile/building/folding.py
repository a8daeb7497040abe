"""What a batch brings to one view: the entries of many users folded at once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from oo_profile.building import late_tails
from oo_profile.building.newest_states import newest_rows
from oo_profile.storage import checkpoints
from oo_transforms.history import Change, LogEntry, fold
from oo_transforms.history_many import fold_many
from oo_transforms.log_columns import LogColumns
from oo_transforms.state import State

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from oo_profile.building.newest_states import ViewStates
    from oo_profile.storage.signal_log import StoredSignal
    from oo_profile.storage.state_table import RawRow, StateTable
    from oo_transforms.history import Version
    from oo_transforms.notes import Note
    from oo_transforms.version_columns import VersionColumns


@dataclass(slots=True)
class ViewBatch:
    """What a batch brings to one view: read, then folded, then written.

    All users are folded together. Those with entries before an event time that they have already
    are folded once more, each alone, since their stored history changes too.

    Attributes:
        table: The view's table.
        user_ids: The users whom the batch brings entries, in the order of the key.
        logs: Their entries in log order, at least one each.
        before: Their newest states before the batch; `users` numbers `user_ids`.
    """

    table: StateTable
    user_ids: Sequence[str]
    logs: Mapping[str, Sequence[LogEntry]]
    before: VersionColumns
    _folded: _Folded | None = field(init=False, default=None)

    @classmethod
    def read(
        cls,
        connection: sqlite3.Connection,
        table: StateTable,
        logs: Mapping[str, Sequence[LogEntry]],
    ) -> ViewBatch:
        """Read what the entries of a batch, by user and in log order, are to be added to."""
        user_ids = sorted(logs)
        return cls(table, user_ids, logs, table.newest_columns(connection, user_ids))

    def folded(self) -> _Folded:
        """Fold the entries, at the first call; nothing is read or written."""
        if self._folded is None:
            log = LogColumns.of(self.table.view, [self.logs[user_id] for user_id in self.user_ids])
            seen = fold_many(self.before, log)
            self._folded = _Folded(
                self.table.pack(self.user_ids, seen.versions),
                newest_rows(seen.versions, self.user_ids),
                np.unique(log.users[seen.late]).tolist(),
            )
        return self._folded

    def write(self, connection: sqlite3.Connection, long_tail: int) -> ViewStates:
        """Write the versions, delete those that they replace, and return the newest states.

        Args:
            connection: In a transaction.
            long_tail: Rows of a history that late signals change, above which it is only marked.
        """
        folded = self.folded()
        # Before the rows as seen: a tail that is read must not have them yet.
        late = self._corrections(connection, folded.late_users, long_tail)
        self.table.insert_raw(connection, folded.rows)
        self.table.apply_many(connection, late.items())
        late_tails.mark(connection, self.table, late.items())
        return folded.newest

    def _corrections(
        self, connection: sqlite3.Connection, late_users: Sequence[int], long_tail: int
    ) -> dict[str, Change]:
        if not late_users:
            return {}
        alone = _LateFold(connection, self.table, long_tail)
        rows = {user: row for row, user in enumerate(self.before.users.tolist())}
        late = {}
        for user in late_users:
            user_id = self.user_ids[user]
            known = user in rows
            newest = self.before.state(rows[user]) if known else State(self.table.view)
            late[user_id] = alone.corrections(user_id, newest, self.logs[user_id])
        return late


def view_batches(
    connection: sqlite3.Connection,
    signals: Iterable[tuple[Iterable[StateTable], StoredSignal, Note]],
) -> list[ViewBatch]:
    """Weigh a batch's signals, and read what the views are that they change.

    Args:
        connection: In a transaction.
        signals: Each user's in log order, with the tables of the views that each may change, and
            what is noted of it.
    """
    logs: dict[StateTable, dict[str, list[LogEntry]]] = defaultdict(lambda: defaultdict(list))
    for tables, stored, note in signals:
        signal, event_us = stored.signal, stored.event_time_us
        for table in tables:
            added = table.view.contribution(signal, event_us, note)
            if added is not None:
                entry = LogEntry(event_us, stored.received_us, signal.event_id, added)
                logs[table][signal.user_id].append(entry)
    return [ViewBatch.read(connection, table, log) for table, log in logs.items()]


@dataclass(frozen=True, slots=True)
class _Folded:
    """What comes of the entries of a batch.

    Attributes:
        rows: What serving sees after each entry, as it is stored, in the order of the key.
        newest: The newest states.
        late_users: The places of those with entries before an event time that they have already.
    """

    rows: Sequence[RawRow]
    newest: ViewStates
    late_users: Sequence[int]


@dataclass(frozen=True, slots=True)
class _LateFold:
    """Folds users whose history changes where they have been already."""

    connection: sqlite3.Connection
    table: StateTable
    long_tail: int

    def corrections(self, user_id: str, newest: State, log: Sequence[LogEntry]) -> Change:
        """Fold the entries of one user, and leave out the versions that he saw."""
        connection, table = self.connection, self.table

        def tail(from_us: int) -> Sequence[Version] | None:
            # The batch's own signals are part of it.
            limit = self.long_tail - sum(entry.event_time_us >= from_us for entry in log)
            return late_tails.short_tail(connection, table, user_id, from_us, limit)

        change = fold(
            newest, log, tail, lambda: checkpoints.floor_us(connection, table.view, user_id)
        )
        return replace(change, written=change.written[len(log) :])
