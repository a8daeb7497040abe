"""How a user says he feels."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from oo_transforms.columns import Inputs, Outputs, Rows, StateRows
from oo_transforms.expectations import Expectations
from oo_transforms.fields import Feature, FeatureGroup
from oo_transforms.outputs import finish
from oo_transforms.signals import MoodLogged
from oo_transforms.state_view import Contribution, Last, Moment, StateView, Sum, slots

_SUMS = (
    Sum("score_sum", "Decayed sum of scores", "points"),
    Sum("score_count", "Decayed number of scores", "scores"),
)
_SLOT = slots(_SUMS)


def _logged(signal: MoodLogged, _moment: Moment) -> Contribution:
    sums = ((_SLOT["score_sum"], signal.score), (_SLOT["score_count"], 1.0))
    return Contribution(sums, last=(signal.score,))


MOOD_STATE = StateView(
    name="mood_state",
    prefix="mood",
    source="mood",
    description="The last mood and the mean of the moods before it",
    half_life=timedelta(days=7),
    weights={MoodLogged: _logged},
    last=(Last("last_score", "Score of the latest entry, 5 is best", "points", 1.0, 5.0),),
    sums=_SUMS,
    expects=Expectations(
        fresh_within=timedelta(days=3), fresh_share=0.05, silence=timedelta(days=2)
    ),
)

MOOD_FEATURES = FeatureGroup(
    "mood_features",
    "How a user says he feels",
    (
        Feature(
            "mood_score",
            "Float64",
            "The latest mood, 5 is best",
            "points",
            none=3.0,
            minimum=1.0,
            maximum=5.0,
            reads=("mood_last_score",),
        ),
        Feature(
            "mood_trend",
            "Float64",
            "The latest mood less the decayed mean",
            "points",
            none=0.0,
            minimum=-4.0,
            maximum=4.0,
            reads=("mood_last_score", "mood_score_sum", "mood_score_count"),
        ),
    ),
)


@np.errstate(all="ignore")
def mood_features(inputs: Inputs) -> Outputs:
    """Compute `MOOD_FEATURES` from `mood_state` and the clock."""
    rows = Rows(inputs)
    state = StateRows(rows, MOOD_STATE)
    score = state.last("last_score")
    return finish(
        MOOD_FEATURES,
        rows,
        {
            "mood_score": lambda: score,
            "mood_trend": lambda: score - state.sum("score_sum") / state.sum("score_count"),
        },
    )
