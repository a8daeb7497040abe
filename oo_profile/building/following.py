"""The batch behind the one that is written, made ready beside it.

What takes Python and no database is done while SQLite works: while a batch is committed, the next
one is folded and the one behind that is decoded.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from oo_profile.building.sorting_out import DecodedBatch

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence

    from oo_profile.building.read_batch import BatchReader, ReadBatch
    from oo_profile.transport.message import Message


class Following:
    """Makes a batch ready, if there is one, and decodes the one behind it.

    Args:
        beside: A thread of its own.
        batches: The batch, and the one behind it, if they are here.
        decoded: The first of them, if it is decoded already.

    Attributes:
        batch: The batch when it is ready; None before, and if there is none.
        decoded: The one behind it; likewise.
        meanwhile: What else is to be done while the batch before it is committed.
    """

    def __init__(
        self,
        beside: ThreadPoolExecutor | None = None,
        batches: Sequence[Sequence[Message]] = (),
        decoded: DecodedBatch | None = None,
    ) -> None:
        self._beside = beside
        self._first = decoded
        self._decoding: Future[DecodedBatch] | None = None
        if beside is not None and decoded is None:
            self._decoding = beside.submit(DecodedBatch.of, batches[0])
        self._behind = batches[1:]
        self.batch: ReadBatch | None = None
        self.decoded: DecodedBatch | None = None
        self.meanwhile: Callable[[], None] = lambda: None

    def read(self, reader: BatchReader, before: ReadBatch) -> None:
        """Read what it builds on, in the transaction in which the batch before it was written."""
        if self._decoding is not None:
            self._first = self._decoding.result()
        if self._first is not None:
            self.batch = reader.read(self._first, before)

    def commit(self, connection: sqlite3.Connection) -> None:
        """Commit the batch before it; meanwhile do what takes no database."""
        if self._beside is None or self.batch is None:
            connection.execute("COMMIT")
            return
        committed = self._beside.submit(connection.execute, "COMMIT")
        self.batch.fold()
        self.meanwhile()
        for messages in self._behind:
            self.decoded = DecodedBatch.of(messages)
        committed.result()


@contextmanager
def getting_ready(
    batches: Sequence[Sequence[Message]], decoded: DecodedBatch | None
) -> Iterator[Following]:
    """Make the next batch ready inside; without one there is nothing to do, and no thread.

    Args:
        batches: The next batch and the one behind it, if they are here.
        decoded: What was decoded last; it is used if that is the next batch.
    """
    if not batches:
        yield Following()
        return
    known = decoded if decoded is not None and decoded.messages is batches[0] else None
    with ThreadPoolExecutor(1, "builder-beside") as beside:
        yield Following(beside, batches, known)
