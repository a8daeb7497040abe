"""Keeps the counts of each minute up to date, in the transactions of the batches."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from oo_profile.building.tally import tally
from oo_profile.storage import signal_minutes
from oo_profile.storage.signal_minutes import KEPT_MINUTES, MINUTE_US, BusiestUser, Mark

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from oo_profile.building.keeping_out import Decoded
    from oo_profile.storage.rejected import Rejection
    from oo_profile.storage.signal_log import StoredSignal
    from oo_transforms.signals import Signal

LOOKED_AT_PER_SECOND: Final = 100
"""Signals of a second of the stream that are looked at closely: more of them cost no more."""

LOOKED_AT_ONCE: Final = 256

BUSY_FROM: Final = 30
"""Signals of one user in a minute from which he is worth a note."""


@dataclass(slots=True)
class _Part:
    """What came in one minute."""

    stored: list[StoredSignal] = field(default_factory=list)
    duplicates: list[Signal] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    new_users: int = 0


class MinuteCounts:
    """Counts every message once: those up to the last one counted are passed over.

    A redelivery changes nothing, therefore, and a message that comes out of turn after later ones
    is not counted. What is counted is kept only when the caller says that it is committed.

    Args:
        connection: The builder's connection.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._mark = signal_minutes.newest_mark(connection)
        self._minute, self._counts = -1, Counter[str]()
        self._pending: tuple[Mark, int, Counter[str]] | None = None
        self._users: dict[str, float] = {}
        self._users_minute = -1
        self._looked_to_us = 0
        self._may_look = float(LOOKED_AT_ONCE)

    def add(
        self,
        stream_created_at: str,
        stored: Sequence[StoredSignal],
        duplicates: Sequence[Decoded],
        rejections: Sequence[Rejection],
        new_users: int,
    ) -> None:
        """Count a batch, inside its transaction."""
        mark = self._mark
        same = stream_created_at == mark.stream_created_at
        counted = mark.stream_sequence if same else 0
        parts, last = _by_minute(stored, duplicates, rejections, counted)
        if not parts:
            return
        newest = max(parts)
        parts[min(parts)].new_users = new_users
        after = Mark(mark.written + 1, stream_created_at, max(last, counted))
        for minute, part in parts.items():
            self._write(minute, part, after)
        if newest > self._minute:
            signal_minutes.delete_before(self._connection, newest - KEPT_MINUTES)

    def _write(self, minute: int, part: _Part, mark: Mark) -> None:
        looked = self._look_at(part.stored)
        added = tally(part.stored, looked, part.duplicates, part.rejections, part.new_users)
        if self._minute == minute:
            counts = self._counts.copy()
        else:
            counts = Counter(signal_minutes.find(self._connection, minute))
        counts.update(added)
        signal_minutes.replace(self._connection, minute, mark, counts)
        if looked:
            self._note_busiest(minute, looked, len(part.stored) / len(looked))
        self._pending = (mark, minute, counts)

    def _look_at(self, stored: Sequence[StoredSignal]) -> Sequence[StoredSignal]:
        """Choose, evenly, so many signals as time has passed for."""
        if not stored:
            return stored
        passed = (stored[-1].received_us - self._looked_to_us) / 1e6
        self._looked_to_us = max(self._looked_to_us, stored[-1].received_us)
        saved = self._may_look + max(passed, 0) * LOOKED_AT_PER_SECOND
        self._may_look = min(saved, LOOKED_AT_ONCE)
        looked = stored[:: -(-len(stored) // max(int(self._may_look), 1))]
        self._may_look -= len(looked)
        return looked

    def _note_busiest(self, minute: int, looked: Sequence[StoredSignal], weight: float) -> None:
        # Not undone if the batch fails and comes again: it is an estimate.
        if minute != self._users_minute:
            self._users_minute, self._users = minute, {}
        users = self._users
        for one in looked:
            user_id = one.signal.user_id
            users[user_id] = users.get(user_id, 0.0) + weight
        user_id = max((one.signal.user_id for one in looked), key=users.__getitem__)
        if users[user_id] >= BUSY_FROM:
            busiest = BusiestUser(minute, user_id, round(users[user_id]))
            signal_minutes.note_busiest(self._connection, busiest)

    def keep(self) -> None:
        """Take what was added last for counted; to be called when it is committed."""
        if self._pending is not None:
            self._mark, self._minute, self._counts = self._pending
            self._pending = None


def _by_minute(
    stored: Sequence[StoredSignal],
    duplicates: Sequence[Decoded],
    rejections: Sequence[Rejection],
    counted: int,
) -> tuple[dict[int, _Part], int]:
    """Part what was not counted yet by minute of the stream's clock; give the last sequence too."""
    parts: dict[int, _Part] = defaultdict(_Part)
    fresh = [one for one in stored if one.sequence > counted]
    last = max([one.sequence for one in fresh], default=0)
    # A batch is in the stream's order, so it lies within a minute if its ends do.
    if fresh and fresh[0].received_us // MINUTE_US == fresh[-1].received_us // MINUTE_US:
        parts[fresh[0].received_us // MINUTE_US].stored = fresh
    else:
        for one in fresh:
            parts[one.received_us // MINUTE_US].stored.append(one)
    for message, signal in duplicates:
        if message.sequence > counted:
            parts[message.received_us // MINUTE_US].duplicates.append(signal)
            last = max(last, message.sequence)
    for rejection in rejections:
        if rejection.message.sequence > counted:
            parts[rejection.message.received_us // MINUTE_US].rejections.append(rejection)
            last = max(last, rejection.message.sequence)
    return parts, last
