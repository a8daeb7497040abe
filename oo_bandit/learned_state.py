"""What a linear policy has learned about one person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oo_bandit.arrays import Floats, corner, dimensions_of, pack, packed_size
from oo_bandit.errors import InputRefused

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, eq=False)
class LearnedState:
    """Decayed sums over a person's decisions, packed as a state view stores them.

    They add up: the state of two logs together is the `merge` of their states, in any order. The
    ridge is no part of them; whoever ranks adds it. Numbers that are not finite are kept as they
    are, so that `LinearPolicy.rank` can say what it found.

    Attributes:
        count: Decayed number of decisions.
        outer: Decayed sum of x x', upper triangle row by row: 36 numbers for 8 dimensions (the
            constant and 7 features), 91 for 13.
        rewards: Decayed sum of reward x, one number a dimension.
    """

    count: float
    outer: Floats
    rewards: Floats

    def __post_init__(self) -> None:
        """Copy the arrays, and refuse those that do not belong together.

        Raises:
            InputRefused: `outer` is no triangle, or `rewards` has another number of dimensions.
        """
        outer = _kept("outer", self.outer)
        rewards = _kept("rewards", self.rewards)
        dimensions = dimensions_of(outer.size)
        if rewards.size != dimensions:
            raise InputRefused(
                "rewards",
                f"{rewards.size} numbers",
                f"{dimensions}, since `outer` has {outer.size}",
            )
        object.__setattr__(self, "count", float(self.count))
        object.__setattr__(self, "outer", outer)
        object.__setattr__(self, "rewards", rewards)

    @classmethod
    def empty(cls, dimensions: int) -> LearnedState:
        """Make the state of somebody who was never shown anything.

        >>> LearnedState.empty(8).outer.size
        36
        """
        return cls(0.0, np.zeros(packed_size(dimensions)), np.zeros(dimensions))

    @classmethod
    def of(
        cls,
        vectors: Floats,
        rewards: Floats | Sequence[float],
        weights: Floats | Sequence[float] | None = None,
    ) -> LearnedState:
        """Add up a log directly.

        Args:
            vectors: One row a decision: x of what was chosen, the constant first.
            rewards: What each came to; 0 for one without an answer.
            weights: What each counts by now, `2 ** (-age / half-life)`; 1 if not given.

        Raises:
            InputRefused: The three are not of one length, or vectors are no table.

        >>> LearnedState.of(np.array([[1.0, 2.0]]), [1.0]).outer.tolist()
        [1.0, 2.0, 4.0]
        """
        rows = np.asarray(vectors, np.float64)
        worth = np.asarray(rewards, np.float64)
        count = np.ones(len(rows)) if weights is None else np.asarray(weights, np.float64)
        if rows.ndim != 2 or worth.shape != (len(rows),) or count.shape != (len(rows),):  # noqa: PLR2004 - a table
            raise InputRefused(
                "vectors",
                f"of shape {rows.shape} with {worth.shape} rewards and {count.shape} weights",
                "one row, one reward and one weight a decision",
            )
        weighted = rows * count[:, None]
        return cls(float(count.sum()), pack(rows.T @ weighted), worth @ weighted)

    @property
    def dimensions(self) -> int:
        """Length of a vector, the constant included."""
        return self.rewards.size

    def decayed(self, factor: float) -> LearnedState:
        """Let time pass.

        Args:
            factor: `2 ** (-seconds / half-life in seconds)`, 0 to 1.

        Raises:
            InputRefused: It is not.

        >>> LearnedState.of(np.array([[1.0]]), [1.0]).decayed(0.5).count
        0.5
        """
        if not 0.0 <= factor <= 1.0:
            raise InputRefused("factor", repr(factor), "what is left after a time, 0 to 1")
        return LearnedState(self.count * factor, self.outer * factor, self.rewards * factor)

    def merge(self, other: LearnedState) -> LearnedState:
        """Add a state of the same person, of other decisions, decayed to the same moment.

        Raises:
            InputRefused: It has other dimensions; `extended` brings both to the larger ones.
        """
        if other.dimensions != self.dimensions:
            raise InputRefused(
                "other",
                f"a state of {other.dimensions} dimensions",
                f"{self.dimensions}, which `extended` brings a smaller one to",
            )
        return LearnedState(
            self.count + other.count, self.outer + other.outer, self.rewards + other.rewards
        )

    def extended(self, dimensions: int) -> LearnedState:
        """Learn the same with further dimensions at the end, about which nothing is known.

        All that was learned stays: the sums get a block of zeros, as if the new features had been
        0 in every decision so far.

        Args:
            dimensions: How many there are to be, the constant included.

        Raises:
            InputRefused: The state has more already.

        >>> LearnedState.empty(8).extended(13).outer.size
        91
        """
        if dimensions < self.dimensions:
            raise InputRefused(
                "dimensions",
                repr(dimensions),
                f"at least the {self.dimensions} that the state has: nothing is ever forgotten",
            )
        outer = np.zeros(packed_size(dimensions))
        outer[corner(self.dimensions, dimensions)] = self.outer
        rewards = np.zeros(dimensions)
        rewards[: self.dimensions] = self.rewards
        return LearnedState(self.count, outer, rewards)


def _kept(name: str, values: Floats) -> Floats:
    kept = np.array(values, np.float64)
    if kept.ndim != 1:
        raise InputRefused(name, f"an array of shape {kept.shape}", "a flat array")
    kept.flags.writeable = False
    return kept
