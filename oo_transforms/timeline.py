"""Correcting a long tail of a history piece by piece, while signals keep coming.

Two facts make that possible. A version (T, c) holds exactly the signals at or before event time T
that were received by c, however the log was cut into batches; so a version that is behind says
itself what it lacks. And the newest version of T, once nothing is left to correct, is the one
created when the last signal at or before T was received; so what is behind shows in the keys
alone. The correction can therefore stop after any piece, lose all that it remembers, and go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from oo_transforms.history import LogEntry, Version
from oo_transforms.state import OVERFLOW, State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Micros: TypeAlias = npt.NDArray[np.int64]
"""Instants, microseconds since the epoch."""

Key: TypeAlias = tuple[int, int]
"""Event time and created time of a version, microseconds."""

_NEVER = np.iinfo(np.int64).max


class Arrival(NamedTuple):
    """When one signal counts from and when it came, microseconds, and its event id.

    It counts from its event time, or from where the history begins if that is later.
    """

    time_us: int
    received_us: int
    event_id: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of event times to be corrected together.

    Attributes:
        event_ids: Signals whose contributions are needed, in the order in which they are added.
        moments: The event times that get a version, each with the version's created time and how
            many of the signals are added by then.
        replaced: Keys of the corrections that these versions take the place of.
    """

    event_ids: tuple[str, ...]
    moments: tuple[tuple[int, int, int], ...]
    replaced: tuple[Key, ...]


class Timeline:
    """The arrivals of one user's signals in one view, from some event time on.

    Args:
        before: The key of the newest version before that event time, to which nothing is lacking;
            None if there is none.

    Attributes:
        until_us: Received time of the newest arrival, 0 if there is none.
    """

    def __init__(self, before: Key | None = None) -> None:
        self.until_us = 0
        # The last signal from before may have come after those that follow.
        self._before_us = 0 if before is None else before[1]
        self._times: Micros = np.empty(0, np.int64)
        self._received: Micros = np.empty(0, np.int64)
        self._ids: npt.NDArray[np.object_] = np.empty(0, np.object_)
        self._is_in_order = False

    def add(self, arrivals: Sequence[Arrival]) -> None:
        """Add arrivals in any order, none of them twice."""
        if not arrivals:
            return
        times, received, ids = zip(*arrivals, strict=True)
        self._times = np.append(self._times, np.array(times, np.int64))
        self._received = np.append(self._received, np.array(received, np.int64))
        self._ids = np.append(self._ids, np.array(ids, np.object_))
        self.until_us = max(self.until_us, *received)
        self._is_in_order = False

    def _put_in_order(self) -> None:
        """Note for every event time where its arrivals end, and what follows from their order."""
        order = np.lexsort((self._received, self._times))
        self._times, self._received = self._times[order], self._received[order]
        self._ids = self._ids[order]
        self._moments, first = np.unique(self._times, return_index=True)
        self._ends = np.append(first[1:], len(self._times))[: len(first)]
        # When the last signal at or before an event time came, and the first one after it.
        latest = np.maximum.accumulate(self._received)[self._ends - 1]
        self._last = np.maximum(latest, self._before_us)
        earliest = np.minimum.accumulate(self._received[::-1])[::-1]
        self._passed = np.append(earliest, _NEVER)[self._ends]
        self._is_in_order = True

    def moments_after(self, time_us: int, limit: int) -> Micros:
        """List the next event times after one, in order, at most so many."""
        if not self._is_in_order:
            self._put_in_order()
        at = int(np.searchsorted(self._moments, time_us, side="right"))
        return self._moments[at : at + limit]

    def first_behind(self, moments: Micros, stored: Sequence[Key]) -> int | None:
        """Find the first event time whose newest version is behind the log, or is not there.

        Args:
            moments: Neighbouring event times of this timeline, at least one.
            stored: The keys of all versions from the first to the last of them, in order.
        """
        behind = self._newest_created(moments, stored) < self._last[self._places(moments)]
        at = int(np.argmax(behind))
        return int(moments[at]) if behind[at] else None

    def piece(self, moments: Micros, stored: Sequence[Key], base: Key | None) -> Piece:
        """Say what is to be written for neighbouring event times, given what is stored.

        Args:
            moments: Neighbouring event times of this timeline, at least one.
            stored: The keys of all versions from the first to the last of them, in order.
            base: The key of the newest version before the first of them, which the piece builds
                on; what that version lacks is added first.
        """
        places = self._places(moments)
        behind = self._newest_created(moments, stored) < self._last[places]
        at, corrected = places[behind], moments[behind]
        first = int(self._times.searchsorted(moments[0]))
        before = np.flatnonzero(self._lacking(first, base))
        counts = self._ends[at] - first + len(before)
        end = int(self._ends[at[-1]]) if len(at) else first
        chosen = (corrected.tolist(), self._last[at].tolist(), counts.tolist())
        return Piece(
            event_ids=(*self._ids[before], *self._ids[first:end]),
            moments=tuple(zip(*chosen, strict=True)),
            replaced=self._replaced(corrected, self._passed[at], stored),
        )

    def _places(self, moments: Micros) -> npt.NDArray[np.intp]:
        return self._moments.searchsorted(moments)

    def _lacking(self, first: int, base: Key | None) -> npt.NDArray[np.bool_]:
        """Mark the arrivals before one, in order of event times, that a version does not hold."""
        if base is None:
            return np.ones(first, np.bool_)
        return (self._times[:first] > base[0]) | (self._received[:first] > base[1])

    @staticmethod
    def _newest_created(moments: Micros, stored: Sequence[Key]) -> Micros:
        """Return when the newest stored version of each event time was created, -1 without one."""
        keys = np.array([(-1, -1), *stored], np.int64)
        at = keys[:, 0].searchsorted(moments, side="right") - 1
        return np.where(keys[at, 0] == moments, keys[at, 1], -1)

    @staticmethod
    def _replaced(moments: Micros, passed: Micros, stored: Sequence[Key]) -> tuple[Key, ...]:
        """Find the corrections among versions: a later event time was known when they were made."""
        passed_at = dict(zip(moments.tolist(), passed.tolist(), strict=True))
        return tuple(key for key in stored if key[1] >= passed_at.get(key[0], _NEVER))


def correct(state: State, piece: Piece, entries: Sequence[LogEntry]) -> list[Version]:
    """Compute the versions of a piece.

    Args:
        state: What the version that the piece builds on holds, or an empty state; it is changed.
        piece: What is to be written.
        entries: The signals that the piece asks for, in its order, their categories as kept.

    Returns:
        Its versions by event time, each with all signals at or before it.
    """
    versions, added = [], 0
    for time_us, created_us, count in piece.moments:
        for entry in entries[added:count]:
            state.update(entry.contribution, entry.event_time_us, entry.event_id)
        added = count
        versions.append(Version(time_us, created_us, state.cells()))
    return versions


def naming_of(newest: State) -> Callable[[LogEntry], LogEntry]:
    """Return what counts entries under the category names that a user's newest state has kept."""
    kept = frozenset(newest.names)

    def named(entry: LogEntry) -> LogEntry:
        category = entry.contribution.category
        if category is None or category in kept:
            return entry
        counted = entry.contribution._replace(category=OVERFLOW)
        return LogEntry(entry.event_time_us, entry.received_us, entry.event_id, counted)

    return named
