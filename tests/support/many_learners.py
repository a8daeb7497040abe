"""LinUCB for many people at once: `oo_bandit.LinearPolicy`, one more axis in front."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oo_bandit.chances import TIE

if TYPE_CHECKING:
    from oo_bandit import LinearPolicy
    from oo_bandit.arrays import Floats


@dataclass(slots=True)
class Learners:
    """What a policy has learned about each of many people.

    Attributes:
        policy: Its settings.
        outer: Decayed sums of x x', (people, dimensions, dimensions).
        rewards: Decayed sums of reward x, (people, dimensions).
    """

    policy: LinearPolicy
    outer: Floats
    rewards: Floats

    @classmethod
    def new(cls, policy: LinearPolicy, people: int) -> Learners:
        """Start with people of whom nothing is known."""
        size = policy.dimensions
        return cls(policy, np.zeros((people, size, size)), np.zeros((people, size)))

    def extended(self, policy: LinearPolicy) -> Learners:
        """Go on with a policy of more dimensions: a block of zeros, as `LearnedState.extended`."""
        more = policy.dimensions - self.policy.dimensions
        outer = np.pad(self.outer, ((0, 0), (0, more), (0, more)))
        return Learners(policy, outer, np.pad(self.rewards, ((0, 0), (0, more))))

    def probabilities(self, vectors: Floats) -> Floats:
        """Give the exact chances of each person's candidates, (people, candidates)."""
        rows = vectors[:, :, : self.policy.dimensions]
        inverse = np.linalg.inv(self.outer + np.diag(self.policy.ridge))
        theta = np.einsum("pij,pj->pi", inverse, self.rewards)
        widths = np.sqrt(((rows @ inverse) * rows).sum(axis=2))
        scores = np.einsum("pcd,pd->pc", rows, theta) + self.policy.alpha * widths
        best = scores.max(axis=1, keepdims=True)
        ties = scores >= best - TIE * np.maximum(1.0, np.abs(best))
        greedy = ties / ties.sum(axis=1, keepdims=True)
        share = self.policy.exploration
        chances: Floats = (1.0 - share) * greedy + share / rows.shape[1]
        return chances

    def learn(self, chosen: Floats, rewards: Floats, counted: Floats, factor: float) -> None:
        """Let time pass, then add one decision of each person.

        Args:
            chosen: Vectors of what was shown, (people, dimensions or more).
            rewards: What each came to.
            counted: 1 for whom the decision counts, 0 for who is not here yet.
            factor: What is left of older decisions.
        """
        rows = chosen[:, : self.policy.dimensions]
        weighted = rows * counted[:, None]
        self.outer *= factor
        self.outer += weighted[:, :, None] * rows[:, None, :]
        self.rewards *= factor
        self.rewards += weighted * rewards[:, None]
