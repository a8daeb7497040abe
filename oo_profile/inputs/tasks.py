"""Tasks that somebody did, and the signals they left."""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, TypeAlias

from oo_profile.inputs.sessions import Session, sessions_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

SignalRecord: TypeAlias = tuple[str, dict[str, object]]
"""A signal on its way to a file: its subject and its data, ready for JSON."""

TimedRecord: TypeAlias = "tuple[datetime, SignalRecord]"

DEFAULT_PRIORITY = 2
"""Neither a commit nor a work log says how urgent a task was."""


@dataclass(frozen=True, slots=True)
class Task:
    """One task, from its creation to its completion.

    Attributes:
        user_id: Who did it.
        task_id: 1 to 54 printable characters, unique for the user.
        category: What kind of work it was.
        created_at: Aware, in the user's offset at that time.
        completed_at: Likewise; never before `created_at`.
    """

    user_id: str
    task_id: str
    category: str
    created_at: datetime
    completed_at: datetime


def task_signals(tasks: Iterable[Task]) -> Iterator[SignalRecord]:
    """Turn finished tasks into signals in order of event time.

    A task gives `signals.task.created` and `signals.task.completed`; each run of a user's work
    (`sessions_of` over both times of all his tasks) gives `signals.app.session` at its start.
    Of signals at one instant the created come first, then the completed, then the sessions.

    Event ids follow from the tasks alone, so the same tasks give the same signals, and the copy
    is recognised as a duplicate. A session is known by its start: if later work extends a run
    that was already published, the second copy is refused as "event_id reused" and the first
    one counts, so that nothing is counted twice.

    Args:
        tasks: All of them; they are kept in memory, some 500 bytes each.

    Yields:
        Records for a signal file.
    """
    kept = list(tasks)
    streams: tuple[Iterator[TimedRecord], ...] = (
        _created(sorted(kept, key=attrgetter("created_at", "user_id", "task_id"))),
        _completed(sorted(kept, key=attrgetter("completed_at", "user_id", "task_id"))),
        _sessions(kept),
    )
    for _, record in heapq.merge(*streams, key=itemgetter(0)):
        yield record


def _created(tasks: Sequence[Task]) -> Iterator[TimedRecord]:
    for task in tasks:
        data = _envelope(f"created-{task.task_id}", task.user_id, task.created_at)
        data |= {
            "task_id": task.task_id,
            "category": task.category,
            "priority": DEFAULT_PRIORITY,
        }
        yield task.created_at, ("signals.task.created", data)


def _completed(tasks: Sequence[Task]) -> Iterator[TimedRecord]:
    for task in tasks:
        data = _envelope(f"completed-{task.task_id}", task.user_id, task.completed_at)
        data |= {"task_id": task.task_id, "category": task.category}
        yield task.completed_at, ("signals.task.completed", data)


def _sessions(tasks: Sequence[Task]) -> Iterator[TimedRecord]:
    for user_id, session in _sessions_of_users(tasks):
        event_id = f"session-{session.start.timestamp():.0f}"
        data = _envelope(event_id, user_id, session.start)
        data["duration_seconds"] = session.duration.total_seconds()
        yield session.start, ("signals.app.session", data)


def _sessions_of_users(tasks: Sequence[Task]) -> list[tuple[str, Session]]:
    instants: defaultdict[str, list[datetime]] = defaultdict(list)
    for task in tasks:
        instants[task.user_id] += (task.created_at, task.completed_at)
    found = [
        (user_id, session) for user_id, own in instants.items() for session in sessions_of(own)
    ]
    found.sort(key=lambda item: (item[1].start, item[0]))
    return found


def _envelope(event_id: str, user_id: str, at: datetime) -> dict[str, object]:
    return {"event_id": event_id, "user_id": user_id, "occurred_at": at.isoformat()}
