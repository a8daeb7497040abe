"""An estimate as a report carries it."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oo_bandit.estimates import Estimate


@dataclass(frozen=True, slots=True)
class Range:
    """A value with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, estimate: Estimate, factor: float = 1.0, offset: float = 0.0) -> Range | None:
        """Take an estimate of one log, in another unit; None if the log has none.

        Args:
            estimate: What was estimated.
            factor: It is multiplied by this.
            offset: Then this is added.
        """
        ends = [
            float(end) * factor + offset for end in (estimate.value, estimate.low, estimate.high)
        ]
        return cls(*ends) if all(map(isfinite, ends)) else None

    def holds(self, value: float) -> bool:
        """Say whether a value lies within it."""
        return self.low <= value <= self.high
