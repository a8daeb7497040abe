"""Late signals: short tails of a history are corrected by the batch, long ones behind it.

A batch that finds a long tail writes what was seen and sets a mark; `TailCorrector` works off the
marks, a piece at a time, each in a short transaction of its own between two batches. Everything
that it needs is in the database, so after a crash it goes on from the mark.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from oo_profile.insight.events import EventLog
from oo_profile.storage import checkpoints, signal_log, tail_marks, tombstones
from oo_profile.storage.database import transaction
from oo_profile.storage.definitions import DefinitionGuard
from oo_profile.storage.state_table import StateTable
from oo_profile.storage.tail_marks import TailMark
from oo_transforms.timeline import Timeline, correct, naming_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from oo_transforms.history import Change, Version
    from oo_transforms.state_view import StateView
    from oo_transforms.timeline import Arrival, Key, Micros

LONG_TAIL_ROWS = 1000
"""The longest tail that a batch corrects itself, in rows."""

PIECE_ROWS = 100
"""Rows that are corrected at a time; a batch waits for them."""

STRETCHES = 20
"""So many times the rows of a piece are looked through at a time for one that is behind."""

ARRIVALS = 2000
"""Signals of a tail that are read at a time, before the first row is corrected."""

_log = EventLog(__name__)


def short_tail(
    connection: sqlite3.Connection, table: StateTable, user_id: str, from_us: int, limit: int
) -> list[Version] | None:
    """Read the tail that a batch corrects.

    Args:
        connection: Where to read, inside the batch's transaction.
        table: The view.
        user_id: The user.
        from_us: Event time of the first late signal, microseconds.
        limit: The most rows.

    Returns:
        None if it is longer, or if it is being corrected already: the batch then sets a mark.
    """
    if limit < 0 or tail_marks.first_of(connection, user_id, table.name) is not None:
        return None
    return table.tail(connection, user_id, from_us, limit)


def mark(
    connection: sqlite3.Connection, table: StateTable, changes: Iterable[tuple[str, Change]]
) -> None:
    """Set marks for those of a batch's changes that leave a tail behind, in its transaction."""
    tail_marks.lower_many(
        connection,
        [
            TailMark(user_id, table.name, change.behind_from_us)
            for user_id, change in changes
            if change.behind_from_us is not None
        ],
    )


class _OvertakenError(Exception):
    """Someone rewrote, pruned or removed the history meanwhile: the pass rests on what was."""


@dataclass(slots=True)
class _Pass:
    """One way through the tail of a user's view.

    Attributes:
        table: The view.
        user_id: The user.
        first_us: Where the mark stood when it was last looked at.
        checkpoint: Where the history begins, if the signals before were pruned.
        done_us: Event times up to here are done with.
        timeline: The signals of the tail that are read.
        reading: What is not read yet of those that were there when the pass began; None if nothing.
        again_us: From here on event times must be gone through once more, since signals came late
            for what was done.
        rows: Rows written.
    """

    table: StateTable
    user_id: str
    first_us: int
    checkpoint: Version | None
    done_us: int
    timeline: Timeline
    reading: _Reading | None
    again_us: int | None = None
    rows: int = 0


@dataclass(frozen=True, slots=True)
class _Reading:
    """The signals from an event time on, received by some moment, behind an event id."""

    from_us: int
    until_us: int
    after_id: str = ""


class TailCorrector:
    """Corrects the histories that are marked, each call a short transaction of its own.

    Signals may come between any two calls, for marked users too. A tail is gone through to its
    end, with whatever came meanwhile, and then from the earliest of that again: so no signals,
    however many and however late, keep its end from being corrected.

    Args:
        connection: The builder's connection.
        views: The state views.
        rows: The most rows written in one call.
        arrivals: The most signals of a tail whose times are read in one call.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        views: Sequence[StateView],
        rows: int = PIECE_ROWS,
        arrivals: int = ARRIVALS,
    ) -> None:
        self._connection = connection
        self._tables = {view.name: StateTable(view) for view in views}
        self._rows = rows
        self._at_once = arrivals
        self._pass: _Pass | None = None
        self._guard = DefinitionGuard(views)
        self._last = ("", "")

    def correct(self) -> bool:
        """Correct the next rows that are behind.

        Returns:
            Whether there was anything to do.

        Raises:
            sqlite3.Error: Nothing was written; the call may be made again.
            DefinitionChangedError: A view was rebuilt by another definition of it.
        """
        # Whatever happens, what is remembered is no more than what was committed.
        current, self._pass = self._pass, None
        current = current or self._next()
        if current is None:
            return False
        self._last = (current.user_id, current.table.name)
        try:
            with transaction(self._connection):
                self._guard.check(self._connection)
                goes_on = self._go_on(current)
        except _OvertakenError:
            return True
        if goes_on:
            self._pass = current
        elif current.rows:
            _log.info("builder.tail_corrected", view=current.table.name, rows=current.rows)
        return True

    def _next(self) -> _Pass | None:
        found = tail_marks.next_after(self._connection, *self._last, self._tables)
        if found is None:
            return None
        user_id, view_name, first_us = found
        table = self._tables[view_name]
        checkpoint = checkpoints.find(self._connection, table.view, user_id)
        before = table.newest_at(self._connection, user_id, first_us - 1)
        reading = _Reading(
            # Nothing is before it if that was pruned, and then the mark may be from before, too.
            from_us=first_us if before else 0,
            # Every signal writes the newest version, so that is where the log ends.
            until_us=table.newest_created(self._connection, user_id),
        )
        timeline = Timeline(_key(before))
        return _Pass(table, user_id, first_us, checkpoint, first_us - 1, timeline, reading)

    def _go_on(self, current: _Pass) -> bool:
        """Write the next piece; say whether the pass goes on after it."""
        table, user_id = current.table, current.user_id
        first_us = tail_marks.first_of(self._connection, user_id, table.name)
        checkpoint = checkpoints.find(self._connection, table.view, user_id)
        if tombstones.forgotten(self._connection, [user_id]):
            tail_marks.remove(self._connection, user_id, table.name)
            return False
        if first_us is None or _key(checkpoint) != _key(current.checkpoint):
            raise _OvertakenError
        if first_us < current.first_us:
            current.again_us = min(first_us, current.again_us or first_us)
        goes_on = self._read(current) or self._write_next(current)
        if current.again_us is not None:
            current.first_us = current.again_us
        elif goes_on:
            current.first_us = current.done_us + 1
        else:
            tail_marks.remove(self._connection, user_id, table.name)
            return False
        if current.first_us != first_us:
            tail_marks.advance(self._connection, TailMark(user_id, table.name, current.first_us))
        return goes_on

    def _read(self, current: _Pass) -> bool:
        """Read signals of the tail, at first some at a time; say whether that is all for now."""
        reading, timeline = current.reading, current.timeline
        if reading is not None:
            some = self._arrivals(current, **asdict(reading), limit=self._at_once)
            timeline.add(some)
            more = len(some) == self._at_once
            current.reading = replace(reading, after_id=some[-1].event_id) if more else None
            if more:
                return True
        # Those that came since.
        newest_us = current.table.newest_created(self._connection, current.user_id)
        if newest_us != timeline.until_us:
            timeline.add(self._arrivals(current, after_us=timeline.until_us))
        return False

    def _arrivals(self, current: _Pass, **which: Any) -> list[Arrival]:  # noqa: ANN401 - passed on
        user_id, view, checkpoint = current.user_id, current.table.view, current.checkpoint
        arrivals = signal_log.arrivals_of(self._connection, user_id, view, **which)
        if checkpoint is None:
            return arrivals
        # What happened before it counts from there on: no rows are before it.
        floor_us = checkpoint.event_time_us
        return [a._replace(time_us=max(a.time_us, floor_us)) for a in arrivals]

    def _write_next(self, current: _Pass) -> bool:
        """Correct the next event times that are behind; say whether others may follow."""
        table, user_id, timeline = current.table, current.user_id, current.timeline
        for _ in range(STRETCHES):
            moments = timeline.moments_after(current.done_us, self._rows)
            if not len(moments):
                return False
            stored = table.keys(self._connection, user_id, int(moments[0]), int(moments[-1]))
            behind_us = timeline.first_behind(moments, stored)
            if behind_us is not None:
                self._write(current, timeline, moments[moments >= behind_us], stored)
                return True
            current.done_us = int(moments[-1])
        return True

    def _write(
        self, current: _Pass, timeline: Timeline, moments: Micros, stored: Sequence[Key]
    ) -> None:
        """Correct neighbouring event times, of which the first one is behind."""
        table, user_id, first_us = current.table, current.user_id, int(moments[0])
        base = table.newest_at(self._connection, user_id, first_us - 1) or current.checkpoint
        within = [key for key in stored if key[0] >= first_us]
        piece = timeline.piece(moments, within, _key(base))
        named = naming_of(table.state(table.newest(self._connection, user_id)))
        entries = signal_log.entries_of(self._connection, user_id, table.view, piece.event_ids)
        if len(entries) < len(piece.event_ids):
            raise _OvertakenError
        versions = correct(table.state(base), piece, [named(entry) for entry in entries])
        table.delete_many(self._connection, [(user_id, *key) for key in piece.replaced])
        table.insert_many(self._connection, [(user_id, version) for version in versions])
        current.done_us = int(moments[-1])
        current.rows += len(versions)


def correct_all(connection: sqlite3.Connection, views: Sequence[StateView]) -> None:
    """Correct every marked history of these views, however long it takes; nobody else writes.

    Raises:
        sqlite3.Error: The rest is still marked; the call may be made again.
    """
    corrector = TailCorrector(connection, views)
    while corrector.correct():
        pass


def _key(version: Version | None) -> Key | None:
    return None if version is None else (version.event_time_us, version.created_us)
