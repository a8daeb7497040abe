"""What a batch brings to one view: the entries of many users folded at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from oo_profile.building import late_tails
from oo_profile.building.newest_states import newest_rows
from oo_profile.storage import checkpoints
from oo_transforms.history import Change, fold
from oo_transforms.history_many import fold_many
from oo_transforms.log_columns import LogColumns
from oo_transforms.state import State

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from oo_profile.building.newest_states import ViewStates
    from oo_profile.storage.state_table import StateTable
    from oo_transforms.history import LogEntry, Version
    from oo_transforms.version_columns import VersionColumns


@dataclass(frozen=True, slots=True)
class ViewChange:
    """What a batch does to one view.

    Attributes:
        table: The view's table.
        user_ids: The users whom it brings entries, in the order of the key.
        seen: What serving sees after each entry, in the order of the key; `users` numbers
            `user_ids`.
        late: By user, what late entries change of what was seen before them.
        newest: The newest states, which are rows of `seen`.
    """

    table: StateTable
    user_ids: Sequence[str]
    seen: VersionColumns
    late: Mapping[str, Change]
    newest: ViewStates

    def write(self, connection: sqlite3.Connection) -> None:
        """Write the versions, and delete those that they replace."""
        self.table.insert_columns(connection, self.user_ids, self.seen)
        self.table.apply_many(connection, self.late.items())
        late_tails.mark(connection, self.table, self.late.items())


def fold_batch(
    connection: sqlite3.Connection,
    table: StateTable,
    logs: Mapping[str, Sequence[LogEntry]],
    long_tail: int,
) -> ViewChange:
    """Fold the entries of a batch into one view.

    All users are folded together. Those with entries before an event time that they have already
    are folded once more, each alone, since their stored history changes too.

    Args:
        connection: In a transaction.
        table: The view's table.
        logs: The entries of each user in log order, at least one.
        long_tail: Rows of a history that late signals change, above which it is only marked.
    """
    user_ids = sorted(logs)
    log = LogColumns.of(table.view, [logs[user_id] for user_id in user_ids])
    before = table.newest_columns(connection, user_ids)
    seen = fold_many(before, log)
    late: dict[str, Change] = {}
    if len(seen.late):
        alone = _LateFold(connection, table, long_tail)
        rows = {user: row for row, user in enumerate(before.users.tolist())}
        for user in np.unique(log.users[seen.late]).tolist():
            newest = before.state(rows[user]) if user in rows else State(table.view)
            late[user_ids[user]] = alone.corrections(user_ids[user], newest, logs[user_ids[user]])
    newest_of_all = newest_rows(seen.versions, user_ids)
    return ViewChange(table, user_ids, seen.versions, late, newest_of_all)


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
