"""One batch of messages into the database: signals, state history, users whose profile is due."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from oo_profile.building.folding import ViewChange, fold_batch
from oo_profile.building.keeping_out import (
    Decoded,
    rejections_without_forgotten,
    without_forgotten,
)
from oo_profile.building.late_tails import LONG_TAIL_ROWS
from oo_profile.building.minute_counts import MinuteCounts
from oo_profile.building.newest_states import NewestStates, newest_rows
from oo_profile.building.received_times import ReceivedTimes
from oo_profile.storage import (
    answered_tips,
    behind,
    checkpoints,
    noting,
    rejected,
    signal_log,
)
from oo_profile.storage.database import transaction
from oo_profile.storage.definitions import DefinitionGuard
from oo_profile.storage.rejected import Rejection
from oo_profile.storage.signal_log import StoredSignal
from oo_profile.storage.state_table import StateTable
from oo_transforms.errors import SignalRejected
from oo_transforms.history import LogEntry
from oo_transforms.notes import NOTHING, teaches
from oo_transforms.signals import STORED_TYPES, Signal, decode, event_time_us

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from oo_profile.transport.message import Message
    from oo_profile.transport.stream import StreamState
    from oo_transforms.notes import Note
    from oo_transforms.state_view import StateView

_Logs: TypeAlias = "dict[StateTable, dict[str, list[LogEntry]]]"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch. Every message is stored, a duplicate, rejected or kept out.

    Attributes:
        stored: Signals stored, by subject.
        duplicates: Messages that were accepted before.
        rejected: Messages rejected, by reason.
        duplicates_of: The duplicates again, by subject.
        rejected_of: The rejected ones again, by subject, which may be any text.
        kept_out: Sequences, in the stream, of messages of forgotten people: never stored.
        newest: What the online store must have: the newest version of every user and view that
            the batch changes, and of every view of a user with a duplicate.
    """

    stored: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    duplicates_of: Counter[str] = field(default_factory=Counter)
    rejected_of: Counter[str] = field(default_factory=Counter)
    kept_out: tuple[int, ...] = ()
    newest: NewestStates = field(default_factory=NewestStates)

    @classmethod
    def of_all(cls, outcomes: Sequence[Outcome]) -> Outcome:
        """Return what became of several batches, in their order, as of one."""
        return cls(
            sum((each.stored for each in outcomes), Counter[str]()),
            sum(each.duplicates for each in outcomes),
            sum((each.rejected for each in outcomes), Counter[str]()),
            sum((each.duplicates_of for each in outcomes), Counter[str]()),
            sum((each.rejected_of for each in outcomes), Counter[str]()),
            tuple(sequence for each in outcomes for sequence in each.kept_out),
            NewestStates([part for each in outcomes for part in each.newest.parts]),
        )


class BatchWriter:
    """Writes batches; the one who writes signals and state.

    Args:
        connection: The builder's connection.
        views: The state views to fold into; their tables exist.
        stream_created_at: Creation time of the stream, which keys rejections with the sequence.
        long_tail: Rows of a history that late signals change, above which it is only marked.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        views: Sequence[StateView],
        stream_created_at: str,
        long_tail: int = LONG_TAIL_ROWS,
    ) -> None:
        self._connection = connection
        self._tables = [StateTable(view) for view in views]
        self._tables_of = {
            kind: [
                table
                for table in self._tables
                if kind in table.view.weights and not table.view.learns
            ]
            for kind in STORED_TYPES
        }
        self._learning = [table for table in self._tables if table.view.learns]
        self._times = ReceivedTimes(connection, self._tables)
        self._counts = MinuteCounts(connection)
        self._stream_created_at = stream_created_at
        self._long_tail = long_tail
        self._guard = DefinitionGuard(views)

    def continue_with(self, stream: StreamState) -> None:
        """Take what comes from now on for messages of this stream."""
        self._stream_created_at = stream.created_at

    def write(self, messages: Sequence[Message], *, remember: bool = False) -> Outcome:
        """Write one batch in one transaction, all of it or nothing.

        Args:
            messages: The batch.
            remember: Remember its users as behind in the online store, which is away.

        Raises:
            sqlite3.Error: Nothing was written; the batch may be tried again.
            DefinitionChangedError: A view was rebuilt by another definition of it.
        """
        return self._write(_decode(messages), remember=remember)

    def reject(self, message: Message, error: SignalRejected) -> Outcome:
        """Keep a message aside without looking at what it says, in one transaction.

        Raises:
            sqlite3.Error: As `write` does.
            DefinitionChangedError: As `write` does.
        """
        return self._write(_SortedOut(rejections=[Rejection(message, error)]), remember=False)

    def _write(self, sorted_out: _SortedOut, *, remember: bool) -> Outcome:
        with transaction(self._connection):
            self._guard.check(self._connection)
            self._keep_out(sorted_out)
            self._find_known(sorted_out)
            duplicates = [signal for _, signal in sorted_out.duplicates]
            newest_us = self._times.newest({signal.user_id for _, signal in sorted_out.new})
            new_users = sum(received_us == 0 for received_us in newest_us.values())
            accepted = _in_log_order(sorted_out.new, newest_us)
            changes = self._fold(accepted)
            signal_log.insert_many(self._connection, accepted)
            for change in changes:
                change.write(self._connection)
            learned = self._learn(accepted)
            for change in learned:
                change.write(self._connection)
            rejected.insert_many(self._connection, self._stream_created_at, sorted_out.rejections)
            self._counts.add(
                self._stream_created_at,
                accepted,
                sorted_out.duplicates,
                sorted_out.rejections,
                new_users,
            )
            self._mark_due({stored.signal.user_id for stored in accepted})
            newest = self._newest([*changes, *learned], duplicates)
            if remember:
                behind.insert_many(self._connection, newest.user_ids)
        self._times.keep(newest_us)
        self._counts.keep()
        return Outcome(
            Counter(stored.signal.subject for stored in accepted),
            len(duplicates),
            Counter(rejection.error.reason for rejection in sorted_out.rejections),
            Counter(signal.subject for signal in duplicates),
            Counter(rejection.message.subject for rejection in sorted_out.rejections),
            tuple(sorted_out.kept_out),
            newest,
        )

    def _keep_out(self, sorted_out: _SortedOut) -> None:
        """Leave out what is of forgotten people."""
        connection = self._connection
        sorted_out.new, signals = without_forgotten(connection, sorted_out.new)
        sorted_out.rejections, others = rejections_without_forgotten(
            connection, sorted_out.rejections
        )
        sorted_out.kept_out = [message.sequence for message in (*signals, *others)]

    def _find_known(self, sorted_out: _SortedOut) -> None:
        """Part what is new from duplicates, and reject ids that stand for something else."""
        decoded, sorted_out.new = sorted_out.new, []
        keys = {(signal.user_id, signal.event_id) for _, signal in decoded}
        known = signal_log.find_many(self._connection, keys)
        pruned = checkpoints.find_copies(self._connection, keys - known.keys())
        for message, signal in decoded:
            key = (signal.user_id, signal.event_id)
            if key in pruned:
                sorted_out.add_copy(message, signal, pruned[key])
                continue
            first = known.setdefault(key, signal)
            if first is signal:
                sorted_out.new.append((message, signal))
            elif first == signal:
                sorted_out.duplicates.append((message, signal))
            else:
                other = f"{first.subject} of {first.occurred_at.isoformat()}"
                sorted_out.rejections.append(Rejection(message, _reused(first.event_id, other)))

    def _fold(self, accepted: Sequence[StoredSignal]) -> list[ViewChange]:
        """Fold signals into the views that do not learn."""
        logs: _Logs = defaultdict(lambda: defaultdict(list))
        for stored in accepted:
            _add(logs, self._tables_of[type(stored.signal)], stored, NOTHING)
        return self._fold_logs(logs)

    def _learn(self, accepted: Sequence[StoredSignal]) -> list[ViewChange]:
        """Fold signals into the views that learn; all else that they change is written."""
        lessons = [stored for stored in accepted if teaches(stored.signal)]
        if not lessons or not self._learning:
            return []
        fills = any(table.view.fills for table in self._learning)
        signals = [(stored.signal, stored.received_us) for stored in lessons]
        notes, answers = noting.notes_of_new(self._connection, signals, fills=fills)
        answered_tips.insert_many(self._connection, answers)
        logs: _Logs = defaultdict(lambda: defaultdict(list))
        for stored, note in zip(lessons, notes, strict=True):
            _add(logs, self._learning, stored, note)
        return self._fold_logs(logs)

    def _fold_logs(self, logs: _Logs) -> list[ViewChange]:
        return [
            fold_batch(self._connection, table, log, self._long_tail) for table, log in logs.items()
        ]

    def _mark_due(self, user_ids: set[str]) -> None:
        self._connection.executemany(
            "INSERT OR IGNORE INTO profile_due (user_id) VALUES (?)",
            ((user_id,) for user_id in sorted(user_ids)),
        )

    def _newest(self, changes: Sequence[ViewChange], duplicates: Iterable[Signal]) -> NewestStates:
        # A crash between commit and Redis shows as duplicates: their users are written again.
        again = sorted({signal.user_id for signal in duplicates})
        stored = [table.newest_columns(self._connection, again) for table in self._tables if again]
        parts = [newest_rows(columns, again) for columns in stored]
        return NewestStates([*parts, *(change.newest for change in changes)])


@dataclass(slots=True)
class _SortedOut:
    new: list[Decoded] = field(default_factory=list)
    duplicates: list[Decoded] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    kept_out: list[int] = field(default_factory=list)

    def add_copy(self, message: Message, signal: Signal, content: int) -> None:
        """Add a message that bears the id of a pruned signal with this digest of its content."""
        if checkpoints.content_digest(signal) == content:
            self.duplicates.append((message, signal))
        else:
            self.rejections.append(Rejection(message, _reused(signal.event_id, "a pruned signal")))


def _add(logs: _Logs, tables: Iterable[StateTable], stored: StoredSignal, note: Note) -> None:
    signal, event_us = stored.signal, stored.event_time_us
    for table in tables:
        added = table.view.contribution(signal, event_us, note)
        if added is not None:
            entry = LogEntry(event_us, stored.received_us, signal.event_id, added)
            logs[table][signal.user_id].append(entry)


def _decode(messages: Sequence[Message]) -> _SortedOut:
    result = _SortedOut()
    for message in messages:
        try:
            signal = decode(message.subject, message.payload, message.received_us)
        except SignalRejected as error:
            result.rejections.append(Rejection(message, error))
        else:
            result.new.append((message, signal))
    return result


def _in_log_order(new: Sequence[Decoded], newest_us: dict[str, int]) -> list[StoredSignal]:
    """Give every signal its received time, later than any of its user before it.

    Args:
        new: Messages in the order in which they came.
        newest_us: The newest received time of each user; brought up to date.
    """
    accepted = []
    for message, signal in new:
        user_id = signal.user_id
        received_us = max(message.received_us, newest_us[user_id] + 1)
        newest_us[user_id] = received_us
        event_us = event_time_us(signal, received_us)
        accepted.append(
            StoredSignal(signal, event_us, received_us, message.sequence, message.payload)
        )
    return accepted


def _reused(event_id: str, first: str) -> SignalRejected:
    return SignalRejected(
        "event_id reused",
        f"{event_id!r} was accepted before with other content ({first}): give every signal its "
        "own id",
    )
