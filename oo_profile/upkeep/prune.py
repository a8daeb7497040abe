"""Prune: old signals and history go, and a checkpoint state of each user and view stands for them.

What goes are the signals received before a moment T. The state of all of them in a view, which is
what serving saw at T, stays as the first version of the history; rows before its event time go.
From there on everything is as it was: reads of moments after T, as true and as seen, a rebuild, and
a verification. Reads of earlier moments find less, or nothing.

A late signal from before T that comes afterwards is stored and added to the checkpoint's version
and all later ones; it writes none before, where there is no history any more. A copy of a pruned
signal is known by its digests.
"""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from oo_profile.errors import DatabaseError, NoDatabaseError
from oo_profile.storage import noting, pruning, tail_marks
from oo_profile.storage.database import connect, reading_as_it_goes, transaction
from oo_profile.storage.definitions import DefinitionGuard
from oo_profile.storage.state_table import StateTable
from oo_profile.upkeep.checkpointing import checkpoints_until
from oo_profile.upkeep.sampling import users_anywhere
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from oo_transforms.state_view import StateView

USERS_AT_ONCE = 20
"""Pruned in one transaction, for which a builder waits."""


@dataclass(slots=True)
class Pruned:
    """What was pruned, or would be.

    Attributes:
        users: Users who had signals received before the moment.
        signals: Their signals received before it.
        rows: Rows of each view that stood for nothing else, by view.
        waiting: Users left out, since late signals of theirs are still being corrected.
    """

    users: int = 0
    signals: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    waiting: int = 0


def prune(
    path: Path,
    before_us: int,
    *,
    dry_run: bool = False,
    views: Sequence[StateView] = STATE_VIEWS,
    progress: Callable[[int], object] = lambda _: None,
) -> Pruned:
    """Remove signals and rows from before a moment, a few users in each transaction.

    A builder may run meanwhile, and it may be stopped at any time and started again.

    Args:
        path: The database.
        before_us: Signals received before this go, microseconds; not in the future.
        dry_run: Change nothing, and say what would go.
        views: All state views.
        progress: Called with how many users more were looked at.

    Returns:
        What went, or would go.

    Raises:
        DefinitionChangedError: A table holds rows of another definition of its view.
        NoDatabaseError: There is no database.
        DatabaseError: SQLite refuses; users before stay pruned.
    """
    if not path.exists():
        raise NoDatabaseError(path)
    done = Pruned()
    opened = reading_as_it_goes(path) if dry_run else contextlib.closing(connect(path))
    try:
        with opened as connection:
            work = _Prune(connection, views, before_us, done)
            users = users_anywhere(connection, ["signals"])
            while some := list(islice(users, USERS_AT_ONCE)):
                with contextlib.nullcontext() if dry_run else transaction(connection):
                    work.prune(some, dry_run=dry_run)
                progress(len(some))
    except sqlite3.Error as error:
        raise DatabaseError(path, error) from error
    return done


class _Prune:
    def __init__(
        self,
        connection: sqlite3.Connection,
        views: Sequence[StateView],
        before_us: int,
        done: Pruned,
    ) -> None:
        self._connection = connection
        self._before_us = before_us
        self._tables = [StateTable(view) for view in views]
        self._guard = DefinitionGuard(views)
        self._done = done

    def prune(self, user_ids: Sequence[str], *, dry_run: bool) -> None:
        """Prune some users, or count what would go."""
        self._guard.check(self._connection)
        marked = {mark.user_id for mark in tail_marks.marks(self._connection, user_ids)}
        for user_id in user_ids:
            signals = pruning.signals_before(self._connection, user_id, self._before_us)
            if not signals:
                continue
            if user_id in marked:
                self._done.waiting += 1
                continue
            self._done.users += 1
            self._done.signals += len(signals)
            self._prune_rows(user_id, signals, dry_run=dry_run)
            if not dry_run:
                pruning.remove_signals(self._connection, user_id, signals, self._before_us)

    def _keep_for_others(self, user_id: str, signals: Sequence[pruning.OldSignal]) -> None:
        """Keep what the rows and signals that go have told of signals that stay, or may come."""
        noting.keep_answers(self._connection, user_id, [(s.signal, s.received_us) for s in signals])
        if any(table.view.fills for table in self._tables):
            noting.keep_histories(self._connection, user_id, self._before_us)
        noting.drop_features(self._connection, user_id, [s.signal.event_id for s in signals])

    def _prune_rows(
        self, user_id: str, signals: Sequence[pruning.OldSignal], *, dry_run: bool
    ) -> None:
        kept = checkpoints_until(self._connection, self._tables, user_id, signals)
        if not dry_run:
            self._keep_for_others(user_id, signals)
        for table, state in kept.items():
            count = table.remove_before if not dry_run else table.count_before
            rows = count(self._connection, user_id, state.event_time_us, state.created_us)
            self._done.rows[table.name] = self._done.rows.get(table.name, 0) + rows
            if not dry_run:
                pruning.keep_state(self._connection, table.view, user_id, state)
