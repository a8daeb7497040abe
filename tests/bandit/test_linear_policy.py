"""A ranking is what its formulas say, by the plainest arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.linear import NEW, RIDGE, LoggedChoices, candidates, choices, new_policy

from oo_bandit import LearnedState, LinearPolicy

if TYPE_CHECKING:
    from oo_bandit.arrays import Floats


@given(log=choices(), rows=candidates())
def test_scores_and_widths_are_those_of_the_inverse(log: LoggedChoices, rows: Floats) -> None:
    """Candidate by candidate: theta x + alpha sqrt(x' A^-1 x), with A inverted outright."""
    ranking = new_policy(alpha=0.7).rank(rows, log.state())
    matrix = np.diag(RIDGE) + (log.vectors.T * log.weights) @ log.vectors
    inverse = np.linalg.inv(matrix)
    theta = inverse @ (log.vectors.T @ (log.weights * log.rewards))
    for place, row in enumerate(rows):
        width = np.sqrt(row @ inverse @ row)
        assert abs(ranking.widths[place] - width) < 1e-10
        assert abs(ranking.predictions[place] - theta @ row) < 1e-10
        assert abs(ranking.scores[place] - (theta @ row + 0.7 * width)) < 1e-10


@given(log=choices(), rows=candidates(), share=st.floats(0.0, 1.0))
def test_the_expected_reward_is_that_of_its_own_chances(
    log: LoggedChoices, rows: Floats, share: float
) -> None:
    """It is the mean prediction over all candidates, by the chances that are given out."""
    ranking = new_policy(exploration=share).rank(rows, log.state())
    pairs = zip(ranking.probabilities, ranking.predictions, strict=True)
    by_hand = sum(float(chance) * float(reward) for chance, reward in pairs)
    assert abs(ranking.expected_reward - by_hand) < 1e-12


@given(rows=candidates())
def test_somebody_new_is_ranked_by_the_prior(rows: Floats) -> None:
    """No state and a state without decisions are the same: nothing is expected, all is unsure."""
    policy = new_policy()
    for state, basis in ((None, "prior"), (LearnedState.empty(NEW), "learned")):
        ranking = policy.rank(rows, state)
        assert (ranking.basis, ranking.refused) == (basis, None)
        assert not ranking.predictions.any()
        assert np.allclose(ranking.widths, np.sqrt((rows**2 / RIDGE).sum(axis=1)), 0, 1e-12)


def test_a_decision_makes_its_like_more_certain() -> None:
    """What was tried is known better; what has nothing in common with it is not."""
    policy = LinearPolicy((1.0, 1.0))
    rows = np.array([[1.0, 0.0], [0.0, 1.0]])
    after = policy.rank(rows, LearnedState.of(rows[:1], [1.0]))
    assert after.widths.tolist() == pytest.approx([0.5**0.5, 1.0], rel=1e-15)
    assert after.predictions.tolist() == pytest.approx([0.5, 0.0], rel=1e-15)
