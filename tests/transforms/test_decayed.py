"""The decayed sum: one number and an anchor, whatever the order of arrival."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oo_transforms import DecayedSum, decay, decay_many, rate

DAY = timedelta(days=1)
DAY_US = 86_400_000_000

times = st.integers(0, 400 * DAY_US)
weights = st.floats(-1e6, 1e6)
terms = st.lists(st.tuples(weights, times), min_size=1, max_size=20)
half_lives = st.sampled_from([timedelta(hours=1), 7 * DAY, 28 * DAY])


def folded(half_life: timedelta, added: list[tuple[float, int]]) -> DecayedSum:
    """Add terms in the order given."""
    total = DecayedSum(half_life)
    for weight, at in added:
        total.update(weight, at)
    return total


def definition(half_life: timedelta, added: list[tuple[float, int]], now_us: int) -> float:
    """Sum w * 2 ** (-(T - t) / h) over all terms."""
    half_life_us = half_life / timedelta(microseconds=1)
    return math.fsum(w * 2.0 ** (-(now_us - t) / half_life_us) for w, t in added)


def close(left: float, right: float, added: list[tuple[float, int]]) -> bool:
    """Compare to rounding, which the terms' absolute values measure."""
    # Numbers next to nothing have no digits left to compare.
    return abs(left - right) <= 1e-12 * sum(abs(weight) for weight, _ in added) + 1e-300


@settings(deadline=None)
@given(half_lives, terms, times)
def test_a_sum_is_its_definition(
    half_life: timedelta, added: list[tuple[float, int]], later_us: int
) -> None:
    """Folding one by one gives the sum over all terms, at the anchor and at any later time."""
    total = folded(half_life, added)
    anchor = max(at for _, at in added)
    assert total.anchor_us == anchor
    for now in (anchor, anchor + later_us):
        assert close(total.get(now), definition(half_life, added, now), added)


@settings(deadline=None)
@given(half_lives, terms, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_sum(
    half_life: timedelta, added: list[tuple[float, int]], random: object
) -> None:
    """Late terms enter with what would be left of them, so order does not matter."""
    shuffled = added.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = folded(half_life, added), folded(half_life, shuffled)
    assert one.anchor_us == other.anchor_us
    assert close(one.total, other.total, added)


@settings(deadline=None)
@given(half_lives, terms, terms)
def test_merging_equals_replaying(
    half_life: timedelta, left: list[tuple[float, int]], right: list[tuple[float, int]]
) -> None:
    """Two sums merged, either way round, are the sum of all their terms; the argument stays."""
    whole = folded(half_life, left + right)
    for first, second in ((left, right), (right, left)):
        merged, other = folded(half_life, first), folded(half_life, second)
        before = (other.total, other.anchor_us)
        merged.merge(other)
        assert (other.total, other.anchor_us) == before
        assert merged.anchor_us == whole.anchor_us
        assert close(merged.total, whole.total, left + right)


@settings(deadline=None)
@given(half_lives, terms, times, times)
def test_reading_later_equals_decaying_then_reading(
    half_life: timedelta, added: list[tuple[float, int]], first_us: int, second_us: int
) -> None:
    """A sum brought to a time between gives what the sum itself gives later."""
    total = folded(half_life, added)
    between = max(at for _, at in added) + first_us
    brought = DecayedSum(half_life, total.get(between), between)
    assert close(brought.get(between + second_us), total.get(between + second_us), added)


@settings(deadline=None)
@given(half_lives, terms, times)
def test_a_reader_whose_clock_is_behind_reads_the_anchor(
    half_life: timedelta, added: list[tuple[float, int]], behind_us: int
) -> None:
    """Before the anchor nothing grows."""
    total = folded(half_life, added)
    assert total.anchor_us is not None
    assert total.get(total.anchor_us - behind_us) == total.total


def test_an_empty_sum_is_neutral() -> None:
    """An empty sum reads 0, and merging it changes nothing."""
    total = folded(DAY, [(2.0, 5)])
    total.merge(DecayedSum(DAY))
    assert (total.total, total.anchor_us) == (2.0, 5)
    empty = DecayedSum(DAY)
    assert empty.get(123) == 0.0
    empty.merge(total)
    assert empty == total


def test_a_weight_halves_with_every_half_life() -> None:
    """One half-life leaves a half, two a quarter; without a half-life nothing decays."""
    assert decay(7 * DAY_US, 7.0 * DAY_US) == 0.5
    assert decay(14 * DAY_US, 7.0 * DAY_US) == 0.25
    assert decay(10**18, 0) == 1.0


@settings(deadline=None)
@given(st.lists(st.floats(-1e18, 1e18), min_size=1), st.floats(1, 1e15))
def test_many_at_once_is_one_by_one(ages_us: list[float], half_life_us: float) -> None:
    """The vectorised decay agrees with the scalar one."""
    expected = [decay(age, half_life_us) for age in ages_us]
    found = decay_many(np.array(ages_us), half_life_us)
    np.testing.assert_allclose(found, expected, rtol=1e-15, atol=0)
    assert math.isnan(decay_many(np.array([math.nan]), half_life_us)[0])


@pytest.mark.parametrize("per_week", [0.5, 3.0, 70.0])
def test_a_steady_rate_is_estimated_as_itself(per_week: float) -> None:
    """After many half-lives of a steady rate, S * ln 2 / h tells that rate."""
    half_life, gap_us = 28 * DAY, round(7 * DAY_US / per_week)
    total = folded(half_life, [(1.0, number * gap_us) for number in range(round(60 * per_week))])
    assert total.anchor_us is not None
    middle = total.get(total.anchor_us + gap_us // 2)
    found = rate(np.array([middle]), half_life, timedelta(weeks=1))[0]
    assert found == pytest.approx(per_week, rel=0.01)
