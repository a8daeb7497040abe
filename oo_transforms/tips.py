"""How a user answers tips."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from oo_transforms.columns import Inputs, Outputs, Rows, StateRows
from oo_transforms.decayed import rate
from oo_transforms.expectations import Expectations
from oo_transforms.fields import Feature, FeatureGroup
from oo_transforms.outputs import finish
from oo_transforms.signals import TipFeedback, TipShown
from oo_transforms.state_view import Contribution, Moment, StateView, Sum, slots

if TYPE_CHECKING:
    from oo_transforms.arrays import Floats

HALF_LIFE = timedelta(days=14)
WEEK = timedelta(weeks=1)
PRIOR_TIPS = 5.0
"""The prior of every rate of tips weighs as much as so many tips."""

_SUMS = (
    Sum("shown", "Decayed number of tips shown", "tips"),
    Sum("done", "Decayed number of tips answered with done", "tips"),
    Sum("snoozed", "Decayed number of tips answered with snooze", "tips"),
    Sum("dismissed", "Decayed number of tips answered with dismiss", "tips"),
    Sum("dwell_seconds", "Decayed sum of seconds until an answer", "seconds"),
    Sum("dwell_count", "Decayed number of answers with a known time", "tips"),
)
_SLOT = slots(_SUMS)
_ANSWERS = {
    "done": ((_SLOT["done"], 1.0),),
    "snooze": ((_SLOT["snoozed"], 1.0),),
    "dismiss": ((_SLOT["dismissed"], 1.0),),
    "ignored": (),
}


def _shown(signal: TipShown, _moment: Moment) -> Contribution:
    return Contribution(((_SLOT["shown"], 1.0),), signal.category, (1.0, 0.0))


def _feedback(signal: TipFeedback, _moment: Moment) -> Contribution:
    sums: tuple[tuple[int, float], ...] = _ANSWERS[signal.action]
    if signal.dwell_ms is not None:
        dwell = signal.dwell_ms / 1000
        sums = (*sums, (_SLOT["dwell_seconds"], dwell), (_SLOT["dwell_count"], 1.0))
    if signal.action != "done":
        return Contribution(sums)
    return Contribution(sums, signal.category, (0.0, 1.0))


TIP_STATE = StateView(
    name="tip_state",
    prefix="tip",
    source="tip",
    description="Tips shown and how they were answered, by category",
    half_life=HALF_LIFE,
    weights={TipShown: _shown, TipFeedback: _feedback},
    sums=_SUMS,
    categories=(
        Sum("category_shown", "Decayed tips shown by category", "tips"),
        Sum("category_done", "Decayed tips done by category", "tips"),
    ),
    expects=Expectations(
        fresh_within=timedelta(days=14), fresh_share=0.3, silence=timedelta(hours=12)
    ),
)

TIP_FEATURES = FeatureGroup(
    "tip_features",
    "How a user answers tips",
    (
        Feature(
            "tip_done_rate",
            "Float64",
            "Share of tips that get done, smoothed",
            "share",
            none=0.2,
            minimum=0.0,
            maximum=1.0,
            reads=("tip_done", "tip_shown", "tip_snoozed", "tip_dismissed"),
        ),
        Feature(
            "tip_dismiss_rate",
            "Float64",
            "Share of tips that get dismissed, smoothed",
            "share",
            none=0.1,
            minimum=0.0,
            maximum=1.0,
            reads=("tip_dismissed", "tip_shown", "tip_done", "tip_snoozed"),
        ),
        Feature(
            "tips_per_week",
            "Float64",
            "Tips shown a week at the present pace",
            "tips per week",
            none=0.0,
            minimum=0.0,
            reads=("tip_shown",),
        ),
        Feature(
            "typical_dwell_seconds",
            "Float64",
            "Mean time until a tip is answered, where it is known",
            "seconds",
            none=0.0,
            minimum=0.0,
            reads=("tip_dwell_seconds", "tip_dwell_count"),
        ),
    ),
)


@np.errstate(all="ignore")
def tip_features(inputs: Inputs) -> Outputs:
    """Compute `TIP_FEATURES` from `tip_state` and the clock."""
    rows = Rows(inputs)
    state = StateRows(rows, TIP_STATE)
    return finish(
        TIP_FEATURES,
        rows,
        {
            "tip_done_rate": lambda: done_rate(state),
            "tip_dismiss_rate": lambda: (
                (state.sum("dismissed") + 0.5) / (_tips(state) + PRIOR_TIPS)
            ),
            "tips_per_week": lambda: rate(state.sum("shown"), HALF_LIFE, WEEK),
            "typical_dwell_seconds": lambda: state.sum("dwell_seconds") / state.sum("dwell_count"),
        },
    )


def done_rate(state: StateRows) -> Floats:
    """Compute the smoothed share of tips that get done; NaN where there is no state."""
    return (state.sum("done") + 1) / (_tips(state) + PRIOR_TIPS)


def _tips(state: StateRows) -> Floats:
    """Count tips: those shown, or the answers if more of them are known."""
    answers = state.sum("done") + state.sum("snoozed") + state.sum("dismissed")
    return np.maximum(state.sum("shown"), answers)
