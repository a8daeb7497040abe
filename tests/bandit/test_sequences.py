"""Bounds hold at every look, whatever the log is logged by and whether or not values move."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.logged import LIVE, LIVE_VALUE, NEW, World, made

from oo_bandit.logged import Term
from oo_bandit.sequences import difference_bound, difference_sequence, lower_bounds, value_sequence
from oo_bandit.sums import direction

SEED = 20261128
LOGS, DECISIONS, EVERY = 120, 1_200, 100


def by_bisection(numbers: np.ndarray, guesses: list[float], level: float) -> float:
    """Find the bound of numbers from -1 from the products of the docstring, number by number."""

    def log_mixture(mean: float) -> float:
        logs = []
        for guess in guesses:
            scale = guess + 1
            for power in range(1, 12):
                rate = 0.5**power
                cost = -math.log(1 - rate) - rate
                each = rate * (numbers - mean) / scale - cost * ((numbers - guess) / scale) ** 2
                logs.append(float(each.sum()))
        top = max(logs)
        return float(top + math.log(sum(math.exp(one - top) for one in logs) / len(logs)))

    low, high = -1.0, float(numbers.max()) + 1
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if log_mixture(middle) > math.log(1 / level) else (low, middle)
    return low


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.integers(40, 400), st.floats(0.001, 0.5), st.floats(-0.9, 3))
def test_the_bound_is_where_the_mixture_is_one_over_the_level(
    seed: int, count: int, level: float, most: float
) -> None:
    """By another way than sums and Newton's steps."""
    y = np.random.default_rng(seed).uniform(-1, most, count)
    sums = np.array(y.sum()), np.array((y**2).sum())
    found = lower_bounds(np.array(float(count)), sums, floor=-1, guesses=(0.0, 0.5), level=level)
    assert float(found) == pytest.approx(by_bisection(y, [0.0, 0.5], level), abs=1e-9)
    assert -1 <= found < y.mean()


def test_both_sides_share_the_level() -> None:
    """Each is a bound at half of it, and the upper one is that of what is missed."""
    sums, _ = made(World("canary"), 1, 500, np.random.default_rng(SEED)).until(500)
    low, high = difference_sequence(sums, NEW, LIVE, level=0.1)
    assert low == difference_bound(sums, NEW, LIVE, level=0.05)
    assert high == -difference_bound(sums, LIVE, NEW, level=0.05)
    low, high = value_sequence(sums, NEW, level=0.1)
    bounds = [
        lower_bounds(sums.count, sums.along(side), floor=0.0, guesses=(0.25, 0.5, 1.0), level=0.05)
        for side in (
            direction(2, (NEW, Term.REWARDED, 1.0)),
            direction(2, (NEW, Term.WEIGHT, 1.0), (NEW, Term.REWARDED, -1.0)),
        )
    ]
    assert [low, high] == [bounds[0], 1 - bounds[1]]


def test_nothing_is_said_of_nothing() -> None:
    """The bound is where every mean is above it."""
    zero = np.zeros(())
    assert lower_bounds(zero, (zero, zero), floor=-1.0, guesses=(0.0,), level=0.05) == -1.0


@pytest.mark.parametrize(
    "world",
    [
        World("shadow"),
        World("canary"),
        World("uniform"),
        World("canary", new_value=LIVE_VALUE),
        World("shadow", moves=400),
    ],
    ids=lambda world: f"{world.logging}-{world.new_value}-{world.moves}",
)
def test_bounds_looked_at_again_and_again_miss_in_few_logs(world: World) -> None:
    """At most 5 percent may; `make evidence` looks at more and longer logs."""
    logs = made(world, LOGS, DECISIONS, np.random.default_rng(SEED))
    sums, values = logs.looks(EVERY)
    for policy in (LIVE, NEW):
        low, high = value_sequence(sums, policy)
        missed = ((low > values[..., policy]) | (high < values[..., policy])).any(axis=1)
        assert missed.mean() <= 0.05
    low, high = difference_sequence(sums, NEW, LIVE)
    truth = values[..., NEW] - values[..., LIVE]
    assert ((low > truth) | (high < truth)).any(axis=1).mean() <= 0.05
    assert (low < high).all()


def test_a_canary_shows_a_difference_that_is_there() -> None:
    """Most logs do within 1,200 decisions, and the bounds are of use."""
    logs = made(World("canary"), LOGS, DECISIONS, np.random.default_rng(SEED))
    sums, _ = logs.looks(EVERY)
    assert (difference_bound(sums, NEW, LIVE) > 0).any(axis=1).mean() >= 0.8


def test_weights_without_bound_do_not_break_it() -> None:
    """A candidate that is chosen once in 2,000 times has weights of thousands."""
    random = np.random.default_rng(SEED)
    chosen = random.random((400, 3_000)) < 1 / 2_000
    weighted = chosen * 2_000.0 * (random.random(chosen.shape) < 0.3)
    missed = np.zeros(400, dtype=bool)
    for look in range(100, 3_001, 100):
        part = weighted[:, :look]
        sums = part.sum(1), (part**2).sum(1)
        count = np.full(400, float(look))
        low = lower_bounds(count, sums, floor=0.0, guesses=(0.25, 0.5), level=0.05)
        missed |= low > 0.3
    assert missed.mean() <= 0.05
