"""Logged decisions as arrays, and the numbers by which policies are judged."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from oo_bandit.errors import EvidenceError

if TYPE_CHECKING:
    import numpy.typing as npt

    from oo_bandit.arrays import Floats, Ints


class Term(IntEnum):
    """What a decision tells of one policy; each is a mean away from an estimate.

    WEIGHT: probability of the chosen by the policy over the logged propensity.
    REWARDED: weight times reward; its mean is the IPS estimate.
    ROBUST: what the policy expects, plus the weight times what its prediction was off by; its
        mean is the doubly robust estimate.
    DISMISSED: weight times 1 if the tip was dismissed.
    PROBABILITY: of the chosen by the policy.
    """

    WEIGHT = 0
    REWARDED = 1
    ROBUST = 2
    DISMISSED = 3
    PROBABILITY = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """Decisions of whole people, one after another.

    Attributes:
        policies: Names, in the order of the second axis of what follows.
        propensity: (n,) probability of the chosen, of the mixture that acted; above 0 to 1.
        reward: (n,) 0 to 1; 0 where no answer came.
        dismissed: (n,) 1 where the answer was a dismissal, else 0.
        probability: (n, P) of the chosen, by each policy; 0 to 1.
        expected: (n, P) reward that each policy expected over all candidates.
        prediction: (n, P) reward that each policy predicted for the chosen.
        person: (n,) who decided; equal numbers stand beside each other.
    """

    policies: tuple[str, ...]
    propensity: Floats
    reward: Floats
    dismissed: Floats
    probability: Floats
    expected: Floats
    prediction: Floats
    person: Ints

    def __post_init__(self) -> None:
        """Refuse numbers that would make an estimate wrong in silence.

        Raises:
            EvidenceError: A shape does not fit, or a number is out of its range.
        """
        count = len(self.propensity)
        for name, shape in _SHAPES.items():
            given = getattr(self, name)
            expected = (count,) if shape == 1 else (count, len(self.policies))
            if given.shape != expected:
                raise EvidenceError(f"{name} has the shape {given.shape}; it must be {expected}")
        for name, (low, high) in _BOUNDS.items():
            given = getattr(self, name)
            # Said so that NaN is out of every range.
            if not np.all((given >= low) & (given <= high)):
                worst = given[~((given >= low) & (given <= high))][0]
                raise EvidenceError(f"{name} has {worst}; it must be {low} to {high}")
        if count and not self.propensity.min() > 0:
            raise EvidenceError("propensity has 0.0; what was chosen had a chance")

    def __len__(self) -> int:
        """Return how many decisions there are."""
        return len(self.propensity)

    def terms(self) -> Floats:
        """Return the terms of each decision: (n, P, one of each `Term`)."""
        weight = self.probability / self.propensity[:, None]
        terms = np.empty((*weight.shape, len(Term)))
        terms[..., Term.WEIGHT] = weight
        terms[..., Term.REWARDED] = weight * self.reward[:, None]
        terms[..., Term.ROBUST] = self.expected + weight * (self.reward[:, None] - self.prediction)
        terms[..., Term.DISMISSED] = weight * self.dismissed[:, None]
        terms[..., Term.PROBABILITY] = self.probability
        return terms

    def chosen(self, rows: npt.NDArray[np.bool_]) -> Logged:
        """Return some of the decisions, in their order."""
        return Logged(
            policies=self.policies,
            propensity=self.propensity[rows],
            reward=self.reward[rows],
            dismissed=self.dismissed[rows],
            probability=self.probability[rows],
            expected=self.expected[rows],
            prediction=self.prediction[rows],
            person=self.person[rows],
        )


_SHAPES = {
    "propensity": 1,
    "reward": 1,
    "dismissed": 1,
    "probability": 2,
    "expected": 2,
    "prediction": 2,
    "person": 1,
}
_BOUNDS = {
    "propensity": (0.0, 1.0),
    "reward": (0.0, 1.0),
    "dismissed": (0.0, 1.0),
    "probability": (0.0, 1.0),
    "expected": (-1e6, 1e6),
    "prediction": (-1e6, 1e6),
}
