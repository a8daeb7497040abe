"""The batch behind the one that is written, made ready beside it.

What takes Python and no database is done while SQLite works: messages are decoded while the batch
before is inserted, and folded while that is committed.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from oo_profile.building.sorting_out import DecodedBatch

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from oo_profile.building.read_batch import BatchReader, ReadBatch
    from oo_profile.transport.message import Message


class Following:
    """Makes a batch ready, if there is one.

    Args:
        beside: A thread of its own.
        messages: The batch.

    Attributes:
        batch: The batch when it is ready; None before, and if there is none.
    """

    def __init__(
        self, beside: ThreadPoolExecutor | None = None, messages: Sequence[Message] = ()
    ) -> None:
        self._beside = beside
        self._decoded: Future[DecodedBatch] | None = None
        if beside is not None:
            self._decoded = beside.submit(DecodedBatch.of, messages)
        self.batch: ReadBatch | None = None

    def read(self, reader: BatchReader, before: ReadBatch) -> None:
        """Read what it builds on, in the transaction in which the batch before it was written."""
        if self._decoded is not None:
            self.batch = reader.read(self._decoded.result(), before)

    def commit(self, connection: sqlite3.Connection) -> None:
        """Commit the batch before it, and fold this one meanwhile."""
        if self._beside is None or self.batch is None:
            connection.execute("COMMIT")
            return
        committed = self._beside.submit(connection.execute, "COMMIT")
        self.batch.fold()
        committed.result()


@contextmanager
def getting_ready(messages: Sequence[Message]) -> Iterator[Following]:
    """Make a batch ready inside; without messages there is none, and no thread."""
    if not messages:
        yield Following()
        return
    with ThreadPoolExecutor(1, "builder-beside") as beside:
        yield Following(beside, messages)
