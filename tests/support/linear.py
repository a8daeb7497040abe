"""Random logs of a linear policy, for the tests of `oo_bandit`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from oo_bandit import LearnedState, LinearPolicy

if TYPE_CHECKING:
    from oo_bandit.arrays import Floats

OLD = 8
"""Dimensions of `bandit_v1`: the constant and 7 features."""

NEW = 13
"""Dimensions of `bandit_v2`: 5 features more."""

RIDGE = (1.0,) * OLD + (16.0,) * (NEW - OLD)


@dataclass(frozen=True, slots=True)
class LoggedChoices:
    """Vectors of what was shown, what each came to, and what each counts by now."""

    vectors: Floats
    rewards: Floats
    weights: Floats

    def state(self, dimensions: int = NEW) -> LearnedState:
        """Add up the first dimensions of the log directly."""
        return LearnedState.of(self.vectors[:, :dimensions], self.rewards, self.weights)

    def without_new_names(self) -> LoggedChoices:
        """Give the log as an old producer wrote it: no new feature in any decision."""
        vectors = self.vectors.copy()
        vectors[:, OLD:] = 0.0
        return LoggedChoices(vectors, self.rewards, self.weights)


def vectors_of(rng: np.random.Generator, rows: int) -> Floats:
    """Make up scaled vectors, among them flags and values that are cut off."""
    vectors = rng.normal(0.0, 1.0, (rows, NEW)).clip(-4.0, 4.0)
    vectors[:, 0] = 1.0
    vectors[:, 3] = rng.random(rows) < 0.5
    return vectors


@st.composite
def choices(draw: st.DrawFn, min_size: int = 0, max_size: int = 200) -> LoggedChoices:
    """Draw a log of some decisions, a few of them answered, aged up to ten half-lives."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    rows = draw(st.integers(min_size, max_size))
    rewards = (rng.random(rows) < draw(st.floats(0.0, 1.0))).astype(np.float64)
    weights = 0.5 ** rng.uniform(0.0, draw(st.floats(0.0, 10.0)), rows)
    return LoggedChoices(vectors_of(rng, rows), rewards, weights)


@st.composite
def candidates(draw: st.DrawFn, dimensions: int = NEW) -> Floats:
    """Draw candidates to rank."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return vectors_of(rng, draw(st.integers(1, 60)))[:, :dimensions]


def old_policy(alpha: float = 0.5, exploration: float = 0.1) -> LinearPolicy:
    """Make the policy of 7 features."""
    return LinearPolicy(RIDGE[:OLD], alpha, exploration)


def new_policy(alpha: float = 0.5, exploration: float = 0.1) -> LinearPolicy:
    """Make the policy of 12 features."""
    return LinearPolicy(RIDGE, alpha, exploration)
