"""The histories of some users again, from nothing but their signals and checkpoints."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from oo_profile.building.replayed_history import ReplayedHistory
from oo_profile.building.view_history import ViewHistory
from oo_profile.storage import answered_tips, checkpoints
from oo_profile.storage.signal_log import LogEnd
from oo_transforms.clock import local_times
from oo_transforms.filling import FILL_SOURCES
from oo_transforms.history import LogEntry
from oo_transforms.history_many import replay_many
from oo_transforms.notes import TEACHERS, notes_of, teaches
from oo_transforms.signals import STORED_TYPES, redecode
from oo_transforms.state_view import Moment
from oo_transforms.version_columns import VersionColumns

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from oo_profile.building.view_history import UserRows
    from oo_profile.storage.chosen_users import ChosenUsers
    from oo_profile.storage.state_table import RawRow, StateTable
    from oo_transforms.history import Version
    from oo_transforms.notes import Answers
    from oo_transforms.signals import Signal
    from oo_transforms.state_view import Contribution, StateView

    _Lesson = tuple[Signal, int, int]
    _Weigh = Callable[[Any, Moment], Contribution | None]

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
        answers: The answers that count; None if no view was replayed that asks.
    """

    users: ChosenUsers
    ends: dict[str, LogEnd]
    histories: dict[str, ViewHistory]
    answers: Answers | None = None

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
        self._learning = [table.view for table in tables if table.view.learns]
        self._fills = any(view.fills for view in self._learning)
        others = {table.name: table.view for table in tables if not table.view.learns}
        if self._fills:
            others |= {view.name: view for view in FILL_SOURCES}
        self._weighing: dict[type, list[tuple[str, _Weigh]]] = {
            kind: [(v.name, v.weights[kind]) for v in others.values() if kind in v.weights]
            for kind in STORED_TYPES
        }
        self._teachers = frozenset(TEACHERS if self._learning else ())
        self._names = (*others, *(view.name for view in self._learning))

    def replay(self, users: ChosenUsers) -> Replayed:
        """Replay some users."""
        logs: Logs = {name: {} for name in self._names}
        lessons: list[_Lesson] = []
        ends: dict[str, LogEnd] = {}
        found = self._connection.execute(f"{_SELECT} WHERE {users.condition}", users.arguments)
        # Sorted here: SQLite would carry the payloads through its sorter.
        rows = sorted(found, key=itemgetter(0, 1))
        moments = _moments(rows)
        for user_id, own in groupby(rows, itemgetter(0)):
            # The rows come first: at their end no moment is taken that is the next user's.
            ends[user_id] = self._take_apart(
                user_id, zip(own, moments, strict=False), logs, lessons
            )
        answers = self._learn(users, lessons, logs) if self._learning else None
        histories = {table.name: self._history(table, users, logs) for table in self._tables}
        return Replayed(users, ends, histories, answers)

    def _take_apart(
        self,
        user_id: str,
        signals: Iterable[tuple[RawRow, Moment]],
        logs: Logs,
        lessons: list[_Lesson],
    ) -> LogEnd:
        """Add a user's signals, in log order, to the logs of their views and to the lessons."""
        count = newest_us = 0
        own: defaultdict[str, list[LogEntry]] = defaultdict(list)
        for (_, received_us, event_us, event_id, subject, payload, offset), moment in signals:
            signal = redecode(subject, payload, offset)
            for view, weigh in self._weighing[type(signal)]:
                added = weigh(signal, moment)
                if added is not None:
                    own[view].append(LogEntry(event_us, received_us, event_id, added))
            if type(signal) in self._teachers and teaches(signal):
                lessons.append((signal, event_us, received_us))
            count, newest_us = count + 1, received_us
        for view, entries in own.items():
            logs[view][user_id] = entries
        return LogEnd(count, newest_us)

    def _learn(self, users: ChosenUsers, lessons: Sequence[_Lesson], logs: Logs) -> Answers:
        """Add lessons to the logs of the views that learn; return the answers that count."""
        answers = answered_tips.of_users(self._connection, users, "pruned_answers")
        history = None
        if self._fills:
            history = ReplayedHistory(
                self._connection,
                users,
                {view.name: logs[view.name] for view in FILL_SOURCES},
                # Theirs count even where the view's own are to be forgotten.
                {
                    view.name: checkpoints.find_many(self._connection, view, users)
                    for view in FILL_SOURCES
                },
            )
        signals = [(signal, received_us) for signal, _, received_us in lessons]
        notes = notes_of(signals, answers, history)
        for (signal, event_us, received_us), note in zip(lessons, notes, strict=True):
            for view in self._learning:
                added = view.contribution(signal, event_us, note)
                if added is not None:
                    entry = LogEntry(event_us, received_us, signal.event_id, added)
                    logs[view.name].setdefault(signal.user_id, []).append(entry)
        return answers

    def _kept(self, view: StateView, users: ChosenUsers) -> dict[str, Version]:
        if not self._from_checkpoints:
            return {}
        return checkpoints.find_many(self._connection, view, users)

    def _history(self, table: StateTable, users: ChosenUsers, logs: Logs) -> ViewHistory:
        own, view = logs[table.name], table.view
        kept = self._kept(view, users)
        user_ids = sorted(own.keys() | kept.keys())
        starts = [[kept[user_id]] if user_id in kept else [] for user_id in user_ids]
        columns = replay_many(
            view,
            [own.get(user_id, ()) for user_id in user_ids],
            VersionColumns.of(view, starts) if kept else None,
        )
        return ViewHistory(user_ids, columns)


def _moments(rows: Sequence[RawRow]) -> Iterator[Moment]:
    """Give the moments of some signals, without notes: only who learns reads these."""
    events_us = [row[2] for row in rows]
    hours, weekdays = local_times(events_us, [row[6] for row in rows])
    return map(Moment, events_us, hours, weekdays)
