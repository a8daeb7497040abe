"""The histories of many users in one view at once, column by column.

What `history.replay` gives for one log, for the rebuild of all of them: rows of many users lie in
the same arrays, so that what they have in common is computed and packed for all at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from oo_transforms.history import LogEntry, replay
from oo_transforms.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oo_transforms.arrays import Floats
    from oo_transforms.state_view import Contribution, StateView

Instants: TypeAlias = npt.NDArray[np.int64]
"""Microseconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Logs:
    """The logs of several users in one view on end, each in log order.

    Attributes:
        counts: How many entries each log has; none has 0.
        event_times_us: Event time of each entry, microseconds.
        received_us: Received time of each entry, microseconds; grows within a log.
        event_ids: Of each entry.
        contributions: What each entry adds.
    """

    counts: Sequence[int]
    event_times_us: Sequence[int]
    received_us: Sequence[int]
    event_ids: Sequence[str]
    contributions: Sequence[Contribution]

    def entries(self) -> Iterator[list[LogEntry]]:
        """Give each log as `history` takes it."""
        columns = zip(
            self.event_times_us,
            self.received_us,
            self.event_ids,
            self.contributions,
            strict=True,
        )
        for count in self.counts:
            yield [LogEntry(*next(columns)) for _ in range(count)]


@dataclass(frozen=True, slots=True)
class Histories:
    """The versions of several users on end, each user's ordered by event and created time.

    Attributes:
        counts: How many versions each user has.
        event_times_us: Event time of each version.
        created_us: Created time of each version.
        sums: The sums of each version as `State.sums` has them, (versions, view.size).
        last: Event id and latest values of each version, for a view that keeps them; else empty.
        names: Kept categories of each version, for a view that has some; else empty.
        weights: Sums by category of each version, (category sums, names) each; else empty.
    """

    counts: Sequence[int]
    event_times_us: Instants
    created_us: Instants
    sums: Floats
    last: Sequence[tuple[str, tuple[float, ...]] | None]
    names: Sequence[list[str]]
    weights: Sequence[Floats]


def replay_many(view: StateView, logs: Logs) -> Histories:
    """Compute the whole histories of several users: for each what `history.replay` gives.

    Keys are equal, and sums equal to 1e-12 of the sum of the absolute values of their terms.
    """
    histories = [replay(view, entries) for entries in logs.entries()]
    versions = [version for history in histories for version in history]
    states = [State.from_cells(view, version.cells) for version in versions]
    return Histories(
        [len(history) for history in histories],
        np.array([version.event_time_us for version in versions], dtype=np.int64),
        np.array([version.created_us for version in versions], dtype=np.int64),
        np.array([state.sums for state in states]).reshape(len(versions), view.size),
        [state.last for state in states] if view.last else (),
        [state.names for state in states] if view.categories else (),
        [state.weights for state in states] if view.categories else (),
    )
