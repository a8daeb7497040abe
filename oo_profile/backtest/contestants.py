"""Who takes part: rules that need no learning, and the policies as they would be deployed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from oo_bandit import LearnedState, LinearPolicy, greedy
from oo_transforms.clock import MICROSECOND
from oo_transforms.policies import LEARNING_HALF_LIFE, POLICIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oo_bandit import Ranking
    from oo_bandit.arrays import Floats
    from oo_profile.backtest.past_decision import PastDecision

_HALF_LIFE_US: Final = LEARNING_HALF_LIFE / MICROSECOND
_AFFINITY: Final = POLICIES["bandit_v2"].dimensions.index("category_affinity")


class Scorer(Protocol):
    """Gives each candidate a score by what was known then; the best is chosen."""

    def __call__(self, decision: PastDecision, vectors: Floats) -> Floats:
        """Score the candidates; equal scores share the choice."""


RULES: Final[Mapping[str, Scorer]] = {
    "at random": lambda decision, _: np.zeros(len(decision.candidates)),
    "newest first": lambda decision, _: _created(decision),
    "oldest first": lambda decision, _: -_created(decision),
    "own share": lambda _, vectors: vectors[:, _AFFINITY],
    "last kind": lambda decision, _: _is_kind(decision, decision.last_category),
    "always other": lambda decision, _: _is_kind(decision, "other"),
}


def rule_chances(name: str, decision: PastDecision, vectors: Floats) -> Floats:
    """Tell by which chances a rule chooses."""
    return greedy(RULES[name](decision, vectors))


@dataclass(slots=True)
class Learner:
    """A linear policy and what it has learned about one person, from a log that another made.

    What was shown counts at once, what it came to when that was known: as in the learned state of
    the store, with the weight that the decision has by then.

    Attributes:
        linear: The policy.
        state: Decayed sums at `anchor_us`.
        anchor_us: When the state was last brought up to date.
        pending: Answers that are not known yet: when they are, when it was shown, reward x.
    """

    linear: LinearPolicy
    state: LearnedState
    anchor_us: int = 0
    pending: list[tuple[int, int, Floats]] = field(default_factory=list)

    @classmethod
    def new(cls, service: str) -> Learner:
        """Start with somebody of whom nothing is known."""
        linear = LinearPolicy(POLICIES[service].ridge)
        return cls(linear, LearnedState.empty(linear.dimensions))

    def rank(self, at_us: int, vectors: Floats) -> Ranking:
        """Rank candidates at a moment, no earlier than the last one."""
        self._advance(at_us)
        return self.linear.rank(vectors[:, : self.linear.dimensions], self.state)

    def learn(self, vector: Floats, reward: float, known_us: int) -> None:
        """Take in what was shown at the moment of the last `rank`."""
        row = vector[: self.linear.dimensions]
        self.state = self.state.merge(LearnedState.of(row[None, :], [0.0]))
        if reward:
            self.pending.append((known_us, self.anchor_us, reward * row))

    def _advance(self, at_us: int) -> None:
        state = self.state.decayed(_left(at_us - self.anchor_us))
        known = [answer for answer in self.pending if answer[0] <= at_us]
        if known:
            rewards = sum(row * _left(at_us - shown_us) for _, shown_us, row in known)
            state = LearnedState(state.count, state.outer, state.rewards + rewards)
            self.pending = [answer for answer in self.pending if answer[0] > at_us]
        self.state, self.anchor_us = state, at_us


def _left(age_us: int) -> float:
    return float(2.0 ** (-age_us / _HALF_LIFE_US))


def _created(decision: PastDecision) -> Floats:
    # By place, not by time: of tasks that came up in the same second one has to be the newest.
    return np.arange(len(decision.candidates), dtype=np.float64)


def _is_kind(decision: PastDecision, kind: str | None) -> Floats:
    return np.array([candidate.category == kind for candidate in decision.candidates], np.float64)
