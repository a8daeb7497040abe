"""What linear policies have learned about a user, one state view a policy.

A policy that is fitted by ridge regression needs two sums of a user's decisions: of `x x'` over
the tips shown and of `reward * x` over their answers (x: the policy's vector, see `Policy`). Both
decay like every other sum, so learned state is one more state view.

- A tip shown with its decision adds 1 to `count` and `x x'` to `outer` at its event time.
- An answer with the echo of the decision adds `reward * x * 2**(-(t - shown_at)/h)` to `rewards`
  at its event time t: what it would weigh now if it had come when the tip was shown. Where
  `shown_at` is after t, clocks differ, and the answer counts as one at once. The tip need not be
  known. An answer that is worth nothing, or is not the one of its tip that counts, adds nothing.
- What was learned elsewhere is added at its `as_of`.
- Anything else, a tip without a decision above all, adds nothing and writes no version.

Features enter by name. One that a decision lacks enters as 0, or as history knew it: see `fill` of
`Policy`.
"""

from __future__ import annotations

import json
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np

from oo_transforms.clock import MICROSECOND, seconds_to_micros
from oo_transforms.decayed import decay
from oo_transforms.policies import (
    CONSTANT,
    LEARNING_HALF_LIFE,
    MAX_SCALED,
    POLICIES,
    REWARDS,
    Policy,
)
from oo_transforms.signals import LearnedImported, TipFeedback, TipShown
from oo_transforms.state_view import Contribution, Moment, StateView, Sum

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oo_transforms.arrays import Floats, Ints

_HALF_LIFE_US = LEARNING_HALF_LIFE / MICROSECOND


def learned_view(policy: Policy) -> StateView:
    """Declare the state view of what a policy has learned.

    Its name is `policy_state_` and the policy's service. `outer` is the upper triangle, row by
    row, and has `d * (d + 1) / 2` numbers for a vector of d; `rewards` has d.
    """
    width = len(policy.dimensions)
    return StateView(
        name=f"policy_state_{policy.service}",
        prefix=f"policy_{policy.service}",
        source="tip",
        description=f"What the policy {policy.service} has learned from a user's answers to tips",
        half_life=LEARNING_HALF_LIFE,
        weights={
            TipShown: partial(_shown, policy),
            TipFeedback: partial(_answered, policy),
            LearnedImported: partial(_imported, policy),
        },
        sums=(
            Sum("count", "Decayed number of decisions on tips shown", "decisions"),
            Sum(
                "outer",
                "Decayed sum of x x' over tips shown, its upper triangle row by row; x: the "
                "constant 1, then the scaled features",
                "products of scaled features",
                len(triangle(width)[0]),
                is_signed=True,
            ),
            Sum(
                "rewards",
                "Decayed sum of reward times x over answers, x as it was when the tip was shown",
                "reward times scaled features",
                width,
                is_signed=True,
            ),
        ),
        learns=True,
        fills=policy.fill == "history",
        constants=_constants(policy),
    )


@lru_cache
def triangle(width: int) -> tuple[Ints, Ints]:
    """Return rows and columns of the upper triangle of a square matrix, row by row.

    >>> [places.tolist() for places in triangle(2)]
    [[0, 0, 1], [0, 1, 1]]
    """
    return np.triu_indices(width)


def square(packed: Floats, width: int) -> Floats:
    """Unpack upper triangles, (..., numbers), into symmetric matrices, (..., width, width).

    >>> square(np.array([1.0, 2.0, 3.0]), 2).tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    rows, columns = triangle(width)
    matrix = np.empty((*packed.shape[:-1], width, width))
    matrix[..., rows, columns] = packed
    matrix[..., columns, rows] = packed
    return matrix


def _constants(policy: Policy) -> str:
    """Tell what a row means beside its columns: another one asks for a rebuild."""
    constants = {
        "inputs": [[given.name, given.scale] for given in policy.inputs],
        "fill": policy.fill,
        "rewards": dict(REWARDS),
        "max_scaled": MAX_SCALED,
    }
    return json.dumps(constants, sort_keys=True)


def _weights(policy: Policy, count: float, outer: Floats | None, rewards: Floats | None) -> Floats:
    width = len(policy.dimensions)
    numbers = len(triangle(width)[0])
    weights = np.zeros(1 + numbers + width)
    weights[0] = count
    if outer is not None:
        weights[1 : 1 + numbers] = outer
    if rewards is not None:
        weights[1 + numbers :] = rewards
    return weights


def _vector(policy: Policy, features: Mapping[str, float], moment: Moment) -> Floats:
    if policy.fill == "history":
        features = {**moment.note.history, **features}
    return np.array(policy.vector(features))


def _shown(policy: Policy, signal: TipShown, moment: Moment) -> Contribution | None:
    if signal.decision is None:
        return None
    x = _vector(policy, signal.decision.features, moment)
    rows, columns = triangle(len(x))
    return Contribution(every_slot=_weights(policy, 1.0, x[rows] * x[columns], None))


def _answered(policy: Policy, signal: TipFeedback, moment: Moment) -> Contribution | None:
    if signal.decision is None or not moment.note.counts:
        return None
    since_us = moment.event_time_us - seconds_to_micros(signal.decision.shown_at)
    weight = REWARDS[signal.action] * decay(since_us, _HALF_LIFE_US)
    x = _vector(policy, signal.decision.features, moment)
    return Contribution(every_slot=_weights(policy, 0.0, None, weight * x))


def _imported(policy: Policy, signal: LearnedImported, _moment: Moment) -> Contribution:
    """Take the block of the dimensions that both know, from their scale to ours."""
    ours = {CONSTANT: 1.0, **{given.name: given.scale for given in policy.inputs}}
    places = {name: at for at, name in enumerate(policy.dimensions)}
    known = [at for at, name in enumerate(signal.dimensions) if name in ours]
    own = [places[signal.dimensions[at]] for at in known]
    factors = np.array([signal.scale[at] / ours[signal.dimensions[at]] for at in known])
    width = len(policy.dimensions)
    outer, rewards = np.zeros((width, width)), np.zeros(width)
    theirs = square(np.array(signal.outer), len(signal.dimensions))
    outer[np.ix_(own, own)] = theirs[np.ix_(known, known)] * np.outer(factors, factors)
    rewards[own] = np.array(signal.rewards)[known] * factors
    packed = outer[triangle(width)]
    return Contribution(every_slot=_weights(policy, signal.count, packed, rewards))


LEARNED_VIEWS: tuple[StateView, ...] = tuple(learned_view(policy) for policy in POLICIES.values())
"""One a policy, in the order of `POLICIES`."""
