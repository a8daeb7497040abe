"""Counters and histograms that belong to one registry and no other.

The library's own metrics keep their values for the whole machine, in files, once anything in the
process has asked for that; and `import feast` does. So these keep plain numbers, and hand the
library nothing but families of samples.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class LabelledCounter(Collector):
    """Counts by labels.

    Args:
        name: Of the metric, without `_total`.
        documentation: What it says.
        labels: Their names.
    """

    def __init__(self, name: str, documentation: str, labels: Sequence[str]) -> None:
        self._family = (name, documentation)
        self._labels = tuple(labels)
        self._counts: Counter[tuple[str, ...]] = Counter()

    def add(self, values: tuple[str, ...], count: int) -> None:
        """Add to a count; a value for each label. 0 shows it as 0."""
        # Replaced as a whole: it is read in another thread.
        counts = self._counts.copy()
        counts[values] += count
        self._counts = counts

    def describe(self) -> Iterator[CounterMetricFamily]:
        """Name the counter."""
        yield CounterMetricFamily(*self._family)

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Give the counts as they are."""
        family = CounterMetricFamily(*self._family, labels=self._labels)
        for values, count in self._counts.items():
            family.add_metric(values, count)
        yield family


class Histogram(Collector):
    """Counts values by upper bounds.

    Args:
        name: Of the metric.
        documentation: What it says.
        bounds: Upper bounds of the buckets, ascending, each inclusive; one above them is added.
    """

    def __init__(self, name: str, documentation: str, bounds: Sequence[float]) -> None:
        self._family = (name, documentation)
        self._bounds = tuple(map(float, bounds))
        self._lock = threading.Lock()
        # How many were at most a bound; the last is all of them.
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        first = bisect_left(self._bounds, value)
        self._add([int(place >= first) for place in range(len(self._counts))], value)

    def describe(self) -> Iterator[HistogramMetricFamily]:
        """Name the histogram."""
        yield HistogramMetricFamily(*self._family)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Give the histogram as it is."""
        with self._lock:
            counts, total = list(self._counts), self._sum
        names = [*map(repr, self._bounds), "+Inf"]
        buckets = [(name, float(count)) for name, count in zip(names, counts, strict=True)]
        yield HistogramMetricFamily(*self._family, buckets=buckets, sum_value=total)

    def _add(self, counts: Sequence[int], total: float) -> None:
        """Add how many values were at most each bound, all of them last, and their sum."""
        with self._lock:
            for place, count in enumerate(counts):
                self._counts[place] += count
            self._sum += total
