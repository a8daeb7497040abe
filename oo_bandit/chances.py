"""Chances by which a policy acts: exact, since what is not logged exactly cannot be evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from oo_bandit.errors import ProbabilityError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oo_bandit.arrays import Floats

TIE = 1e-9
"""Scores so close to the best, over the larger of 1 and the best, are as good as it: the order in
which a library adds up must not decide between two candidates that are alike."""

ROUNDING = 1e-9
"""By how much chances may miss 1 in all."""


def greedy(scores: Floats) -> Floats:
    """Give all to the best score; those that tie for it share it evenly.

    >>> greedy(np.array([1.0, 3.0, 3.0])).tolist()
    [0.0, 0.5, 0.5]
    """
    best = scores.max()
    ties = scores >= best - TIE * max(1.0, abs(best))
    shares: Floats = ties / np.count_nonzero(ties)
    return shares


def uniform(candidates: int) -> Floats:
    """Give every candidate the same chance.

    >>> uniform(4).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    return np.full(candidates, 1.0 / candidates)


def mixture(shares: Sequence[float], parts: Sequence[Floats]) -> Floats:
    """Mix chances: first one of the parts is drawn by its share, then a candidate by that part.

    Args:
        shares: Of each part, 0 to 1, in all 1.
        parts: Chances over the same candidates.

    Raises:
        ProbabilityError: The shares are no chances, or there are not as many as parts.

    >>> mixture((0.5, 0.5), (uniform(2), greedy(np.array([0.0, 1.0])))).tolist()
    [0.25, 0.75]
    """
    weights = _chances("shares", np.asarray(shares, np.float64))
    if len(weights) != len(parts) or len({len(part) for part in parts}) != 1:
        lengths = [len(part) for part in parts]
        raise ProbabilityError(
            f"parts have {lengths} chances; there must be {len(weights)} of one length"
        )
    mixed = weights @ np.asarray(parts)
    # A certain choice stays a chance: the shares may add up to a little more than 1.
    return np.minimum(mixed, 1.0)


def choose(probabilities: Floats, random: float) -> int:
    """Choose by chances; one without a chance is never chosen.

    Args:
        probabilities: One a candidate, in all 1.
        random: Uniform on [0, 1): `random.Random.random` or `Generator.random` gives it.

    Returns:
        The place of the chosen candidate.

    Raises:
        ProbabilityError: The chances are none, or `random` lies outside of [0, 1).

    >>> choose(np.array([0.2, 0.0, 0.8]), 0.2)
    2
    """
    chances = _chances("probabilities", probabilities)
    if not 0.0 <= random < 1.0:
        raise ProbabilityError(f"random is {random!r}; it must be a number from 0 to below 1")
    bounds = chances.cumsum()
    place = bounds.searchsorted(random * bounds[-1], side="right")
    return int(min(place, chances.nonzero()[0][-1]))


def _chances(name: str, values: Floats) -> Floats:
    # A comparison with NaN is false, so what is not a number is refused too.
    if values.ndim != 1 or not (values.min(initial=1.0) >= 0 and abs(values.sum() - 1) <= ROUNDING):
        raise ProbabilityError(
            f"{name} are {values}; each must be 0 to 1, and in all they add up to 1"
        )
    return values
