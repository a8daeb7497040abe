"""The user's profile as seen from one candidate task."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np

from oo_transforms.columns import Inputs, Outputs, Rows, StateRows, Texts, filled, stretched
from oo_transforms.fields import Feature, FeatureGroup
from oo_transforms.outputs import finish
from oo_transforms.state import OVERFLOW
from oo_transforms.tasks import TASK_STATE
from oo_transforms.tips import PRIOR_TIPS, TIP_FEATURES, TIP_STATE, done_rate

if TYPE_CHECKING:
    from oo_transforms.arrays import Floats

PRIOR_COMPLETIONS = 2.0
_NO_RATE = float(next(f.none for f in TIP_FEATURES.features if f.name == "tip_done_rate"))

MATCH_FEATURES = FeatureGroup(
    "match_features",
    "The user's profile as seen from one candidate task",
    (
        Feature(
            "category_affinity",
            "Float64",
            "Share of the user's completions that are of this category",
            "share",
            none=0.0,
            minimum=0.0,
            maximum=1.0,
            reads=("task_categories", "task_category_completed", "task_completed"),
        ),
        Feature(
            "category_acceptance",
            "Float64",
            "Share of this category's tips that the user does, smoothed towards his own rate",
            "share",
            none=0.2,
            minimum=0.0,
            maximum=1.0,
            reads=("tip_categories", "tip_category_shown", "tip_category_done", "tip_shown"),
        ),
    ),
)


@np.errstate(all="ignore")
def match_features(inputs: Inputs) -> Outputs:
    """Compute `MATCH_FEATURES` from `task_state`, `tip_state`, the candidate and the clock."""
    rows = Rows(inputs)
    task, tip = StateRows(rows, TASK_STATE), StateRows(rows, TIP_STATE)
    category = rows.text("category")
    return finish(
        MATCH_FEATURES,
        rows,
        {
            "category_affinity": lambda: (
                _of(task.by_category("category_completed"), category)
                / (task.sum("completed") + PRIOR_COMPLETIONS)
            ),
            "category_acceptance": lambda: _acceptance(tip, category),
        },
    )


def _acceptance(tip: StateRows, category: Texts) -> Floats:
    shown = _of(tip.by_category("category_shown"), category)
    done = _of(tip.by_category("category_done"), category)
    own_rate = filled(done_rate(tip), _NO_RATE)
    return (done + PRIOR_TIPS * own_rate) / (np.maximum(shown, done) + PRIOR_TIPS)


def _of(weights: list[dict[str, float]], category: Texts) -> Floats:
    """Take the weight of each row's category; an unlisted one, and the overflow, weigh 0."""
    known = [{**row, OVERFLOW: 0.0, None: 0.0} for row in weights]
    if len(known) == 1:  # one user, which is nearly always so
        (user,) = known
        return np.array(list(map(user.get, category, repeat(0.0))))
    return np.array([row.get(name, 0.0) for row, name in stretched(known, category)])
