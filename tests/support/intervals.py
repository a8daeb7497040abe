"""A mean over independent groups, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from oo_bandit.arrays import Floats


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its interval of confidence.

    Attributes:
        mean: Over the groups.
        half: Half the width of the 95 % interval, by Student's t.
    """

    mean: float
    half: float

    @classmethod
    def over(cls, groups: Floats) -> Interval:
        """Take one number a group, at least ten.

        The quantile of Student's t is the normal one's expansion (Abramowitz and Stegun, 26.7.5);
        it is right to a part in 500 for ten groups, in 10,000 for thirty.
        """
        z, free = NormalDist().inv_cdf(0.975), len(groups) - 1
        t = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
        return cls(float(groups.mean()), float(t * groups.std(ddof=1) / np.sqrt(len(groups))))

    @property
    def low(self) -> float:
        """The lower end."""
        return self.mean - self.half
