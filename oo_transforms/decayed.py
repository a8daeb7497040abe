"""The exponentially decayed sum, the one kind of number that our state consists of.

For weights `w_i` at times `t_i` and half-life `h`,

    S(t) = sum over t_i <= t of  w_i * 2 ** (-(t - t_i) / h)

Adding is commutative and associative up to rounding, so neither the order of arrival nor the way
a log is cut changes a sum. Source: the DecayedValue monoid of Twitter's Algebird.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oo_transforms.clock import MICROSECOND

if TYPE_CHECKING:
    from datetime import timedelta

    from oo_transforms.arrays import Floats


def decay(age_us: float, half_life_us: float) -> float:
    """Tell what is left of a weight of 1 after some time.

    Args:
        age_us: Microseconds since the weight was added. A negative age, a reader whose clock is
            behind, leaves the weight as it is.
        half_life_us: Microseconds in which a weight halves; 0 means that nothing decays.

    Returns:
        A factor in [0, 1].

    >>> decay(86_400e6, 86_400e6)
    0.5
    """
    if age_us <= 0 or not half_life_us:
        return 1.0
    # Not math.exp2, which now and then differs in the last bit: one by one and many at once, the
    # same signals give the same sums.
    return float(np.exp2(-age_us / half_life_us))


def decay_many(ages_us: Floats, half_life_us: float) -> Floats:
    """Tell the same as `decay` for an array of ages; NaN stays NaN.

    >>> decay_many(np.array([0.0, 7.0, -3.0]), 7.0).tolist()
    [1.0, 0.5, 1.0]
    """
    return np.exp2(np.maximum(ages_us, 0.0) / -half_life_us)


def rate(total: Floats, half_life: timedelta, per: timedelta) -> Floats:
    """Estimate how often something happens from its decayed count.

    At a steady rate of r a second the sum settles at `r * h / ln 2`, hence `r = S * ln 2 / h`.

    Args:
        total: Decayed counts, read at now.
        half_life: Half-life of the counts.
        per: The unit of time of the answer.

    >>> from datetime import timedelta
    >>> rate(np.array([4 / math.log(2)]), timedelta(weeks=4), timedelta(weeks=1)).round(12).tolist()
    [1.0]
    """
    return total * (math.log(2) * (per / half_life))


@dataclass(slots=True)
class DecayedSum:
    """One decayed sum and its anchor, the newest event time in it.

    The reference form of the algebra; `State` keeps many sums under one anchor.

    >>> from datetime import timedelta
    >>> s = DecayedSum(half_life=timedelta(days=1))
    >>> s.update(1.0, 0)
    >>> s.update(1.0, 86_400_000_000)
    >>> s.get(86_400_000_000)
    1.5
    >>> s.update(4.0, 0)  # late: enters with what would be left of it
    >>> s.get(2 * 86_400_000_000)
    1.75
    """

    half_life: timedelta
    total: float = 0.0
    anchor_us: int | None = None

    def update(self, weight: float, event_time_us: int) -> None:
        """Add a weight at a time, in any order of times."""
        self.merge(DecayedSum(self.half_life, weight, event_time_us))

    def merge(self, other: DecayedSum) -> None:
        """Add another sum of the same half-life; the later anchor stays."""
        if other.anchor_us is None:
            return
        if self.anchor_us is None or self.anchor_us < other.anchor_us:
            self.total = self.get(other.anchor_us) + other.total
            self.anchor_us = other.anchor_us
        else:
            self.total += other.get(self.anchor_us)

    def get(self, now_us: int) -> float:
        """Read the sum at a time; before the anchor it reads as at the anchor."""
        if self.anchor_us is None:
            return 0.0
        return self.total * decay(now_us - self.anchor_us, self.half_life / MICROSECOND)
