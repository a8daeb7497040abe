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
import sys
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING

from oo_profile.errors import DatabaseError, NoDatabaseError
from oo_profile.storage import noting, pruning, tail_marks
from oo_profile.storage.database import connect, reading_as_it_goes, transaction
from oo_profile.storage.definitions import DefinitionGuard
from oo_profile.storage.state_table import StateTable
from oo_profile.upkeep.breath import Breath
from oo_profile.upkeep.checkpointing import checkpoints_until
from oo_profile.upkeep.sampling import users_anywhere
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from oo_transforms.state_view import StateView

SIGNALS_AT_ONCE = 1_000
"""Pruned in one transaction, for which a builder waits: some thirty milliseconds."""

USERS_AT_ONCE = 20
"""As well, however few signals they have."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The oldest signals of a user, as many as are pruned at once.

    Attributes:
        user_id: The user.
        event_ids: The signals; he has no older ones.
        before_us: All of them were received before this, and none of those that follow.
    """

    user_id: str
    event_ids: list[str]
    before_us: int


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


def prune(  # noqa: PLR0913 - what, how much at once, and how it is shown
    path: Path,
    before_us: int,
    *,
    dry_run: bool = False,
    views: Sequence[StateView] = STATE_VIEWS,
    signals_at_once: int = SIGNALS_AT_ONCE,
    progress: Callable[[int], object] = lambda _: None,
) -> Pruned:
    """Remove signals and rows from before a moment, in short transactions.

    One takes the signals of a few users, or some of those of one who has many: up to each of them
    the checkpoint stands for what is gone. A builder may run meanwhile, and this may be stopped at
    any time and started again.

    Args:
        path: The database.
        before_us: Signals received before this go, microseconds; not in the future.
        dry_run: Change nothing, and say what would go.
        views: All state views.
        signals_at_once: The most that a transaction takes.
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
            # Only what changes something keeps a builder waiting.
            most = sys.maxsize if dry_run else signals_at_once
            breath = Breath(connection)
            for stretches in work.portions(most, progress):
                with contextlib.nullcontext() if dry_run else transaction(connection):
                    work.prune(stretches, dry_run=dry_run)
                breath.take()
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
        # The last user of each kind: stretches of one user follow each other.
        self._pruned = self._waiting = ""

    def portions(
        self, most_signals: int, progress: Callable[[int], object]
    ) -> Iterator[list[_Stretch]]:
        """Give what is to be pruned in each transaction; tell how many users more are done."""
        users = users_anywhere(self._connection, ["signals"])
        while some := list(islice(users, USERS_AT_ONCE)):
            portion: list[_Stretch] = []
            room = most_signals
            for stretch in chain.from_iterable(self._stretches(u, most_signals) for u in some):
                if portion and len(stretch.event_ids) > room:
                    yield portion
                    portion, room = [], most_signals
                portion.append(stretch)
                room -= len(stretch.event_ids)
            if portion:
                yield portion
            progress(len(some))

    def _stretches(self, user_id: str, most_signals: int) -> Iterator[_Stretch]:
        keys = pruning.keys_before(self._connection, user_id, self._before_us)
        for begin in range(0, len(keys), most_signals):
            own = keys[begin : begin + most_signals]
            is_last = begin + len(own) == len(keys)
            before_us = self._before_us if is_last else own[-1][0] + 1
            yield _Stretch(user_id, [event_id for _, event_id in own], before_us)

    def prune(self, stretches: Sequence[_Stretch], *, dry_run: bool) -> None:
        """Prune some stretches, or count what would go."""
        self._guard.check(self._connection)
        users = {stretch.user_id for stretch in stretches}
        marked = {mark.user_id for mark in tail_marks.marks(self._connection, users)}
        for stretch in stretches:
            user_id = stretch.user_id
            if user_id in marked and user_id != self._waiting:
                self._waiting = user_id
                self._done.waiting += 1
            # Who has come to rest before his next stretch lacks the one before.
            if user_id != self._waiting:
                self._prune(stretch, dry_run=dry_run)

    def _prune(self, stretch: _Stretch, *, dry_run: bool) -> None:
        user_id = stretch.user_id
        signals = pruning.signals_named(self._connection, user_id, stretch.event_ids)
        # He may have been forgotten since they were listed.
        if not signals:
            return
        if user_id != self._pruned:
            self._pruned = user_id
            self._done.users += 1
        self._done.signals += len(signals)
        self._prune_rows(stretch, signals, dry_run=dry_run)
        if not dry_run:
            pruning.remove_signals(self._connection, user_id, signals, stretch.before_us)

    def _keep_for_others(self, stretch: _Stretch, signals: Sequence[pruning.OldSignal]) -> None:
        """Keep what the rows and signals that go have told of signals that stay, or may come."""
        user_id = stretch.user_id
        noting.keep_answers(self._connection, user_id, [(s.signal, s.received_us) for s in signals])
        if any(table.view.fills for table in self._tables):
            noting.keep_histories(self._connection, user_id, stretch.before_us)
        noting.drop_features(self._connection, user_id, [s.signal.event_id for s in signals])

    def _prune_rows(
        self, stretch: _Stretch, signals: Sequence[pruning.OldSignal], *, dry_run: bool
    ) -> None:
        user_id = stretch.user_id
        kept = checkpoints_until(self._connection, self._tables, user_id, signals)
        if not dry_run:
            self._keep_for_others(stretch, signals)
        for table, state in kept.items():
            count = table.remove_before if not dry_run else table.count_before
            rows = count(self._connection, user_id, state.event_time_us, state.created_us)
            self._done.rows[table.name] = self._done.rows.get(table.name, 0) + rows
            if not dry_run:
                pruning.keep_state(self._connection, table.view, user_id, state)
