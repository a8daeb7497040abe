"""What always the same kind of tip, or none, would have come to."""

from __future__ import annotations

import math
from operator import attrgetter
from typing import TYPE_CHECKING, Final

import numpy as np

from oo_bandit import LearnedState, LinearPolicy, Logged
from oo_profile.backtest.contestants import Learner
from oo_profile.backtest.logged_rows import logged_rows
from oo_profile.backtest.tip_context import CONTEXT, context_vector
from oo_profile.backtest.tip_decisions import ACTIONS
from oo_transforms.clock import HOUR_US

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from oo_bandit.arrays import Floats
    from oo_profile.backtest.tip_decisions import Action, TipDecision

    Outcome = Callable[[TipDecision], float]
    """What a decision came to, 0 to 1."""

ALWAYS: Final[Mapping[str, Action]] = {
    "never": "none",
    "always walking": "walking",
    "always sedentary": "sedentary",
}
AS_SENT: Final = "as it was sent"

MOST_STEPS: Final = 10_000
"""In half an hour; nobody walks so many."""

STEPS_RANGE: Final = (math.log(0.5), math.log(MOST_STEPS + 0.5))


def thumbs_up(decision: TipDecision) -> float:
    """Tell whether a tip got a thumbs up; what was not sent got none."""
    return float(decision.outcome.response == "good")


def log_steps(decision: TipDecision) -> float:
    """Tell log(steps + 0.5) in the half hour after, as a share of `STEPS_RANGE`."""
    low, high = STEPS_RANGE
    steps = min(decision.outcome.steps_30_or_0, MOST_STEPS)
    return (math.log(steps + 0.5) - low) / (high - low)


def log_decisions(decisions: Sequence[TipDecision], outcome: Outcome) -> Logged:
    """Lay real decisions out as a log in which each of `ALWAYS`, and chance itself, is judged.

    Predictions are those of one linear model of context and action over all people, which learns
    a decision an hour after it.

    Args:
        decisions: In any order.
        outcome: What is to be had.
    """
    in_time = sorted(decisions, key=attrgetter("at_us", "user_id"))
    linear = LinearPolicy((1.0,) * len(CONTEXT))
    learner = Learner(linear, LearnedState.empty(linear.dimensions), in_time[0].at_us)
    rows = [_row(decision, learner, outcome(decision)) for decision in in_time]
    # People one after another, each in order of time.
    order = sorted(range(len(rows)), key=lambda place: in_time[place].user_id)
    _, person = np.unique([in_time[place].user_id for place in order], return_inverse=True)
    return logged_rows(np.array(rows)[order], (*ALWAYS, AS_SENT), person)


def _row(decision: TipDecision, learner: Learner, reward: float) -> Floats:
    vectors = np.array([context_vector(decision, action) for action in ACTIONS])
    predictions = learner.rank(decision.at_us, vectors).predictions
    chosen = ACTIONS.index(decision.action)
    learner.learn(vectors[chosen], reward, decision.at_us + HOUR_US)
    propensities = np.array([decision.propensities[action] for action in ACTIONS])
    propensities /= propensities.sum()
    chances = np.array([[action == only for action in ACTIONS] for only in ALWAYS.values()])
    by = np.concatenate([chances, propensities[None, :]])
    return np.concatenate(
        [
            [propensities[chosen], reward],
            by[:, chosen],
            by @ predictions,
            np.full(len(by), predictions[chosen]),
        ]
    )
