"""What a batch consists of: new signals, copies, messages to be rejected or kept out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oo_profile.building.keeping_out import (
    Decoded,
    rejections_without_forgotten,
    without_forgotten,
)
from oo_profile.storage import checkpoints, signal_log
from oo_profile.storage.rejected import Rejection
from oo_transforms.errors import SignalRejected
from oo_transforms.signals import Signal, decode

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from oo_profile.transport.message import Message


@dataclass(frozen=True, slots=True)
class DecodedBatch:
    """What the messages of a batch say.

    Attributes:
        messages: As they came.
        signals: Those that are signals.
        rejections: All others.
    """

    messages: Sequence[Message]
    signals: Sequence[Decoded] = ()
    rejections: Sequence[Rejection] = ()

    @classmethod
    def of(cls, messages: Sequence[Message]) -> DecodedBatch:
        """Decode messages."""
        signals, rejections = [], []
        for message in messages:
            try:
                signal = decode(message.subject, message.payload, message.received_us)
            except SignalRejected as error:
                rejections.append(Rejection(message, error))
            else:
                signals.append((message, signal))
        return cls(messages, signals, rejections)


@dataclass(slots=True)
class SortedOut:
    """A batch sorted by what becomes of its messages.

    Attributes:
        new: Signals to be stored.
        duplicates: Copies of signals that are stored, or stand before them in the batch.
        rejections: What is rejected.
        kept_out: Sequences of messages of forgotten people.
    """

    new: list[Decoded] = field(default_factory=list)
    duplicates: list[Decoded] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    kept_out: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, connection: sqlite3.Connection, batch: DecodedBatch) -> SortedOut:
        """Look up who was forgotten and what is known; in a transaction."""
        signals, out = without_forgotten(connection, batch.signals)
        rejections, others = rejections_without_forgotten(connection, batch.rejections)
        sorted_out = cls(rejections=rejections, kept_out=[m.sequence for m in (*out, *others)])
        sorted_out._find_known(connection, signals)
        return sorted_out

    def _find_known(self, connection: sqlite3.Connection, decoded: Sequence[Decoded]) -> None:
        """Part what is new from duplicates, and reject ids that stand for something else."""
        keys = {(signal.user_id, signal.event_id) for _, signal in decoded}
        known = signal_log.find_many(connection, keys)
        pruned = checkpoints.find_copies(connection, keys - known.keys())
        for message, signal in decoded:
            key = (signal.user_id, signal.event_id)
            if key in pruned:
                self._add_copy(message, signal, pruned[key])
                continue
            first = known.setdefault(key, signal)
            if first is signal:
                self.new.append((message, signal))
            elif first == signal:
                self.duplicates.append((message, signal))
            else:
                other = f"{first.subject} of {first.occurred_at.isoformat()}"
                self.rejections.append(Rejection(message, _reused(first.event_id, other)))

    def _add_copy(self, message: Message, signal: Signal, content: int) -> None:
        """Add a message that bears the id of a pruned signal with this digest of its content."""
        if checkpoints.content_digest(signal) == content:
            self.duplicates.append((message, signal))
        else:
            self.rejections.append(Rejection(message, _reused(signal.event_id, "a pruned signal")))


def _reused(event_id: str, first: str) -> SignalRejected:
    return SignalRejected(
        "event_id reused",
        f"{event_id!r} was accepted before with other content ({first}): give every signal its "
        "own id",
    )
