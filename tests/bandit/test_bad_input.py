"""Bad input is a clear error or the prior, and harms nothing."""

from __future__ import annotations

import numpy as np
import pytest
from support.linear import NEW, OLD, RIDGE, new_policy, vectors_of

from oo_bandit import MAX_CANDIDATES, InputRefused, LearnedState, LinearPolicy
from oo_bandit.arrays import Floats, packed_size

RNG = np.random.default_rng(7)
ROWS = vectors_of(RNG, 20)
LEARNED = LearnedState.of(vectors_of(RNG, 50), RNG.random(50))


def spoilt(value: float) -> Floats:
    """Give candidates of which one has a value that is none."""
    rows = ROWS.copy()
    rows[3, 5] = value
    return rows


def with_outer(place: int, value: float) -> LearnedState:
    """Give a state of which one number was spoilt."""
    outer = LEARNED.outer.copy()
    outer[place] = value
    return LearnedState(LEARNED.count, outer, LEARNED.rewards)


@pytest.mark.parametrize(
    ("vectors", "said"),
    [
        (spoilt(float("nan")), "nan for dimension 5 of candidate 3"),
        (spoilt(float("inf")), "inf for dimension 5 of candidate 3"),
        (spoilt(-1e7), "-10000000.0 for dimension 5 of candidate 3"),
        (np.empty((0, NEW)), "0 candidates"),
        (np.ones((MAX_CANDIDATES + 1, NEW)), "10001 candidates"),
        (ROWS[:, :OLD], r"shape \(20, 8\)"),
        (ROWS[0], r"shape \(13,\)"),
    ],
    ids=["nan", "inf", "unscaled", "none", "too many", "too narrow", "no table"],
)
def test_candidates_that_cannot_be_ranked_are_named(vectors: Floats, said: str) -> None:
    """The error tells what was given and what is taken; state and candidates stay as they were."""
    before = vectors.copy(), LEARNED.outer.copy(), LEARNED.rewards.copy()
    with pytest.raises(InputRefused, match=said):
        new_policy().rank(vectors, LEARNED)
    for left, right in zip(before, (vectors, LEARNED.outer, LEARNED.rewards), strict=True):
        np.testing.assert_array_equal(left, right)


def test_ten_thousand_candidates_are_ranked() -> None:
    """So many are bounded work, and each has its chance."""
    ranking = new_policy().rank(vectors_of(RNG, MAX_CANDIDATES), LEARNED)
    assert ranking.probabilities.size == MAX_CANDIDATES
    assert ranking.probabilities.min() >= 0.1 / MAX_CANDIDATES * (1 - 1e-12)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (with_outer(3, float("nan")), "not finite"),
        (with_outer(3, float("inf")), "not finite"),
        (LearnedState(1.0, LEARNED.outer, np.full(NEW, np.nan)), "not finite"),
        (LearnedState(float("nan"), LEARNED.outer, LEARNED.rewards), "not finite"),
        (LearnedState(-1.0, LEARNED.outer, LEARNED.rewards), "not positive"),
        (with_outer(0, -0.5), "not positive: a sum of squares is below 0"),
        (with_outer(1, 1e6), "not positive: its matrix has no Cholesky factor"),
        (LearnedState(1.0, LEARNED.outer, np.full(NEW, 1e308)), "too large"),
        (LearnedState(1.0, np.full(packed_size(NEW), 1e308), LEARNED.rewards), "not positive"),
    ],
)
def test_a_state_that_cannot_be_falls_back_to_the_prior(state: LearnedState, said: str) -> None:
    """The ranking is that of somebody new, and says why."""
    policy = new_policy()
    ranking, of_somebody_new = policy.rank(ROWS, state), policy.rank(ROWS)
    assert said in str(ranking.refused)
    assert ranking.basis == "prior"
    np.testing.assert_array_equal(ranking.scores, of_somebody_new.scores)
    np.testing.assert_array_equal(ranking.probabilities, of_somebody_new.probabilities)


def test_a_state_of_another_policy_is_refused() -> None:
    """A smaller state is extended first, and never by guessing."""
    with pytest.raises(InputRefused, match=r"8 dimensions.*`LearnedState.extended`"):
        new_policy().rank(ROWS, LearnedState.empty(OLD))


@pytest.mark.parametrize(
    ("outer", "rewards", "said"),
    [
        (np.zeros(90), np.zeros(NEW), "90 numbers"),
        (np.zeros(0), np.zeros(0), "0 numbers"),
        (np.zeros(91), np.zeros(OLD), "8 numbers; it takes 13"),
        (np.zeros((13, 13)), np.zeros(NEW), r"shape \(13, 13\)"),
    ],
)
def test_arrays_that_are_no_state_are_refused(outer: Floats, rewards: Floats, said: str) -> None:
    """The error tells how many numbers a state has."""
    with pytest.raises(InputRefused, match=said):
        LearnedState(0.0, outer, rewards)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"ridge": ()}, "ridge"),
        ({"ridge": (1.0, 0.0)}, "ridge"),
        ({"ridge": (1.0, float("inf"))}, "ridge"),
        ({"ridge": RIDGE, "alpha": -0.1}, "alpha"),
        ({"ridge": RIDGE, "alpha": float("nan")}, "alpha"),
        ({"ridge": RIDGE, "exploration": 1.1}, "exploration"),
        ({"ridge": RIDGE, "exploration": float("nan")}, "exploration"),
    ],
)
def test_settings_that_make_no_policy_are_refused(settings: dict[str, object], said: str) -> None:
    """A policy checks its own settings."""
    with pytest.raises(InputRefused, match=f"'{said}'"):
        LinearPolicy(**settings)  # type: ignore[arg-type]
