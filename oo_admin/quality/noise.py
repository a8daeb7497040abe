"""How much counts vary by chance, so that a check is silent about it.

Counts of independent events are Poisson. Ours come in bursts, from people who have good and bad
days together, so they are negative binomial: variance `mu + phi * mu**2`, where `phi` is taken from
the same hours of the weeks before, and never below a floor. At a handful of signals the noise is
Poisson's; at many it is `sqrt(phi)` of the mean, however many they are.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_EXACT_BELOW: Final = 2000


def lower_tail(count: int, mean: float, phi: float) -> float:
    """Return the chance of so few or fewer, 1 if nothing is expected.

    >>> round(lower_tail(0, 10.0, 0.0), 6)
    4.5e-05
    """
    if mean <= 0 or count >= mean:
        return 1.0
    if mean > _EXACT_BELOW:
        return _normal_tail((mean - count) / math.sqrt(mean + phi * mean * mean))
    return float(np.exp(_log_masses(np.arange(count + 1), mean, phi)).sum())


def upper_tail(count: int, mean: float, phi: float) -> float:
    """Return the chance of so many or more, 1 for none."""
    mean = max(mean, 1e-9)
    if count <= mean:
        return 1.0
    if mean > _EXACT_BELOW:
        return _normal_tail((count - mean) / math.sqrt(mean + phi * mean * mean))
    # From the count on the masses fall; what is beyond ten standard deviations adds nothing.
    reach = int(10 * math.sqrt(mean + phi * mean * mean)) + 50
    numbers = np.arange(count, count + reach)
    return min(float(np.exp(_log_masses(numbers, mean, phi)).sum()), 1.0)


def dispersion(counts: Sequence[float], floor: float) -> float:
    """Return phi of counts that should be alike, by the method of moments; at least the floor.

    >>> dispersion([100.0, 100.0, 100.0], 0.02)
    0.02
    """
    if len(counts) < 2:  # noqa: PLR2004 - one count has no variance
        return floor
    mean = float(np.mean(counts))
    if mean <= 0:
        return floor
    return max((float(np.var(counts, ddof=1)) - mean) / mean**2, floor)


def population_stability(now: Mapping[Any, int], before: Mapping[Any, int]) -> float:
    """Return the population stability index of two distributions, counts by bin.

    `sum((p - q) * ln(p / q))`, with half a count added to every bin, so that an empty one is no
    infinity. The literature calls 0.1 a small shift and 0.25 a large one. 0 if either is empty.
    """
    bins = [*before, *(name for name in now if name not in before)]
    if not now or not before:
        return 0.0
    p = np.array([now.get(name, 0) + 0.5 for name in bins])
    q = np.array([before.get(name, 0) + 0.5 for name in bins])
    p, q = p / p.sum(), q / q.sum()
    return float(((p - q) * np.log(p / q)).sum())


def stability_noise(now: int, before: int, bins: int, sigmas: float) -> float:
    """Return the index that chance alone exceeds about as often as a normal value `sigmas`.

    Where nothing changed the index is `(1/n + 1/m)` times a chi-squared value of `bins - 1` degrees
    (Yurdakul 2018); its quantile is Wilson and Hilferty's.
    """
    degrees = max(bins - 1, 1)
    part = 2 / (9 * degrees)
    quantile = degrees * (1 - part + sigmas * math.sqrt(part)) ** 3
    return quantile * (1 / max(now, 1) + 1 / max(before, 1))


def _log_masses(numbers: NDArray[np.int64], mean: float, phi: float) -> NDArray[np.float64]:
    """Return the logarithm of the chance of each count, which are one after another."""
    first = int(numbers[0])
    steps = numbers[1:].astype(np.float64)
    if phi <= 0:
        begin = first * math.log(mean) - mean - math.lgamma(first + 1)
        ratios = np.log(mean / steps)
    else:
        size = 1 / phi
        odds = mean / (mean + size)
        begin = math.lgamma(first + size) - math.lgamma(size) - math.lgamma(first + 1)
        begin += size * math.log(1 - odds) + first * math.log(odds)
        ratios = np.log((steps - 1 + size) / steps * odds)
    masses: NDArray[np.float64] = begin + np.concatenate([[0.0], np.cumsum(ratios)])
    return masses


def _normal_tail(sigmas: float) -> float:
    return 0.5 * math.erfc(sigmas / math.sqrt(2))
