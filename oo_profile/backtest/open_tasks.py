"""Which of my open tasks next: the choices that a work log holds."""

from __future__ import annotations

from datetime import timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Final

import numpy as np

from oo_profile.backtest.past_decision import (
    Candidate,
    PastDecision,
    completed_us,
    created_us,
    offset_minutes,
    signals_of,
    tasks_by_person,
)
from oo_transforms.clock import MICROSECOND

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from oo_profile.inputs.tasks import Task

LEAST_OPEN: Final = timedelta(seconds=60)
"""A task that was finished sooner was never waiting."""

PAUSE: Final = timedelta(minutes=10)
"""Between two decisions of a person: what is finished within it was one piece of work."""

WITHIN: Final = timedelta(hours=1)
"""A task finished so soon after a decision was a good choice."""

MOST_CANDIDATES: Final = 50
"""The newest are offered."""

LEAST_CANDIDATES: Final = 2


def open_task_decisions(tasks: Iterable[Task]) -> Iterator[PastDecision]:
    """Find the choices between open tasks, person by person, in order of time.

    A decision is made whenever somebody with two or more open tasks finishes one, ten minutes or
    more after his last decision. Candidates are the tasks that are open just before: the one
    finished is among them. Only tasks of 60 seconds or more count. The reward of a candidate is 1
    if it is finished within the hour; that is known when it is finished, or after the hour. What
    the person finishes at the very moment of a decision is no signal before it.
    """
    for own in tasks_by_person(tasks):
        yield from _decisions_of(own)


def _decisions_of(own: Sequence[Task]) -> Iterator[PastDecision]:
    waiting = [task for task in own if task.completed_at - task.created_at >= LEAST_OPEN]
    if len(waiting) < LEAST_CANDIDATES:
        return
    signals = sorted(signals_of(own).values(), key=lambda seen: seen.event_time_us)
    by_age = sorted(waiting, key=attrgetter("created_at", "task_id"))
    created = np.array([created_us(task) for task in by_age])
    completed = np.array([completed_us(task) for task in by_age])
    told, last_us = 0, None
    for task in waiting:
        at_us = completed_us(task)
        if last_us is not None and at_us - last_us < PAUSE // MICROSECOND:
            continue
        is_open = np.flatnonzero((created < at_us) & (completed >= at_us))
        if len(is_open) < LEAST_CANDIDATES:
            continue
        candidates = tuple(_candidate(by_age[place], at_us) for place in is_open[-MOST_CANDIDATES:])
        first = told
        while told < len(signals) and signals[told].event_time_us < at_us:
            told += 1
        last_us = at_us
        yield PastDecision(
            task.user_id, at_us, offset_minutes(task), candidates, tuple(signals[first:told])
        )


def _candidate(task: Task, at_us: int) -> Candidate:
    end_us, done_us = at_us + WITHIN // MICROSECOND, completed_us(task)
    return Candidate(
        task.category, created_us(task), float(done_us <= end_us), min(done_us, end_us)
    )
