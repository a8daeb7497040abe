"""Rank 50 candidates from a packed state, beside the textbook's way: an inverse a candidate.

Numbers are of processor time, so that others on the machine disturb them little.
"""

from __future__ import annotations

import argparse
import statistics
import time
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from online_timing import at_least, at_most, show

from oo_bandit import LearnedState, LinearPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

    from oo_bandit.arrays import Floats

DIMENSIONS = 13
RIDGE = (1.0,) * 8 + (16.0,) * 5
CALLS = 200
ROUNDS = 40


def main() -> None:
    """Measure with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--candidates", type=int, default=50)
    options = parser.parse_args()
    measure(options.seed, options.candidates)


def measure(seed: int, candidates: int = 50) -> None:
    """Measure both in turns and print the medians."""
    rng = np.random.default_rng(seed)
    rows, packed = vectors(rng, candidates), learned(rng)
    policy = LinearPolicy(RIDGE)
    ours = partial(ranked, policy, rows, packed)
    peer = partial(naive, rows, packed)
    np.testing.assert_allclose(ours(), peer(), rtol=0, atol=1e-10)
    found: dict[str, list[float]] = {"ours": [], "peer": []}
    for _ in range(ROUNDS):
        found["ours"].append(microseconds(ours))
        found["peer"].append(microseconds(peer, CALLS // 20))
    middle = {name: statistics.median(values) for name, values in found.items()}
    print(f"{candidates} candidates, D = {DIMENSIONS - 1}, packed state, one policy:")
    show("scores and exact chances, us", middle["ours"], at_most(150))
    show("times the inverse a candidate", middle["peer"] / middle["ours"], at_least(1))


def ranked(policy: LinearPolicy, rows: Floats, packed: tuple[float, Floats, Floats]) -> Floats:
    """Rank as a service does: from the arrays that Redis gave."""
    return policy.rank(rows, LearnedState(*packed)).scores


def naive(rows: Floats, packed: tuple[float, Floats, Floats]) -> Floats:
    """Rank as the paper writes it down: A inverted for each candidate."""
    _, outer, rewards = packed
    matrix = np.diag(RIDGE)
    corner = np.triu_indices(DIMENSIONS)
    matrix[corner] += outer
    matrix.T[corner] = matrix[corner]
    scores = []
    for row in rows:
        inverse = np.linalg.inv(matrix)
        scores.append(rewards @ inverse @ row + 0.5 * np.sqrt(row @ inverse @ row))
    return np.array(scores)


def vectors(rng: np.random.Generator, count: int) -> Floats:
    """Make up scaled vectors with the constant."""
    rows = rng.normal(0.0, 1.0, (count, DIMENSIONS))
    rows[:, 0] = 1.0
    return rows


def learned(rng: np.random.Generator) -> tuple[float, Floats, Floats]:
    """Make up what was learned of 300 decisions."""
    state = LearnedState.of(vectors(rng, 300), rng.integers(0, 2, 300).astype(np.float64))
    return state.count, state.outer, state.rewards


def microseconds(call: Callable[[], object], calls: int = CALLS) -> float:
    """Time calls on the processor, the mean of some."""
    began = time.process_time()
    for _ in range(calls):
        call()
    return (time.process_time() - began) / calls * 1e6


if __name__ == "__main__":
    main()
