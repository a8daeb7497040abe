"""How a user deals with tasks."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from oo_transforms.clock import HOURS, WEEKDAYS
from oo_transforms.columns import Inputs, Outputs, Rows, StateRows, pick
from oo_transforms.decayed import rate
from oo_transforms.expectations import Expectations
from oo_transforms.fields import Feature, FeatureGroup
from oo_transforms.outputs import finish
from oo_transforms.signals import TaskCompleted, TaskCreated, TaskSnoozed
from oo_transforms.state import OVERFLOW
from oo_transforms.state_view import Contribution, Moment, StateView, Sum, slots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from oo_transforms.arrays import Floats

Key = TypeVar("Key", str, int)
Row = TypeVar("Row")

HALF_LIFE = timedelta(days=28)
WEEK = timedelta(weeks=1)
TIE = 1e-9
"""Weights that differ by no more than this share are ties."""

_SUMS = (
    Sum("created", "Decayed number of tasks created", "tasks"),
    Sum("completed", "Decayed number of tasks completed", "tasks"),
    Sum("snoozed", "Decayed number of tasks put off", "tasks"),
    Sum("completed_by_hour", "Decayed completions by local hour", "tasks", HOURS),
    Sum("completed_by_weekday", "Decayed completions by weekday, Monday first", "tasks", WEEKDAYS),
)
_SLOT = slots(_SUMS)
_CREATED = Contribution(((_SLOT["created"], 1.0),))
_SNOOZED = Contribution(((_SLOT["snoozed"], 1.0),))


def _created(_signal: TaskCreated, _moment: Moment) -> Contribution:
    return _CREATED


def _snoozed(_signal: TaskSnoozed, _moment: Moment) -> Contribution:
    return _SNOOZED


def _completed(signal: TaskCompleted, moment: Moment) -> Contribution:
    return Contribution(
        (
            (_SLOT["completed"], 1.0),
            (_SLOT["completed_by_hour"] + moment.hour, 1.0),
            (_SLOT["completed_by_weekday"] + moment.weekday, 1.0),
        ),
        signal.category,
        (1.0,),
    )


TASK_STATE = StateView(
    name="task_state",
    prefix="task",
    source="todoist",
    description="Tasks created, completed and put off, by local hour, weekday and category",
    half_life=HALF_LIFE,
    weights={TaskCreated: _created, TaskCompleted: _completed, TaskSnoozed: _snoozed},
    sums=_SUMS,
    categories=(Sum("category_completed", "Decayed completions by category", "tasks"),),
    expects=Expectations(
        fresh_within=timedelta(days=14), fresh_share=0.3, silence=timedelta(hours=12)
    ),
)

TASK_FEATURES = FeatureGroup(
    "task_features",
    "How reliably, when and on what a user works",
    (
        Feature(
            "completion_rate",
            "Float64",
            "Share of created tasks that get completed, smoothed",
            "share",
            none=0.5,
            minimum=0.0,
            maximum=1.0,
            reads=("task_completed", "task_created"),
        ),
        Feature(
            "snooze_rate",
            "Float64",
            "Share of decisions on tasks that put them off, smoothed",
            "share",
            none=0.1,
            minimum=0.0,
            maximum=1.0,
            reads=("task_snoozed", "task_completed"),
        ),
        Feature(
            "tasks_completed_per_week",
            "Float64",
            "Tasks completed a week at the present pace",
            "tasks per week",
            none=0.0,
            minimum=0.0,
            reads=("task_completed",),
        ),
        Feature(
            "task_evidence",
            "Float64",
            "Decayed number of task signals that the task features rest on",
            "signals",
            none=0.0,
            minimum=0.0,
            reads=("task_created", "task_completed", "task_snoozed"),
        ),
        Feature(
            "preferred_categories",
            "String",
            "The three categories with most completions, heaviest first, as a JSON array",
            "names",
            none="[]",
            reads=("task_categories", "task_category_completed"),
        ),
        Feature(
            "productive_hours",
            "String",
            "The three local hours with most completions, heaviest first, as a JSON array",
            "hours of day",
            none="[]",
            reads=("task_completed_by_hour",),
        ),
        Feature(
            "productive_weekdays",
            "String",
            "The two local weekdays with most completions, heaviest first, as a JSON array",
            "days of week",
            none="[]",
            reads=("task_completed_by_weekday",),
        ),
        Feature(
            "productive_share_this_hour",
            "Float64",
            "Share of completions that fall into this local hour, smoothed",
            "share",
            none=1 / HOURS,
            minimum=0.0,
            maximum=1.0,
            reads=("task_completed_by_hour", "task_completed"),
        ),
        Feature(
            "productive_share_this_weekday",
            "Float64",
            "Share of completions that fall on this local weekday, smoothed",
            "share",
            none=1 / WEEKDAYS,
            minimum=0.0,
            maximum=1.0,
            reads=("task_completed_by_weekday", "task_completed"),
        ),
    ),
)


@np.errstate(all="ignore")
def task_features(inputs: Inputs) -> Outputs:
    """Compute `TASK_FEATURES` from `task_state` and the clock."""
    rows = Rows(inputs)
    state = StateRows(rows, TASK_STATE)
    created, completed, snoozed = (state.sum(name) for name in ("created", "completed", "snoozed"))
    by_hour = partial(state.sums, "completed_by_hour", HOURS)
    by_weekday = partial(state.sums, "completed_by_weekday", WEEKDAYS)
    return finish(
        TASK_FEATURES,
        rows,
        {
            "completion_rate": lambda: (completed + 1) / (np.maximum(created, completed) + 2),
            "snooze_rate": lambda: (snoozed + 0.2) / (completed + snoozed + 2),
            "tasks_completed_per_week": lambda: rate(completed, HALF_LIFE, WEEK),
            "task_evidence": lambda: created + completed + snoozed,
            "preferred_categories": lambda: _heaviest_names(
                state.by_category("category_completed")
            ),
            "productive_hours": lambda: _heaviest_indices(by_hour(), 3),
            "productive_weekdays": lambda: _heaviest_indices(by_weekday(), 2),
            "productive_share_this_hour": lambda: (
                (pick(by_hour(), rows.local_hour()) + 1) / (completed + HOURS)
            ),
            "productive_share_this_weekday": lambda: (
                (pick(by_weekday(), rows.local_weekday()) + 1) / (completed + WEEKDAYS)
            ),
        },
    )


def heaviest(weights: Iterable[tuple[Key, float]], count: int) -> list[Key]:
    """Rank keys by weight, heaviest first; zeros are left out.

    Those within 1e-9 of the heaviest one left are ties, in the order of the keys: rounding must
    not decide.

    >>> heaviest([("fix", 1.0), ("docs", 1.0 + 1e-12), ("feat", 3.0), ("test", 0.0)], 2)
    ['feat', 'docs']
    """
    left = {key: weight for key, weight in weights if weight > 0}
    ranked: list[Key] = []
    while left and len(ranked) < count:
        least = max(left.values()) * (1 - TIE)
        ties = sorted(key for key, weight in left.items() if weight >= least)
        ranked += ties
        for key in ties:
            del left[key]
    return ranked[:count]


def _heaviest_names(rows: Iterable[Mapping[str, float]]) -> list[str]:
    named = (tuple((n, w) for n, w in row.items() if n != OVERFLOW) for row in rows)
    return _once(named, lambda row: _as_json(heaviest(row, 3)))


def _heaviest_indices(sums: Floats, count: int) -> list[str]:
    rows = map(tuple, sums.tolist())
    return _once(rows, lambda row: _as_json(heaviest(enumerate(row), count)))


def _once(rows: Iterable[Row], compute: Callable[[Row], str]) -> list[str]:
    """Compute a text for every row, once for equal ones: candidates share their user."""
    known: dict[Row, str] = {}
    return [known[row] if row in known else known.setdefault(row, compute(row)) for row in rows]


def _as_json(values: list[str] | list[int]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))
