"""What the real tips say: of always the same kind, and of a profile's worth for predicting."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from oo_bandit import Health, Tally, report
from oo_bandit.estimates import estimate_value, student
from oo_bandit.sums import sums_by_person
from oo_profile.backtest.ranges import Range
from oo_profile.backtest.tip_prediction import (
    MODELS,
    SCOPES,
    Curve,
    Predicted,
    predict_tips,
)
from oo_profile.backtest.tip_values import STEPS_RANGE, log_decisions, log_steps, thumbs_up

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oo_bandit import Logged
    from oo_bandit.arrays import Floats
    from oo_profile.backtest.past_decision import SeenSignal
    from oo_profile.backtest.tip_decisions import TipDecision

RESAMPLES: Final = 1000
"""Of people, for the interval of an area under the curve."""

LEAST_PEOPLE: Final = 2
"""For an interval over people."""

_ENDS: Final = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class ValueResult:
    """What always the same would have come to.

    Attributes:
        policy: What was always done.
        ips: Estimate of the mean outcome over decisions.
        self_normalised: The same, self-normalised.
        doubly_robust: The same, doubly robust.
        by_person: Mean over people, doubly robust.
        above_never: Difference to never sending anything, doubly robust; None for that itself.
        not_reported: Why the log says nothing of it, so that all else is None; empty if it does.
    """

    policy: str
    ips: Range | None
    self_normalised: Range | None
    doubly_robust: Range | None
    by_person: Range | None
    above_never: Range | None
    not_reported: str


@dataclass(frozen=True, slots=True)
class PredictionResult:
    """How well one model predicts a thumbs up.

    Attributes:
        scope: Whether one model learns from all people, or one from each.
        model: What it sees.
        log_loss: Mean over tips, nats; smaller is better.
        area: Under the curve: how often a tip with a thumbs up is ranked above one without; the
            interval is over people. None if all answers are alike.
    """

    scope: str
    model: str
    log_loss: float
    area: Range | None


@dataclass(frozen=True, slots=True)
class TipResult:
    """The part of the backtest on real tips.

    Attributes:
        decisions: Moments at which a tip could be sent.
        people: Of how many people.
        tips: How many were sent.
        thumbs_up: Values in thumbs up a decision.
        log_steps: Values in log(steps + 0.5).
        predictions: Every model in every scope.
        gains: By scope, how much log loss the profile saves over context alone: mean over people,
            with an interval over them; None if there is only one.
    """

    decisions: int
    people: int
    tips: int
    thumbs_up: tuple[ValueResult, ...]
    log_steps: tuple[ValueResult, ...]
    predictions: tuple[PredictionResult, ...]
    gains: Mapping[str, Range | None]


def judge_tips(
    decisions: Sequence[TipDecision], signals: Mapping[str, Sequence[SeenSignal]], seed: int
) -> TipResult:
    """Estimate values, and predict every tip before it is learned from.

    Args:
        decisions: All at which a tip could be sent.
        signals: Of each person, by event time.
        seed: Of the resamples of people.
    """
    predicted = predict_tips(decisions, signals)
    rng = np.random.default_rng(seed)
    low, high = STEPS_RANGE
    return TipResult(
        len(decisions),
        len({decision.user_id for decision in decisions}),
        len(predicted.answer),
        _values(log_decisions(decisions, thumbs_up), 1.0, 0.0),
        _values(log_decisions(decisions, log_steps), high - low, low),
        tuple(
            PredictionResult(
                scope,
                model,
                float(predicted.losses(scope, model).mean()),
                _area(predicted, scope, model, rng),
            )
            for scope in SCOPES
            for model in MODELS
        ),
        {scope: _gain(predicted, scope) for scope in SCOPES},
    )


def _values(logged: Logged, factor: float, offset: float) -> tuple[ValueResult, ...]:
    said = report(Tally.of(logged, Health()))
    people = sums_by_person(logged)
    differences = {one.policy: one.by_decision for one in said.differences}
    results = []
    for place, one in enumerate(said.policies):
        found, apart = one.by_decision, differences.get(one.policy)
        why_not = "; ".join(one.check.flags + one.check.lacks)
        if found is None:
            results.append(ValueResult(one.policy, None, None, None, None, None, why_not))
            continue
        by_person = estimate_value(people, place).doubly_robust
        results.append(
            ValueResult(
                one.policy,
                Range.of(found.ips, factor, offset),
                Range.of(found.self_normalised, factor, offset),
                Range.of(found.doubly_robust, factor, offset),
                Range.of(by_person, factor, offset),
                None if apart is None else Range.of(apart.doubly_robust, factor),
                why_not,
            )
        )
    return tuple(results)


def _area(predicted: Predicted, scope: str, model: str, rng: np.random.Generator) -> Range | None:
    curve = Curve(predicted.answer, predicted.chance[scope, model])
    people = int(predicted.person.max()) + 1
    areas = []
    for _ in range(RESAMPLES):
        often = np.bincount(rng.integers(0, people, people), minlength=people)
        areas.append(curve.area(often[predicted.person].astype(np.float64)))
    # A resample of people who all answered alike says nothing.
    known = [area for area in areas if math.isfinite(area)]
    if not known:
        return None
    low, high = np.percentile(known, _ENDS).tolist()
    return Range(curve.area(np.ones(len(predicted.answer))), low, high)


def _gain(predicted: Predicted, scope: str) -> Range | None:
    context, both = list(MODELS)[1:]
    saved = predicted.losses(scope, context) - predicted.losses(scope, both)
    counts = np.bincount(predicted.person)
    means: Floats = np.bincount(predicted.person, saved) / counts
    if len(means) < LEAST_PEOPLE:
        return None
    error = means.std(ddof=1) / math.sqrt(len(means))
    half = float(student(np.array(len(means) - 1.0)) * error)
    mean = float(means.mean())
    return Range(mean, mean - half, mean + half)
