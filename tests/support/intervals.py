"""A mean over independent groups, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oo_bandit.estimates import student

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
        """Take one number a group, at least ten."""
        count = len(groups)
        error = groups.std(ddof=1) / np.sqrt(count)
        return cls(float(groups.mean()), float(student(np.array(count - 1.0)) * error))

    @property
    def low(self) -> float:
        """The lower end."""
        return self.mean - self.half
