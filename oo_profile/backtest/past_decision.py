"""A choice that somebody once had, of which it is known what every candidate would have come to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from oo_profile.inputs.tasks import task_signals
from oo_transforms.clock import to_micros
from oo_transforms.signals import decode, event_time_us

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from oo_profile.inputs.tasks import Task
    from oo_transforms.signals import Signal


LONG_RECEIVED_US: Final = to_micros(datetime(2100, 1, 1, tzinfo=UTC))
"""What is on record was received, whenever it is read."""

SECONDS_A_MINUTE: Final = 60


class SeenSignal(NamedTuple):
    """A signal that was there before a decision.

    Attributes:
        event_time_us: When it happened, microseconds.
        signal: What it says.
    """

    event_time_us: int
    signal: Signal


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the things to choose from.

    Attributes:
        category: Its kind.
        created_us: When it came up, microseconds.
        reward: What choosing it would have come to, 0 to 1.
        known_us: When that was known.
    """

    category: str
    created_us: int
    reward: float
    known_us: int


@dataclass(frozen=True, slots=True)
class PastDecision:
    """A choice with full information.

    Attributes:
        user_id: Whose.
        at_us: When, microseconds.
        utc_offset_minutes: His own clock then.
        candidates: The oldest first.
        seen: His signals since the decision before, in the order in which they count.
        last_category: Kind of the task that he finished last; None if there is none.
    """

    user_id: str
    at_us: int
    utc_offset_minutes: int
    candidates: tuple[Candidate, ...]
    seen: tuple[SeenSignal, ...]
    last_category: str | None = None


def tasks_by_person(tasks: Iterable[Task]) -> Iterator[list[Task]]:
    """Give each person's tasks, in the order in which they were finished."""
    order = attrgetter("user_id", "completed_at", "created_at", "task_id")
    for _, own in groupby(sorted(tasks, key=order), key=attrgetter("user_id")):
        yield list(own)


def signals_of(tasks: Iterable[Task]) -> Mapping[str, SeenSignal]:
    """Turn one person's tasks into the signals that the importer makes of them, by event id.

    Sessions are left out: no policy has a feature of them.
    """
    found = {}
    for subject, data in task_signals(tasks):
        if not subject.startswith("signals.task."):
            continue
        signal = decode(subject, msgspec.json.encode(data), LONG_RECEIVED_US)
        found[signal.event_id] = SeenSignal(event_time_us(signal, LONG_RECEIVED_US), signal)
    return found


def created_us(task: Task) -> int:
    """Tell when a task came up, microseconds."""
    return to_micros(task.created_at)


def completed_us(task: Task) -> int:
    """Tell when a task was finished, microseconds."""
    return to_micros(task.completed_at)


def offset_minutes(task: Task) -> int:
    """Tell the person's clock when he finished a task."""
    offset = task.completed_at.utcoffset()
    return 0 if offset is None else int(offset.total_seconds()) // SECONDS_A_MINUTE
