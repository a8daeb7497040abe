"""Rebuild: users' histories, Redis and profiles again from the stored signals, beside a builder."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oo_profile.building.keeping_out import withdraw_forgotten
from oo_profile.building.online import OnlineWriter
from oo_profile.building.online_copy import OnlineCopy
from oo_profile.errors import NoDatabaseError, UnknownUserError
from oo_profile.storage import behind
from oo_profile.storage.chosen_users import UserRange
from oo_profile.storage.database import connect, differs, power_cut_may_undo, transaction
from oo_profile.storage.definitions import DefinitionGuard
from oo_profile.storage.near_users import near_users
from oo_profile.storage.state_table import StateTable
from oo_profile.storage.user_ranges import SIGNALS_A_RANGE, user_ranges
from oo_profile.upkeep.breath import Breath
from oo_profile.upkeep.refusals import refusals_told
from oo_profile.upkeep.remaking import remake, to_remake
from oo_profile.upkeep.replay_pool import ReplayPool
from oo_profile.upkeep.strangers import USERS_AT_ONCE, remove_strangers
from oo_profile.upkeep.swapping import RowChanges, Swapper
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator

    from feast import FeatureStore

    from oo_profile.building.replaying import Replayed
    from oo_profile.settings import Settings
    from oo_profile.upkeep.swapping import Swapped
    from oo_transforms.state_view import StateView


@dataclass(slots=True)
class Rebuilt:
    """What a rebuild did.

    Attributes:
        users: Users looked at.
        signals: Signals replayed.
        changes: What it did to the rows of each view, by view.
        repaired_users: Users of whom a row was wrong.
        moved_users: Users who got signals meanwhile and were replayed once more.
        online_rows: Rows put into Redis.
        strangers: Users whom only Redis knew, and who were removed there.
        remade: Views whose tables were made anew.
    """

    users: int = 0
    signals: int = 0
    changes: dict[str, RowChanges] = field(default_factory=dict)
    repaired_users: int = 0
    moved_users: int = 0
    online_rows: int = 0
    strangers: int = 0
    remade: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Rows of all views."""
        return sum(changes.rows for changes in self.changes.values())

    @property
    def repaired_rows(self) -> int:
        """Rows of all views that were wrong."""
        return sum(changes.repaired for changes in self.changes.values())


def rebuild(  # noqa: PLR0913 - what, where, and how it is shown
    settings: Settings,
    store: FeatureStore,
    *,
    user_id: str | None = None,
    views: Iterable[StateView] = STATE_VIEWS,
    drop_checkpoints: bool = False,
    workers: int = 0,
    signals_at_once: int = SIGNALS_A_RANGE,
    progress: Callable[[int], object] = lambda _: None,
) -> Rebuilt:
    """Replay stored signals into the tables and Redis, and have the profiles computed again.

    Some users at a time, each time in one transaction that also takes in what has come since
    their signals were read, so nobody's history is ever there by half, whenever this ends. Any
    number of these and a builder may run at once. Redis is replaced behind each transaction,
    whatever it holds; until then its users are remembered as behind. Profiles are due from then
    on; the builder refreshes them.

    A table that was filled by another definition of its view is made anew in one transaction.

    Args:
        settings: Where the database is.
        store: Feast with the definitions applied; it says where Redis is.
        user_id: Whom to rebuild; None: all, and from Redis goes who has no rows in SQLite.
        views: The views to rebuild.
        drop_checkpoints: Make a table anew even if that forgets what pruned signals have left.
        workers: Processes that replay while this one writes; 0: this one does both.
        signals_at_once: About how many a transaction takes.
        progress: Called with how many signals more are done; what it raises ends the rebuild.

    Returns:
        What was done, and what had been wrong.

    Raises:
        UnknownUserError: The user has neither signals nor rows.
        DefinitionChangedError: One user is asked for, and a table must be made anew.
        CheckpointError: A table must be made anew for which pruned signals would be needed.
        NoDatabaseError: There is no database.
        DatabaseError: SQLite refuses; users before stay rebuilt.
        NoRedisError: Redis does not answer; users before are rebuilt, the last ones remembered.
    """
    if not settings.db.exists():
        raise NoDatabaseError(settings.db)
    tables = [StateTable(view) for view in views]
    online = OnlineWriter(store)
    with refusals_told(settings), contextlib.closing(connect(settings.db)) as database:
        online.mark.probe()
        with ReplayPool(settings.db, 0 if user_id else workers) as pool:
            work = _Rebuild(database, online, pool, signals_at_once, progress)
            if user_id is None:
                work.all(tables, drop_checkpoints=drop_checkpoints)
            else:
                work.user(user_id, tables)
        return work.done


class _Rebuild:
    def __init__(
        self,
        database: sqlite3.Connection,
        online: OnlineWriter,
        pool: ReplayPool,
        signals_at_once: int,
        progress: Callable[[int], object],
    ) -> None:
        self._database = database
        self._online = online
        self._pool = pool
        self._signals_at_once = signals_at_once
        self._progress = progress
        self.done = Rebuilt()

    def user(self, user_id: str, tables: list[StateTable]) -> None:
        """Rebuild one user."""
        DefinitionGuard(table.view for table in tables).check(self._database)
        self._swap_all([UserRange.of(user_id)], tables)
        if not self.done.users:
            raise UnknownUserError(user_id, near_users(self._database, user_id))

    def all(self, tables: list[StateTable], *, drop_checkpoints: bool) -> None:
        """Rebuild everybody."""
        anew = to_remake(self._database, tables)
        for table in anew:
            self._remake(table, drop_checkpoints=drop_checkpoints)
        if others := [table for table in tables if table not in anew]:
            self._swap_all(user_ranges(self._database, self._signals_at_once), others)
        tables = self._readable_tables()
        self.done.strangers = remove_strangers(self._database, tables, self._online)

    def _remake(self, table: StateTable, *, drop_checkpoints: bool) -> None:
        def replays(from_checkpoints: bool) -> Iterator[Replayed]:  # noqa: FBT001 - one argument
            ranges = user_ranges(self._database, self._signals_at_once)
            found = self._pool.replay(ranges, [table], from_checkpoints=from_checkpoints)
            return map(self._counted, found)

        rows = remake(self._database, table, replays, drop_checkpoints=drop_checkpoints)
        self.done.remade.append(table.name)
        self.done.changes[table.name] = RowChanges(rows)
        copy = OnlineCopy(self._database, self._readable_tables(), self._online)
        # All of its users are remembered, with any whom Redis had missed before.
        while users := behind.first(self._database, USERS_AT_ONCE):
            self.done.online_rows += copy.replace(users)
            withdraw_forgotten(self._database, self._online, users)
            with transaction(self._database):
                behind.delete_many(self._database, users)

    def _readable_tables(self) -> list[StateTable]:
        """List the tables of all views, but for those that are still to be made anew."""
        tables = [StateTable(view) for view in STATE_VIEWS]
        return [table for table in tables if not differs(self._database, table)]

    def _counted(self, replayed: Replayed) -> Replayed:
        self.done.signals += replayed.signals
        self._progress(replayed.signals)
        return replayed

    def _swap_all(self, ranges: Iterable[UserRange], tables: list[StateTable]) -> None:
        swapper = Swapper(self._database, tables)
        copy = OnlineCopy(self._database, tables, self._online)
        for table in tables:
            self.done.changes[table.name] = RowChanges()
        breath = Breath(self._database)
        with power_cut_may_undo(self._database):
            for replayed in self._pool.replay(ranges, tables):
                self._add(swapper.swap(replayed), copy)
                self._counted(replayed)
                breath.take()
        swapper.published()

    def _add(self, swapped: Swapped, copy: OnlineCopy) -> None:
        done = self.done
        done.online_rows += copy.replace(swapped.user_ids)
        withdraw_forgotten(self._database, self._online, swapped.user_ids)
        for view, changes in swapped.changes.items():
            done.changes[view].add(changes)
        done.users += len(swapped.user_ids)
        done.repaired_users += len(swapped.repaired)
        done.moved_users += swapped.moved
