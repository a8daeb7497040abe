"""The user's profile as seen from one candidate task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from oo_transforms.columns import Inputs, Outputs, Rows, StateRows, Texts, finish
from oo_transforms.fields import Feature, FeatureGroup
from oo_transforms.state import OVERFLOW
from oo_transforms.tasks import TASK_STATE
from oo_transforms.tips import PRIOR_TIPS, TIP_FEATURES, TIP_STATE, done_rate

if TYPE_CHECKING:
    from oo_transforms.arrays import Floats

PRIOR_COMPLETIONS = 2.0
_NO_RATE = next(f.none for f in TIP_FEATURES.features if f.name == "tip_done_rate")

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
    completed = _of(task.by_category("category_completed"), category)
    shown = _of(tip.by_category("category_shown"), category)
    done = _of(tip.by_category("category_done"), category)
    rate = done_rate(tip)
    own_rate = np.where(np.isnan(rate), _NO_RATE, rate)
    return finish(
        MATCH_FEATURES,
        {
            "category_affinity": completed / (task.sum("completed") + PRIOR_COMPLETIONS),
            "category_acceptance": (done + PRIOR_TIPS * own_rate)
            / (np.maximum(shown, done) + PRIOR_TIPS),
        },
    )


def _of(weights: list[dict[str, float]], category: Texts) -> Floats:
    """Take the weight of each row's category; an unlisted one, and the overflow, weigh 0."""
    return np.array(
        [
            row.get(name, 0.0) if name is not None and name != OVERFLOW else 0.0
            for row, name in zip(weights, category, strict=True)
        ]
    )
