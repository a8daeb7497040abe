"""From features and learned state to a choice. Pure: no store, no clock, no chance of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from oo_bandit import LearnedState, LinearPolicy, Ranking, Rollout
from oo_transforms.decisions import Coin, Judgement
from oo_transforms.policies import POLICIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


Columns: TypeAlias = "Mapping[str, Sequence[float]]"
"""Features by name, each with one number a candidate."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A choice, and what each policy thought of it.

    Attributes:
        index: Which candidate was chosen.
        propensity: The chance that it had, of the mixture that really acted.
        coin: Whom the coin of a canary let act; None if none was thrown.
        policy: The policy that acted.
        order: Places of the candidates, the best score of that policy first.
        scores: Its score of each candidate.
        probabilities: The mixture's chance of each candidate.
        judgements: What each policy thought of the chosen one.
        is_prior: Whether the policy that acted knew nothing of the user.
    """

    index: int
    propensity: float
    coin: Coin | None
    policy: str
    order: tuple[int, ...]
    scores: tuple[float, ...]
    probabilities: tuple[float, ...]
    judgements: Mapping[str, Judgement]
    is_prior: bool


class Judges:
    """All policies, at one exploration share.

    Args:
        exploration: Of each policy.
    """

    def __init__(self, exploration: float) -> None:
        self.exploration = exploration
        self._policies = {
            name: LinearPolicy(policy.ridge, exploration=exploration)
            for name, policy in POLICIES.items()
        }

    def rank(self, columns: Columns, states: Mapping[str, LearnedState]) -> dict[str, Ranking]:
        """Let each policy rank the candidates.

        Args:
            columns: At least the features of each policy.
            states: What each has learned of the user, decayed to now; one that lacks knows nothing.

        Raises:
            InputRefused: A feature is not finite, or there are no candidates.
        """
        return {
            name: judge.rank(POLICIES[name].vectors(columns), states.get(name))
            for name, judge in self._policies.items()
        }


def choose(
    user_id: str,
    rankings: Mapping[str, Ranking],
    rollout: Rollout,
    chance: np.random.Generator,
) -> Verdict:
    """Choose a candidate, by the mixture of the rollout's stage.

    Args:
        user_id: Whose tip it is.
        rankings: Of all policies.
        rollout: Which policy acts, and how far the new one has come.
        chance: Draws.
    """
    chances = {name: ranking.probabilities for name, ranking in rankings.items()}
    mixture = rollout.mixture(user_id, chances)
    choice = rollout.choose(user_id, chances, chance)
    by_coin = {"live": rollout.live, "new": rollout.new}
    policy = rollout.acting if choice.coin is None else by_coin[choice.coin]
    scores = rankings[policy].scores
    return Verdict(
        index=choice.index,
        propensity=choice.propensity,
        coin=choice.coin,
        policy=policy,
        order=tuple(np.argsort(-scores, kind="stable").tolist()),
        scores=tuple(scores.tolist()),
        probabilities=tuple(mixture.tolist()),
        judgements={name: _judgement(ranking, choice.index) for name, ranking in rankings.items()},
        is_prior=rankings[policy].basis == "prior",
    )


def _judgement(ranking: Ranking, index: int) -> Judgement:
    return Judgement(
        probability=float(ranking.probabilities[index]),
        expected_reward=ranking.expected_reward,
        prediction=float(ranking.predictions[index]),
    )
