"""What a policy would have got, estimated from a log that another one acted in.

IPS weights each reward by the policy's probability of what was chosen over the logged propensity
(Horvitz and Thompson 1952). Self-normalised IPS divides by the sum of the weights in place of
their number (Hajek 1971; Swaminathan and Joachims 2015). Doubly robust adds weighted errors of
the predictions to what was predicted (Dudik, Langford and Li 2011).

Intervals are Student's with the usual variance of a mean, by the delta method where it is
normalised. Degrees of freedom are those of the decisions that carry the weight: where a few heavy
ones do, the variance itself is known badly.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np

from oo_bandit.logged import Term
from oo_bandit.sums import direction

if TYPE_CHECKING:
    from oo_bandit.arrays import Floats
    from oo_bandit.sums import Sums

CONFIDENCE: Final = 0.95
_NORMAL: Final = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """An estimate with its interval; arrays where many logs were judged at once.

    Attributes:
        value: The estimate.
        low: Lower end of the interval of 95 percent.
        high: Its upper end.
    """

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """One quantity, estimated in three ways.

    Attributes:
        ips: By inverse propensities.
        self_normalised: The same, over the sum of the weights.
        doubly_robust: With the predictions, corrected by what they were off by.
    """

    ips: Estimate
    self_normalised: Estimate
    doubly_robust: Estimate


def estimate_value(sums: Sums, policy: int) -> Estimates:
    """Estimate the mean reward of a policy.

    Args:
        sums: By decision, or by person: then of the mean over people of each person's mean.
        policy: Its number.

    Returns:
        NaN where there are fewer than two rows, or where no weight is above 0.
    """
    carriers = weight_carriers(sums, policy)
    return Estimates(
        _estimate(sums, _plain(sums, policy, Term.REWARDED), carriers),
        _estimate(sums, _normalised(sums, policy), carriers, _ratio(sums, policy)),
        _estimate(sums, _plain(sums, policy, Term.ROBUST), carriers),
    )


def estimate_difference(sums: Sums, policy: int, other: int) -> Estimates:
    """Estimate how much more a policy gets than another, decision by decision.

    Args:
        sums: By decision, or by person.
        policy: Number of the one.
        other: Number of the other.

    Returns:
        NaN where there are fewer than two rows, or where no weight is above 0.
    """
    carriers = _pair_carriers(sums, policy, other)
    plain, robust = (
        _plain(sums, policy, term) - _plain(sums, other, term)
        for term in (Term.REWARDED, Term.ROBUST)
    )
    normalised = _normalised(sums, policy) - _normalised(sums, other)
    ratio = _ratio(sums, policy) - _ratio(sums, other)
    return Estimates(
        _estimate(sums, plain, carriers),
        _estimate(sums, normalised, carriers, ratio),
        _estimate(sums, robust, carriers),
    )


def estimate_dismissals(sums: Sums, policy: int, other: int) -> Estimate:
    """Estimate by IPS how many more of its tips are dismissed than of another policy's."""
    carriers = _pair_carriers(sums, policy, other)
    side = _plain(sums, policy, Term.DISMISSED) - _plain(sums, other, Term.DISMISSED)
    return _estimate(sums, side, carriers)


def effective_size(sums: Sums, policy: int) -> Floats:
    """Tell how many rows of equal weight would say as much (Kish 1965); 0 without any weight."""
    total, squares = sums.sum_of(policy, Term.WEIGHT), sums.square_of(policy, Term.WEIGHT)
    return _over(total**2, squares, empty=0.0)


def weight_carriers(sums: Sums, policy: int) -> Floats:
    """Tell how many rows of the largest weight would have all squares of weights; 0 without any.

    It is at most the number of rows, and small where few rows decide over the variance.
    """
    squares = sums.square_of(policy, Term.WEIGHT)
    return _over(squares, sums.largest[..., policy] ** 2, empty=0.0)


def _pair_carriers(sums: Sums, policy: int, other: int) -> Floats:
    return np.minimum(weight_carriers(sums, policy), weight_carriers(sums, other))


def student(freedom: Floats) -> Floats:
    """Return the two-sided quantile of 95 percent of Student's t.

    By the expansion of Fisher and Cornish (Abramowitz and Stegun 26.7.5): right to 0.01 from 3
    degrees of freedom up, and below 3 that of 3.

    >>> round(float(student(np.array(10.0))), 3)
    2.228
    """
    z, inverse = _NORMAL, 1 / np.maximum(freedom, 3.0)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    found = np.full_like(inverse, z)
    for power, term in enumerate(terms, 1):
        found = found + term * inverse**power
    return found


def _plain(sums: Sums, policy: int, term: Term) -> Floats:
    return direction(sums.policies, (policy, term, 1.0))


def _ratio(sums: Sums, policy: int) -> Floats:
    return _over(sums.sum_of(policy, Term.REWARDED), sums.sum_of(policy, Term.WEIGHT))


def _normalised(sums: Sums, policy: int) -> Floats:
    """Return the direction of what each row moves the ratio by, times the number of rows."""
    mean_weight = _over(sums.sum_of(policy, Term.WEIGHT), sums.count)[..., None]
    rewarded = _plain(sums, policy, Term.REWARDED)
    weight = _plain(sums, policy, Term.WEIGHT)
    return _over(rewarded - _ratio(sums, policy)[..., None] * weight, mean_weight)


def _estimate(sums: Sums, side: Floats, carriers: Floats, value: Floats | None = None) -> Estimate:
    """Estimate the mean along a direction; `value` is the estimate, if it is another one."""
    total, squares = sums.along(side)
    mean = _over(total, sums.count)
    # What is 0 may come out a little below it.
    variance = np.maximum(_over(squares - sums.count * mean**2, sums.count - 1), 0.0)
    margin = student(carriers - 1) * np.sqrt(_over(variance, sums.count))
    value = mean if value is None else value
    return Estimate(value, value - margin, value + margin)


def _over(dividend: Floats, divisor: Floats, empty: float = np.nan) -> Floats:
    dividend, divisor = np.broadcast_arrays(dividend, divisor)
    quotient: Floats = np.full(dividend.shape, empty)
    return np.divide(dividend, divisor, out=quotient, where=divisor > 0)
