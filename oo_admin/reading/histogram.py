"""Two of Feast's histograms, each with bins of its own, as counts in common bins."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from oo_profile.reports.words import number_text, value_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oo_profile.reports.catalogue import Entry

Histogram: TypeAlias = "Mapping[str, Any]"
"""As Feast keeps it: edges and counts of numbers, or named values with counts."""

CommonBin: TypeAlias = tuple[str, float, float]
"""What to call it, and how many values lie there now and then."""

BINS: Final = 10
TOP: Final = 8
OTHERS: Final = "others"
NEVER: Final = "never"
EVER: Final = "at some time"
_TRUTHS: Final = {"true": True, "false": False}


def common_bins(
    now: Mapping[str, Any], then: Mapping[str, Any] | None, entry: Entry
) -> list[CommonBin]:
    """Return how many values lie where, now and then.

    Args:
        now: Feast's metrics of a feature.
        then: Those of an earlier time; None: there are none.
        entry: The feature.
    """
    first, second = now.get("histogram") or {}, (then or {}).get("histogram") or {}
    if "values" in first or "values" in second:
        return _named(first, second, entry.unit)
    if entry.unit == "Unix seconds":
        return _instants(first, second)
    return _numbers(first, second, entry.unit)


def _numbers(first: Histogram, second: Histogram, unit: str) -> list[CommonBin]:
    ends = [edge for one in (first, second) if one for edge in (one["bins"][0], one["bins"][-1])]
    if not ends:
        return []
    edges = np.linspace(min(ends), max(ends), BINS + 1)
    counts = [apportioned(one, edges) for one in (first, second)]
    labels = [_range(float(low), float(high), unit) for low, high in pairwise(edges)]
    return list(zip(labels, *counts, strict=True))


def apportioned(histogram: Histogram, edges: np.ndarray[Any, np.dtype[np.float64]]) -> list[float]:
    """Spread the counts of a histogram over other bins, evenly within each of its own.

    >>> apportioned({"bins": [0.0, 1.0, 2.0], "counts": [4, 2]}, np.array([0.0, 0.5, 2.0]))
    [2.0, 4.0]
    """
    if not histogram:
        return [0.0] * (len(edges) - 1)
    below = np.interp(edges, histogram["bins"], np.cumsum([0, *histogram["counts"]]))
    parts: list[float] = np.diff(below).tolist()
    return parts


def _range(low: float, high: float, unit: str) -> str:
    if unit == "share":
        return f"{value_text(low, unit)} to {value_text(high, unit)}"
    return f"{number_text(low)} to {number_text(high)} {unit}"


def _instants(first: Histogram, second: Histogram) -> list[CommonBin]:
    """Tell those without an instant, which are 0, from the others."""

    def parts(histogram: Histogram) -> tuple[float, float]:
        counts = histogram.get("counts", [])
        never = counts[0] if counts and histogram["bins"][0] <= 0 else 0
        return never, sum(counts) - never

    (never, ever), (never_then, ever_then) = parts(first), parts(second)
    return [(NEVER, never, never_then), (EVER, ever, ever_then)]


def _named(first: Histogram, second: Histogram, unit: str) -> list[CommonBin]:
    here, there = (_counted(one) for one in (first, second))
    names = [name for name, _ in (here + there).most_common(TOP)]
    told: Counter[str] = Counter()
    told_then: Counter[str] = Counter()
    for counts, others, into in (
        (here, first.get("other_count", 0), told),
        (there, second.get("other_count", 0), told_then),
    ):
        for name, number in counts.items():
            into[_word(name, unit) if name in names else OTHERS] += number
        into[OTHERS] += others
    labels = [*dict.fromkeys(_word(name, unit) for name in names), OTHERS]
    found = [(label, float(told[label]), float(told_then[label])) for label in labels]
    return [one for one in found if any(one[1:])]


def _counted(histogram: Histogram) -> Counter[str]:
    return Counter({entry["value"]: entry["count"] for entry in histogram.get("values", [])})


def _word(name: str, unit: str) -> str:
    return value_text(_TRUTHS.get(name, name), unit)
