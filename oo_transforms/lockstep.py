"""Many users' running sums side by side, a step for the first entry of each, then the second.

Users are ranked by how many entries they have, and entries are laid out step by step. Those who
still have an entry are then the first of those of the step before, so a step is one operation on
two blocks of neighbouring rows, whatever the number of users.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from oo_transforms.decayed import decay_many

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oo_transforms.arrays import Floats, Ints


class Steps:
    """The layout: where each entry of each user stands.

    Args:
        counts: How many entries each user has.

    Attributes:
        users: The users that have entries, by rank.
        places: Of each entry, user by user, its row in the layout.
        before: Of each row behind the first step, the row of the same user's entry before.
        first: How many rows the first step has.
    """

    def __init__(self, counts: Ints) -> None:
        by_count = np.argsort(-counts, kind="stable")
        ranked = counts[by_count]
        steps = np.arange(ranked[0] if len(ranked) else 0)
        # How many users have more entries than there were steps.
        widths = len(ranked) - np.searchsorted(ranked[::-1], steps, side="right")
        firsts = np.cumsum(widths) - widths
        total = int(counts.sum())
        rank = np.empty(len(counts), dtype=np.int64)
        rank[by_count] = np.arange(len(counts))
        number = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
        self.first = int(widths[0]) if len(widths) else 0
        self.users: Ints = by_count[: self.first]
        self.places: Ints = firsts[number] + np.repeat(rank, counts)
        self.before: Ints = np.arange(self.first, total) - np.repeat(widths[:-1], widths[1:])
        self._bounds = [*firsts.tolist(), total]

    def blocks(self) -> Iterator[tuple[slice, slice]]:
        """Give the rows of each step behind the first, each with those of the same users before."""
        bounds = self._bounds
        for begin, middle, end in zip(bounds, bounds[1:], bounds[2:], strict=False):
            yield slice(begin, begin + end - middle), slice(middle, end)


def running_maxima(steps: Steps, values: Floats | Ints, start: Floats | Ints) -> None:
    """Replace values by the greatest of each user so far, in place.

    Args:
        steps: The layout.
        values: Laid out by it.
        start: What the users by rank begin with.
    """
    np.maximum(values[: steps.first], start, out=values[: steps.first])
    for before, here in steps.blocks():
        np.maximum(values[here], values[before], out=values[here])


def running_sums(steps: Steps, values: Floats, start: Floats, left: Floats | None) -> None:
    """Replace weights by the decayed sum of each user so far, in place.

    Args:
        steps: The layout.
        values: What each entry adds, (rows, slots), laid out by `steps`.
        start: What the users by rank begin with.
        left: What is left at a row of the sums before it; None: all of it.
    """
    values[: steps.first] += start if left is None else start * left[: steps.first, np.newaxis]
    for before, here in steps.blocks():
        if left is None:
            values[here] += values[before]
        else:
            values[here] += values[before] * left[here, np.newaxis]


def previous(steps: Steps, values: Ints, start: Ints) -> Ints:
    """Return for each row what the same user had before it; `start` before the first."""
    return np.concatenate((start, values[steps.before]))


def left_between(earlier_us: Ints, later_us: Ints, half_life_us: float) -> Floats | None:
    """Tell what time leaves of weights, None if nothing decays; 1 where time runs backwards."""
    if not half_life_us:
        return None
    return decay_many((later_us - earlier_us).astype(float), half_life_us)
