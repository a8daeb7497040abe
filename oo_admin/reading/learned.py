"""What each policy has learned of a user, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from oo_bandit import LearnedState, LinearPolicy
from oo_profile.reports.words import duration_text
from oo_transforms.clock import MICROSECOND
from oo_transforms.decayed import decay
from oo_transforms.learned import LEARNED_VIEWS
from oo_transforms.policies import POLICIES
from oo_transforms.views import FEATURE_GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from oo_transforms.fields import Feature
    from oo_transforms.history import Version
    from oo_transforms.policies import Input, Policy
    from oo_transforms.state_view import StateView

Effect = Literal["raises", "lowers", "open"]
Certainty = Literal["surely", "probably", "not known"]

REWARD_SPREAD: Final = 0.5
"""The most that a reward between 0 and 1 can spread, as a standard deviation."""
SURE: Final = 2.0
LIKELY: Final = 1.0
"""So many times its doubt is an effect, at least, that is told as sure, or as likely."""

_FEATURES: Final[Mapping[str, Feature]] = {
    feature.name: feature for group, _ in FEATURE_GROUPS for feature in group.features
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedEffect:
    """What a feature does to the score of a tip, as a policy has learned it.

    Attributes:
        feature: The feature.
        step: How much more of it the effect is told for, in words.
        effect: By how much that raises the reward that is expected; below 0: it lowers it.
        doubt: At most one standard deviation of the effect.
        does: What it does; open: an effect may be there or not.
        certainty: How sure that is.
    """

    feature: str
    step: str
    effect: float
    doubt: float
    does: Effect
    certainty: Certainty


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedFacts:
    """What a policy has learned of a user.

    Attributes:
        policy: The policy, by its service.
        decisions: What the decisions that it has learned from still weigh, each once 1.
        newest_us: Event time of the newest of them, or of its answer, microseconds; null: none.
        age: How long ago that is, in words; null: never.
        usual: The reward that it expects of a tip whose features are all 0.
        usual_doubt: At most one standard deviation of it.
        effects: What each feature does, the surest first.
        refused: Why what is stored cannot be used, so that the prior acts; empty: it can.
    """

    policy: str
    decisions: float
    newest_us: int | None
    age: str | None
    usual: float
    usual_doubt: float
    effects: tuple[LearnedEffect, ...]
    refused: str


def learned_facts(states: Mapping[str, Version], now_us: int) -> tuple[LearnedFacts, ...]:
    """Tell what each policy has learned, by a moment.

    With A = diag(ridge) + sum of x x' a policy believes theta = A^-1 b. Answers are worth 0 to 1,
    so each spreads by at most a half, and theta by at most a half of the root of A^-1's diagonal;
    what the prior draws towards 0 comes on top.

    Args:
        states: The version of each state view that is true then.
        now_us: The moment, microseconds.
    """
    return tuple(
        _learned(policy, view, states.get(view.name), now_us)
        for policy, view in zip(POLICIES.values(), LEARNED_VIEWS, strict=True)
    )


def _learned(policy: Policy, view: StateView, version: Version | None, now_us: int) -> LearnedFacts:
    state = None if version is None else _state(view, version, now_us)
    # Of a vector of one 1 the prediction is that number of theta, and the width the root of its
    # place on the diagonal of A^-1.
    told = LinearPolicy(policy.ridge).rank(np.eye(len(policy.dimensions)), state)
    doubts = told.widths * REWARD_SPREAD
    effects = [
        _effect(given, float(effect), float(doubt))
        for given, effect, doubt in zip(
            policy.inputs, told.predictions[1:], doubts[1:], strict=True
        )
    ]
    newest_us = None if version is None else version.event_time_us
    return LearnedFacts(
        policy=policy.service,
        decisions=0.0 if state is None or told.refused else state.count,
        newest_us=newest_us,
        age=None if newest_us is None else duration_text(max(now_us - newest_us, 0) * MICROSECOND),
        usual=float(told.predictions[0]),
        usual_doubt=float(doubts[0]),
        effects=_surest_first(effects),
        refused=told.refused or "",
    )


def _state(view: StateView, version: Version, now_us: int) -> LearnedState:
    cells = dict(zip((field.name for field in view.fields()), version.cells, strict=True))
    count, outer, rewards = (
        np.asarray(cells[view.column(part.name)], np.float64) for part in view.sums
    )
    kept = LearnedState(float(count), outer, rewards)
    return kept.decayed(decay(max(now_us - version.event_time_us, 0), view.half_life_us))


def _effect(given: Input, effect: float, doubt: float) -> LearnedEffect:
    certainty: Certainty = "not known"
    if abs(effect) >= SURE * doubt:
        certainty = "surely"
    elif abs(effect) >= LIKELY * doubt:
        certainty = "probably"
    does: Effect = "raises" if effect > 0 else "lowers"
    return LearnedEffect(
        feature=given.name,
        step=_step(given, _FEATURES[given.name]),
        effect=effect,
        doubt=doubt,
        does="open" if certainty == "not known" else does,
        certainty=certainty,
    )


def _step(given: Input, feature: Feature) -> str:
    if feature.dtype == "Bool":
        return "yes instead of no"
    if feature.unit == "share":
        return f"{given.scale:.0%} more".replace("%", " %")
    unit = "" if feature.unit == "none" else f" {feature.unit.removesuffix('s')}s"
    return f"{given.scale:g}{unit} more"


def _surest_first(effects: Iterable[LearnedEffect]) -> tuple[LearnedEffect, ...]:
    return tuple(sorted(effects, key=lambda one: -abs(one.effect) / one.doubt))
