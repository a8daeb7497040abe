"""One batch of messages into the database: signals, state history, users whose profile is due.

While a batch is committed, which takes the disk and SQLite a third of a batch's time and Python
none, the next one is folded. What that builds on is read in the transaction before, behind all
that this one has written; so it holds unless somebody else commits in between, or this one is not
committed. Then it is read again.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from oo_profile.building.following import getting_ready
from oo_profile.building.late_tails import LONG_TAIL_ROWS
from oo_profile.building.learning import Learner
from oo_profile.building.minute_counts import MinuteCounts
from oo_profile.building.newest_states import NewestStates, newest_rows
from oo_profile.building.outcome import Outcome
from oo_profile.building.read_batch import BatchReader
from oo_profile.building.sorting_out import DecodedBatch
from oo_profile.storage import behind, rejected, signal_log
from oo_profile.storage.database import transaction
from oo_profile.storage.definitions import DefinitionGuard
from oo_profile.storage.rejected import Rejection
from oo_profile.storage.state_table import StateTable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from oo_profile.building.read_batch import ReadBatch
    from oo_profile.transport.message import Message
    from oo_profile.transport.stream import StreamState
    from oo_transforms.errors import SignalRejected
    from oo_transforms.state_view import StateView


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
        self._reader = BatchReader(connection, self._tables)
        self._learner = Learner(connection, self._tables)
        self._counts = MinuteCounts(connection)
        self._stream_created_at = stream_created_at
        self._long_tail = long_tail
        self._guard = DefinitionGuard(views)
        self._ahead: ReadBatch | None = None
        self._decoded: DecodedBatch | None = None

    def continue_with(self, stream: StreamState) -> None:
        """Take what comes from now on for messages of this stream."""
        self._stream_created_at = stream.created_at

    def write(
        self,
        messages: Sequence[Message],
        *,
        ahead: Sequence[Sequence[Message]] = (),
        meanwhile: Callable[[NewestStates], None] = lambda _: None,
        remember: bool = False,
    ) -> Outcome:
        """Write one batch in one transaction, all of it or nothing.

        Args:
            messages: The batch.
            ahead: The batches that are written next, at most two, if they are here already: they
                are made ready while this one is committed. Later calls are given the same
                sequences.
            meanwhile: Given what the online store must have while this batch is committed, if
                there is a next one; it may not be, then.
            remember: Remember its users as behind in the online store, which is away.

        Raises:
            sqlite3.Error: Nothing was written; the batch may be tried again.
            DefinitionChangedError: A view was rebuilt by another definition of it.
        """
        ready = self._ahead
        if ready is None or ready.decoded.messages is not messages:
            ready = None
        decoded = DecodedBatch.of(messages) if ready is None else ready.decoded
        return self._write(decoded, ahead, ready, meanwhile=meanwhile, remember=remember)

    def reject(self, message: Message, error: SignalRejected) -> Outcome:
        """Keep a message aside without looking at what it says, in one transaction.

        Raises:
            sqlite3.Error: As `write` does.
            DefinitionChangedError: As `write` does.
        """
        aside = DecodedBatch([message], (), [Rejection(message, error)])
        return self._write(aside, (), remember=False)

    def _write(
        self,
        decoded: DecodedBatch,
        ahead: Sequence[Sequence[Message]],
        ready: ReadBatch | None = None,
        *,
        meanwhile: Callable[[NewestStates], None] = lambda _: None,
        remember: bool,
    ) -> Outcome:
        connection = self._connection
        with (
            getting_ready(ahead, self._decoded) as following,
            transaction(connection, following.commit),
        ):
            self._guard.check(connection)
            if ready is None or not self._reader.is_current(ready):
                ready = self._reader.read(decoded)
            newest = self._insert(ready)
            if remember:
                behind.insert_many(connection, newest.user_ids)
            following.read(self._reader, ready)
            following.meanwhile = partial(meanwhile, newest)
        self._reader.keep(ready)
        self._counts.keep()
        self._ahead, self._decoded = following.batch, following.decoded
        return _outcome(ready, newest)

    def _insert(self, batch: ReadBatch) -> NewestStates:
        """Write all that a batch brings; return what the online store must have."""
        connection, sorted_out = self._connection, batch.sorted_out
        # Before the signals, of which what corrects histories must not find the batch's own.
        newest = [view.write(connection, self._long_tail) for view in batch.views]
        signal_log.insert_rows(connection, batch.signal_rows)
        learned = self._learner.read(batch.accepted)
        newest += [view.write(connection, self._long_tail) for view in learned]
        rejected.insert_many(connection, self._stream_created_at, sorted_out.rejections)
        self._counts.add(
            self._stream_created_at,
            batch.accepted,
            sorted_out.duplicates,
            sorted_out.rejections,
            batch.new_users,
        )
        connection.executemany(
            "INSERT OR IGNORE INTO profile_due (user_id) VALUES (?)",
            ((user_id,) for user_id in batch.user_ids),
        )
        # A crash between commit and Redis shows as duplicates: their users are written again.
        again = sorted({signal.user_id for _, signal in sorted_out.duplicates})
        stored = [table.newest_columns(connection, again) for table in self._tables if again]
        return NewestStates([*(newest_rows(columns, again) for columns in stored), *newest])


def _outcome(batch: ReadBatch, newest: NewestStates) -> Outcome:
    sorted_out = batch.sorted_out
    return Outcome(
        Counter(stored.signal.subject for stored in batch.accepted),
        len(sorted_out.duplicates),
        Counter(rejection.error.reason for rejection in sorted_out.rejections),
        Counter(signal.subject for _, signal in sorted_out.duplicates),
        Counter(rejection.message.subject for rejection in sorted_out.rejections),
        tuple(sorted_out.kept_out),
        newest,
    )
