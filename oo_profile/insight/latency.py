"""How long signals take, counted in a histogram: a batch at a time."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from oo_profile.insight.counts import Histogram

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BOUNDS_SECONDS: Final = (
    *(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0),
)
"""The upper bounds of its buckets; what took longer is in one above them."""

_MICROS = 1_000_000


class LatencyHistogram(Histogram):
    """Counts latencies that end together, a quarter of a millisecond for 4,000 of them.

    Args:
        name: Of the metric.
        documentation: What it says.
        bounds_seconds: Upper bounds of the buckets, ascending.
    """

    def __init__(
        self, name: str, documentation: str, bounds_seconds: Sequence[float] = BOUNDS_SECONDS
    ) -> None:
        super().__init__(name, documentation, bounds_seconds)
        self._bounds_us = [round(bound * _MICROS) for bound in bounds_seconds]

    def observe_many(self, began_us: Iterable[int], ended_us: int) -> None:
        """Count what began at these instants and ended at one, all microseconds since the epoch.

        Two clocks may disagree: what seems to end before it began took no time.
        """
        ordered = sorted(began_us)
        # What took longer than a bound began before `ended - bound`.
        longer = [bisect_left(ordered, ended_us - bound) for bound in self._bounds_us]
        past = ordered[: bisect_left(ordered, ended_us)]
        total_us = ended_us * len(past) - sum(past)
        self._add([*(len(ordered) - count for count in longer), len(ordered)], total_us / _MICROS)
