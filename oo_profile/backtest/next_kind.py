"""What kind of work next: the choices between categories that a work log holds."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from oo_profile.backtest.past_decision import (
    Candidate,
    PastDecision,
    SeenSignal,
    completed_us,
    created_us,
    offset_minutes,
    signals_of,
    tasks_by_person,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from oo_profile.inputs.tasks import Task


def next_kind_decisions(tasks: Sequence[Task]) -> Iterator[PastDecision]:
    """Find the choices between kinds of work, person by person, in order of time.

    A decision is made when somebody has finished a task: of which kind is the next that he will
    finish? Candidates are all categories of the log. The reward is 1 for the kind of the next
    task, known when it is finished; the last task of a person leads to no decision.
    """
    kinds = sorted({task.category for task in tasks})
    for own in tasks_by_person(tasks):
        yield from _decisions_of(own, kinds)


def _decisions_of(own: Sequence[Task], kinds: Iterable[str]) -> Iterator[PastDecision]:
    signals = signals_of(own)
    created = sorted(own, key=created_us)
    told = 0
    for task, following in itertools.pairwise(own):
        at_us = completed_us(task)
        seen: list[SeenSignal] = []
        while told < len(created) and created_us(created[told]) <= at_us:
            seen.append(signals[f"created-{created[told].task_id}"])
            told += 1
        seen.append(signals[f"completed-{task.task_id}"])
        candidates = tuple(
            Candidate(kind, at_us, float(kind == following.category), completed_us(following))
            for kind in kinds
        )
        yield PastDecision(
            task.user_id, at_us, offset_minutes(task), candidates, tuple(seen), task.category
        )
