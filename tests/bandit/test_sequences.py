"""Bounds hold at every look, whatever the log is logged by and whether or not values move."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.logged import LIVE, LIVE_VALUE, NEW, World, made

from oo_bandit.sequences import difference_bound, difference_sequence, lower_bounds, value_sequence

SEED = 20261128
LOGS, DECISIONS, EVERY = 120, 1_200, 100


def by_bisection(numbers: np.ndarray, floor: float, guesses: list[float], level: float) -> float:
    """Find the bound from the products of the docstring, number by number."""

    def log_mixture(mean: float) -> float:
        logs = []
        for guess in guesses:
            scale = guess - floor
            for power in range(1, 12):
                rate = 0.5**power
                cost = -math.log(1 - rate) - rate
                logs.append(
                    sum(
                        rate * (y - mean) / scale - cost * ((y - guess) / scale) ** 2
                        for y in numbers
                    )
                )
        top = max(logs)
        return float(top + math.log(sum(math.exp(one - top) for one in logs) / len(logs)))

    low, high = -50.0, 50.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if log_mixture(middle) > math.log(1 / level) else (low, middle)
    return float(max(low, floor))


@settings(max_examples=25)
@given(st.lists(st.floats(-1, 30), min_size=1, max_size=30), st.floats(0.001, 0.5))
def test_the_bound_is_where_the_mixture_is_one_over_the_level(
    numbers: list[float], level: float
) -> None:
    """By another way than sums and Newton's steps."""
    y = np.array(numbers)
    sums = np.array(y.sum()), np.array((y**2).sum())
    found = lower_bounds(np.array(float(len(y))), sums, floor=-1, guesses=(0.0, 0.5), level=level)
    assert float(found) == pytest.approx(by_bisection(y, -1, [0.0, 0.5], level), abs=1e-6)


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
