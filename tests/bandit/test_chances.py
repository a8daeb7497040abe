"""Chances are exact: they add up, ties share, and choosing follows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.linear import LoggedChoices, candidates, choices, new_policy

from oo_bandit import ProbabilityError, choose, greedy, mixture, uniform

if TYPE_CHECKING:
    from oo_bandit.arrays import Floats

shares = st.floats(0.0, 1.0)


@given(log=choices(), rows=candidates(), share=shares)
def test_every_candidate_has_its_part_of_the_exploration(
    log: LoggedChoices, rows: Floats, share: float
) -> None:
    """The share is spread evenly; the best has all the rest; in all it is 1."""
    ranking = new_policy(exploration=share).rank(rows, log.state())
    even = share / len(rows)
    best = ranking.scores.argmax()
    others = np.delete(ranking.probabilities, best)
    ties = np.delete(ranking.scores, best) >= ranking.scores[best] - 1e-9
    assert abs(ranking.probabilities.sum() - 1) < 1e-12
    assert np.allclose(others[~ties], even, 0, 1e-15)
    assert ranking.probabilities.min() >= even - 1e-15
    assert ranking.probabilities.max() <= 1.0


@given(log=choices(), rows=candidates(), copies=st.integers(1, 40), share=shares)
def test_candidates_that_are_alike_have_the_same_chance(
    log: LoggedChoices, rows: Floats, copies: int, share: float
) -> None:
    """Where a copy stands among the others does not matter, nor in which order all stand."""
    policy, state = new_policy(exploration=share), log.state()
    best = rows[policy.rank(rows, state).scores.argmax()]
    more = np.concatenate([np.tile(best, (copies, 1)), rows])
    found = policy.rank(more, state).probabilities
    alike = (more == best).all(axis=1)
    assert np.allclose(found[alike], found[0], 0, 1e-15)
    turned = policy.rank(more[::-1], state).probabilities
    assert np.allclose(turned[::-1], found, 0, 1e-15)


@given(seed=st.integers(0, 2**32), count=st.integers(1, 8))
def test_what_is_chosen_follows_the_chances(seed: int, count: int) -> None:
    """Over evenly spaced numbers each candidate comes up as often as its chance says."""
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet(np.full(count, 0.5))
    drawn = [choose(chances, number / 500) for number in range(500)]
    often = np.bincount(drawn, minlength=count) / 500
    assert np.allclose(often, chances, 0, 1 / 250)


@given(count=st.integers(1, 50), place=st.integers(0, 49), random=st.floats(0, 1, exclude_max=True))
def test_one_without_a_chance_is_never_chosen(count: int, place: int, random: float) -> None:
    """With all chance on one candidate every number chooses it."""
    certain = np.zeros(count)
    certain[place % count] = 1.0
    assert choose(certain, random) == place % count


def test_a_mixture_is_the_chance_of_both_draws() -> None:
    """A part is drawn by its share, then a candidate by the part's chances."""
    live, shadow = greedy(np.array([1.0, 0.0, 0.0])), greedy(np.array([0.0, 2.0, 2.0]))
    mixed = mixture((0.9, 0.05, 0.05), (live, uniform(3), shadow))
    third = 0.05 / 3
    assert np.allclose(mixed, [0.9 + third, 0.025 + third, 0.025 + third], 0, 1e-15)


@pytest.mark.parametrize(
    ("given_shares", "lengths"),
    [((0.5, 0.6), (2, 2)), ((1.5, -0.5), (2, 2)), ((1.0,), (2, 2)), ((0.5, 0.5), (2, 3))],
    ids=["over 1", "below 0", "too few", "other lengths"],
)
def test_a_mixture_of_no_chances_is_refused(
    given_shares: tuple[float, ...], lengths: tuple[int, ...]
) -> None:
    """Shares add up to 1, one a part, and all parts speak of the same candidates."""
    with pytest.raises(ProbabilityError, match=r"shares|parts"):
        mixture(given_shares, [uniform(length) for length in lengths])


@pytest.mark.parametrize("random", [1.0, -0.1, float("nan")])
def test_a_number_outside_of_its_range_is_refused(random: float) -> None:
    """A random number is at least 0 and below 1."""
    with pytest.raises(ProbabilityError, match="from 0 to below 1"):
        choose(uniform(3), random)


@pytest.mark.parametrize("chances", [[0.5, 0.6], [1.5, -0.5], [float("nan"), 1.0], []])
def test_what_are_no_chances_is_refused(chances: list[float]) -> None:
    """Chances are 0 to 1 each and add up to 1."""
    with pytest.raises(ProbabilityError, match="add up to 1"):
        choose(np.array(chances), 0.5)
