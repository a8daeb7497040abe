"""Rebuild: users' histories, Redis and profiles again from the stored signals, beside a builder."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oo_profile.building.keeping_out import withdraw_forgotten
from oo_profile.building.online import OnlineWriter
from oo_profile.building.online_copy import OnlineCopy
from oo_profile.errors import NoDatabaseError, UnknownUserError
from oo_profile.storage.chosen_users import UserRange
from oo_profile.storage.database import connect
from oo_profile.storage.near_users import near_users
from oo_profile.storage.state_table import StateTable
from oo_profile.upkeep.refusals import refusals_told
from oo_profile.upkeep.replay_pool import ReplayPool
from oo_profile.upkeep.strangers import remove_strangers
from oo_profile.upkeep.swapping import RowChanges, Swapper
from oo_profile.upkeep.user_ranges import SIGNALS_A_RANGE, user_ranges
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable

    from feast import FeatureStore

    from oo_profile.settings import Settings
    from oo_profile.upkeep.replaying import Replayed
    from oo_transforms.state_view import StateView

BREATH_SECONDS = 0.02
"""Left to a builder that is writing too: SQLite lets in whoever happens to ask."""


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
    """

    users: int = 0
    signals: int = 0
    changes: dict[str, RowChanges] = field(default_factory=dict)
    repaired_users: int = 0
    moved_users: int = 0
    online_rows: int = 0
    strangers: int = 0

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

    Args:
        settings: Where the database is.
        store: Feast with the definitions applied; it says where Redis is.
        user_id: Whom to rebuild; None: all, and from Redis goes who has no rows in SQLite.
        views: The views to rebuild; their tables exist.
        workers: Processes that replay while this one writes; 0: this one does both.
        signals_at_once: About how many a transaction takes.
        progress: Called with how many signals more are done; what it raises ends the rebuild.

    Returns:
        What was done, and what had been wrong.

    Raises:
        UnknownUserError: The user has neither signals nor rows.
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
        work = _Rebuild(database, tables, online, progress)
        with ReplayPool(settings.db, tables, 0 if user_id else workers) as pool:
            if user_id is None:
                work.all(pool.replay(user_ranges(database, signals_at_once)))
            else:
                work.user(user_id, pool)
        return work.done


class _Rebuild:
    def __init__(
        self,
        database: sqlite3.Connection,
        tables: list[StateTable],
        online: OnlineWriter,
        progress: Callable[[int], object],
    ) -> None:
        self._database = database
        self._tables = tables
        self._online = online
        self._swapper = Swapper(database, tables)
        self._copy = OnlineCopy(database, tables, online)
        self._progress = progress
        self.done = Rebuilt(changes={table.name: RowChanges() for table in tables})

    def user(self, user_id: str, pool: ReplayPool) -> None:
        """Rebuild one user."""
        (replayed,) = pool.replay([UserRange.of(user_id)])
        self._swap(replayed)
        if not self.done.users:
            raise UnknownUserError(user_id, near_users(self._database, user_id))
        self._swapper.published()

    def all(self, replays: Iterable[Replayed]) -> None:
        """Rebuild everybody."""
        for replayed in replays:
            self._swap(replayed)
            if self._copy.others_committed():
                time.sleep(BREATH_SECONDS)
        self._swapper.published()
        self.done.strangers = remove_strangers(self._database, self._tables, self._online)

    def _swap(self, replayed: Replayed) -> None:
        swapped = self._swapper.swap(replayed)
        done = self.done
        done.online_rows += self._copy.replace(swapped.user_ids)
        withdraw_forgotten(self._database, self._online, swapped.user_ids)
        for view, changes in swapped.changes.items():
            done.changes[view].add(changes)
        done.users += len(swapped.user_ids)
        done.signals += replayed.signals
        done.repaired_users += len(swapped.repaired)
        done.moved_users += swapped.moved
        self._progress(replayed.signals)
