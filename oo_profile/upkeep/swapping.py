"""Putting replayed rows in the place of stored ones, some users at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

from oo_profile.building.replaying import Replayer
from oo_profile.deviation import REPLAY_TOLERANCE
from oo_profile.storage import answered_tips, behind, signal_log, tail_marks, tombstones
from oo_profile.storage.chosen_users import UserRange
from oo_profile.storage.database import transaction
from oo_profile.storage.definitions import DefinitionGuard
from oo_profile.upkeep.raw_cells import Matched, deviations

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Mapping, Sequence

    from oo_profile.building.replaying import Replayed
    from oo_profile.storage.chosen_users import ChosenUsers
    from oo_profile.storage.state_table import RawRow, StateTable

_USER = itemgetter(0)


@dataclass(slots=True)
class RowChanges:
    """What a rebuild did to the rows of a view.

    Attributes:
        rows: How many there are now.
        missing: Rows that were not there.
        extra: Rows that were there and should not have been.
        changed: Rows that differed; by rounding alone none does, and it stays as it is.
    """

    rows: int = 0
    missing: int = 0
    extra: int = 0
    changed: int = 0

    @property
    def repaired(self) -> int:
        """How many rows were wrong."""
        return self.missing + self.extra + self.changed

    def add(self, other: RowChanges) -> None:
        """Count others too."""
        self.rows += other.rows
        self.missing += other.missing
        self.extra += other.extra
        self.changed += other.changed


@dataclass(frozen=True, slots=True)
class Swapped:
    """What a swap did.

    Attributes:
        changes: By view.
        user_ids: Who has signals, rows or had some.
        repaired: Those of them of whom something was wrong.
        moved: How many had got signals since they were read, and were replayed once more.
    """

    changes: dict[str, RowChanges]
    user_ids: list[str]
    repaired: set[str] = field(default_factory=set)
    moved: int = 0


class Swapper:
    """Swaps users' rows, each swap one transaction.

    Args:
        connection: Writes.
        tables: Those of the views to swap.
    """

    def __init__(self, connection: sqlite3.Connection, tables: Sequence[StateTable]) -> None:
        self._connection = connection
        self._tables = tables
        self._replayer = Replayer(connection, tables)
        self._guard = DefinitionGuard(table.view for table in tables)
        self._behind: list[str] = []

    def swap(self, replayed: Replayed) -> Swapped:
        """Put what was replayed in place, but for users that have got signals since.

        Those are replayed again inside the transaction, so that one swap is always enough. All
        users are remembered as behind in Redis until `published`, and their profiles are due.

        Raises:
            sqlite3.Error: Nothing was swapped; the same call may be made again.
            DefinitionChangedError: A table holds rows of another definition.
        """
        with transaction(self._connection):
            return self.swap_within(replayed)

    def swap_within(self, replayed: Replayed) -> Swapped:
        """Do the same in the caller's transaction."""
        users = replayed.users
        self._guard.check(self._connection)
        ends = signal_log.ends_of(self._connection, users)
        forgotten = tombstones.forgotten(self._connection, ends)
        again = self._moved_since(replayed, ends)
        answers = answered_tips.without(replayed.answers or {}, again.keys() | forgotten)
        for user_id in again.keys() - forgotten:
            answers = {**answers, **(again[user_id].answers or {})}
        swapped = Swapped({}, [], moved=len(again))
        known = set(ends)
        for table in self._tables:
            new = _rows(table.name, replayed, again, forgotten)
            known |= self._swap_table(table, users, new, swapped)
        if replayed.answers is not None:
            swapped.repaired.update(answered_tips.swap(self._connection, users, answers))
        names = [table.name for table in self._tables]
        tail_marks.remove_many(self._connection, users, names)
        swapped.user_ids.extend(sorted(known))
        self._mark(swapped.user_ids)
        self._behind = swapped.user_ids
        return swapped

    def published(self) -> None:
        """Say that Redis has what was swapped last."""
        with transaction(self._connection):
            behind.delete_many(self._connection, self._behind)
        self._behind = []

    def _moved_since(
        self, replayed: Replayed, ends: Mapping[str, signal_log.LogEnd]
    ) -> dict[str, Replayed]:
        """Replay once more whose logs end elsewhere by now."""
        before = replayed.ends
        moved = [u for u in ends.keys() | before.keys() if ends.get(u) != before.get(u)]
        return {user_id: self._replayer.replay(UserRange.of(user_id)) for user_id in moved}

    def _swap_table(
        self, table: StateTable, users: ChosenUsers, new: Sequence[RawRow], swapped: Swapped
    ) -> set[str]:
        """Swap one table; return whose rows there are or were."""
        old = table.raw_rows(self._connection, users)
        matched = Matched([], [], []) if old == new else Matched.of(old, new)
        apart = deviations(table, matched.pairs).max(axis=0)
        changed = [matched.pairs[at] for at in np.flatnonzero(apart > REPLAY_TOLERANCE)]
        removed = [*matched.extra, *(one for one, _ in changed)]
        added = [*matched.missing, *(other for _, other in changed)]
        if changed:
            added.sort(key=itemgetter(0, 1, 2))
        table.replace_raw(self._connection, removed, added)
        swapped.changes[table.name] = RowChanges(
            len(new), len(matched.missing), len(matched.extra), len(changed)
        )
        swapped.repaired.update(map(_USER, removed), map(_USER, added))
        return {*map(_USER, old), *map(_USER, new)}

    def _mark(self, user_ids: Sequence[str]) -> None:
        behind.delete_many(self._connection, self._behind)
        behind.insert_many(self._connection, user_ids)
        self._connection.executemany(
            "INSERT OR IGNORE INTO profile_due (user_id) VALUES (?)",
            ((user_id,) for user_id in user_ids),
        )


def _rows(
    view: str, replayed: Replayed, again: Mapping[str, Replayed], forgotten: Collection[str]
) -> list[RawRow]:
    """Return a view's rows in the order of the key, those of some users from another replay."""
    rows = replayed.histories[view].rows()
    if not again and not forgotten:
        return rows
    stay = [row for row in rows if row[0] not in again]
    others = [row for other in again.values() for row in other.histories[view].rows()]
    return sorted(
        (row for row in chain(stay, others) if row[0] not in forgotten), key=itemgetter(0, 1, 2)
    )
