"""A histogram of numbers that copes with whatever floats there are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Floats: TypeAlias = "NDArray[np.float64]"

_MOST: Final = float(np.finfo(np.float64).max)


def histogram(ordered: Floats, bins: int, *, before: int = 0, after: int = 0) -> dict[str, Any]:
    """Return a histogram with bins of one width, in Feast's shape.

    A bin holds its lower edge and not its upper one, the last bin both. Of one value alone the bins
    lie around it.

    Args:
        ordered: Finite numbers in ascending order, at least one.
        bins: How many bins.
        before: Rows to count in the first bin in addition.
        after: Rows to count in the last bin in addition.

    Returns:
        The `bins + 1` edges, the count of each bin and the width of one.

    >>> histogram(np.array([0.0, 1.0, 4.0]), 2)
    {'bins': [0.0, 2.0, 4.0], 'counts': [2, 1], 'bin_width': 2.0}
    """
    edges = _edges(float(ordered[0]), float(ordered[-1]), bins)
    inner = np.searchsorted(ordered, edges[1:-1], side="left")
    counts = np.diff(inner, prepend=0, append=len(ordered))
    counts[0] += before
    counts[-1] += after
    return {
        "bins": edges.tolist(),
        "counts": counts.tolist(),
        "bin_width": min(float(edges[1]) - float(edges[0]), _MOST),
    }


def _edges(least: float, most: float, bins: int) -> Floats:
    if least == most:
        # Far from zero a half more or less is the same float.
        half = max(0.5, bins * math.ulp(least))
        least, most = max(least - half, -_MOST), min(most + half, _MOST)
    # Steps of a range that is about as wide as floats are may run over the last float.
    if most - least <= _MOST / 2:
        return np.linspace(least, most, bins + 1)
    return np.linspace(least / 2, most / 2, bins + 1) * 2
