"""How far two values are apart, relative to what they are made of."""

from __future__ import annotations

import math

import numpy as np

READ_TOLERANCE = 1e-9
"""Allowed between two reads, relative to the scale of a number."""

REPLAY_TOLERANCE = 1e-12
"""Allowed between the streamed history and its replay."""

DIFFERENCES = {"mood_trend": 2.0}
"""Features that are differences, with the least sum of the absolute values of their terms."""


def deviation(one: object, other: object, floor: float = 0.0) -> float:
    """Tell how far apart two values are; infinitely far if they are not numbers and differ.

    The scale of a deviation is the sum of the absolute values of the terms behind a number: for
    a sum of weights, which are all positive, that is the sum itself. NaN is None.

    Args:
        one: A number, text, list or None.
        other: The same, come to in another way.
        floor: Least scale of the deviation of a number.

    >>> deviation([1.0, 2.0], [1.0, 1.0])
    0.5
    >>> deviation("a", None)
    inf
    """
    one, other = plain(one), plain(other)
    if one == other:
        return 0.0
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return math.inf
        return max((deviation(a, b, floor) for a, b in zip(one, other, strict=True)), default=0.0)
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        scale = max(abs(one), abs(other), floor)
        apart = abs(one - other) / scale
        return math.inf if math.isnan(apart) else apart
    return math.inf


def plain(value: object) -> object:
    """Return an array as a list, and NaN as None."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, float) and math.isnan(value):
        return None
    return value
