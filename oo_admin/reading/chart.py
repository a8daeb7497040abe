"""A line through values, laid out for a drawing that needs no script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MARGIN = 2.0


@dataclass(frozen=True, slots=True)
class Line:
    """A line in a box.

    Attributes:
        points: "x,y x,y ...", as SVG takes them.
        low: The least value.
        high: The greatest.
    """

    points: str
    low: float
    high: float


def line(values: Sequence[float], width: float, height: float) -> Line:
    """Lay out values from left to right, the greatest at the top; equal ones in the middle.

    One alone is a line, none are nothing.

    >>> line([1.0, 3.0, 2.0], 104, 24).points
    '2.0,22.0 52.0,2.0 102.0,12.0'
    """
    if len(values) == 1:
        values = (*values, *values)
    low, high = min(values, default=0.0), max(values, default=0.0)
    span = high - low
    steps = max(len(values) - 1, 1)
    inner_width, inner_height = width - 2 * MARGIN, height - 2 * MARGIN
    places = []
    for at, value in enumerate(values):
        share = (value - low) / span if span else 0.5
        x, y = MARGIN + inner_width * at / steps, MARGIN + inner_height * (1 - share)
        places.append(f"{x:.1f},{y:.1f}")
    return Line(" ".join(places), low, high)
