"""A batch together with what was stored before it: all that it takes to fold it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from oo_profile.building.folding import view_batches
from oo_profile.building.received_times import ReceivedTimes
from oo_profile.building.sorting_out import SortedOut
from oo_profile.storage import signal_log
from oo_profile.storage.database import commits_of_others
from oo_profile.storage.signal_log import StoredSignal
from oo_transforms.notes import NOTHING
from oo_transforms.signals import STORED_TYPES, event_time_us

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from oo_profile.building.folding import ViewBatch
    from oo_profile.building.keeping_out import Decoded
    from oo_profile.building.sorting_out import DecodedBatch
    from oo_profile.storage.signal_log import SignalRow
    from oo_profile.storage.state_table import StateTable


@dataclass(frozen=True)  # not slotted: it keeps the rows that are made of it
class ReadBatch:
    """A batch as it can be folded.

    Attributes:
        decoded: Its messages.
        sorted_out: What becomes of them.
        accepted: The new signals in log order.
        newest_us: Where the logs of their users end behind them.
        new_users: How many of these users have no signals before.
        views: What it brings to each view that does not learn.
        commits_of_others: Tells what others had committed when it was read.
    """

    decoded: DecodedBatch
    sorted_out: SortedOut
    accepted: Sequence[StoredSignal]
    newest_us: dict[str, int]
    new_users: int
    views: Sequence[ViewBatch]
    commits_of_others: int

    @cached_property
    def signal_rows(self) -> list[SignalRow]:
        """The new signals as they are stored."""
        return signal_log.rows_of(self.accepted)

    @cached_property
    def user_ids(self) -> list[str]:
        """The users of the new signals, sorted."""
        return sorted(self.newest_us)

    def fold(self) -> None:
        """Do what takes no database, so that nothing but writing is left."""
        for view in self.views:
            view.folded()
        _ = self.signal_rows, self.user_ids


class BatchReader:
    """Reads what batches build on.

    Args:
        connection: The builder's connection.
        tables: Those of all state views; the ones that learn are not for it.
    """

    def __init__(self, connection: sqlite3.Connection, tables: Sequence[StateTable]) -> None:
        self._connection = connection
        self._tables_of = {
            kind: [own for own in tables if kind in own.view.weights and not own.view.learns]
            for kind in STORED_TYPES
        }
        self._times = ReceivedTimes(connection, tables)

    def read(self, decoded: DecodedBatch, before: ReadBatch | None = None) -> ReadBatch:
        """Read for a batch, in a transaction that writes.

        Args:
            decoded: The batch.
            before: The batch that this transaction has written already.
        """
        sorted_out = SortedOut.of(self._connection, decoded)
        newest_us = self._times.newest({signal.user_id for _, signal in sorted_out.new})
        if before is not None:
            newest_us |= {u: us for u, us in before.newest_us.items() if u in newest_us}
        new_users = sum(received_us == 0 for received_us in newest_us.values())
        accepted = _in_log_order(sorted_out.new, newest_us)
        return ReadBatch(
            decoded,
            sorted_out,
            accepted,
            newest_us,
            new_users,
            self._views(accepted),
            commits_of_others(self._connection),
        )

    def is_current(self, batch: ReadBatch) -> bool:
        """Say, in a transaction that writes, whether nobody else has committed since."""
        return batch.commits_of_others == commits_of_others(self._connection)

    def keep(self, batch: ReadBatch) -> None:
        """Take note that a batch is committed."""
        self._times.keep(batch.newest_us)

    def _views(self, accepted: Sequence[StoredSignal]) -> list[ViewBatch]:
        weighed = ((self._tables_of[type(own.signal)], own, NOTHING) for own in accepted)
        return view_batches(self._connection, weighed)


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
