"""What a bandit has learned about one user, checked and in the form in which it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from oo_transforms.clock import from_micros
from oo_transforms.learned import triangle
from oo_transforms.policies import CONSTANT, POLICIES
from oo_transforms.signals import LearnedImported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oo_transforms.arrays import Floats

EVENT_ID: Final = "learned.imported"
"""A user has one import, so that no second one counts the same decisions again."""

KNOWN: Final = frozenset({CONSTANT, *(name for p in POLICIES.values() for name in p.features)})
"""Names of the dimensions that any policy takes."""

ROUNDING: Final = 1e-9
"""Share of a matrix' largest number by which it may miss symmetry, or be below nothing."""

LARGEST: Final = 1e15
"""Beyond every real value, so that sums stay finite."""

MAX_ID: Final = 128


@dataclass(frozen=True, slots=True)
class LearnedRecord:
    """What a bandit has learned about a user by some moment.

    Attributes:
        user_id: Whom it is about.
        dimensions: Names of the numbers of its vector; `constant` is the one that is always 1.
        scale: What each feature was divided by.
        ridge: What was added to the diagonal of `matrix`.
        matrix: A = ridge + sum of `x x'`, (dimensions, dimensions).
        rewards: b = sum of `reward * x`.
        as_of_us: The moment, microseconds.
        count: Decisions behind it; None: what the constant tells, or 0 without one.
    """

    user_id: str
    dimensions: tuple[str, ...]
    scale: Floats
    ridge: Floats
    matrix: Floats
    rewards: Floats
    as_of_us: int
    count: float | None = None

    def problems(self, now_us: int) -> list[str]:
        """Say what is wrong with it, a line each; empty if nothing is.

        Args:
            now_us: The present, microseconds.
        """
        found = [*self._name_problems(), *self._shape_problems()]
        if not 0 <= self.as_of_us <= now_us:
            seconds = self.as_of_us / 1e6
            found.append(f"as_of is {seconds:.0f} in Unix seconds, before 1970 or in the future")
        # What has another shape cannot be looked at further.
        return found or list(self._number_problems())

    def _name_problems(self) -> list[str]:
        found = []
        if not (0 < len(self.user_id) <= MAX_ID and self.user_id.isprintable()):
            found.append(
                f"user_id must be 1 to {MAX_ID} printable characters, not {self.user_id[:MAX_ID]!r}"
            )
        if unknown := sorted(set(self.dimensions) - KNOWN):
            found.append(f"features {unknown} are none of {sorted(KNOWN)}")
        if len(set(self.dimensions)) < len(self.dimensions):
            found.append("features has a name twice")
        return found

    def _shape_problems(self) -> list[str]:
        width = len(self.dimensions)
        wanted = {
            "A": (self.matrix, (width, width)),
            "b": (self.rewards, (width,)),
            "scale": (self.scale, (width,)),
            "ridge": (self.ridge, (width,)),
        }
        found = [
            f"{name} has the shape {array.shape}, {width} features need {shape}"
            for name, (array, shape) in wanted.items()
            if array.shape != shape
        ]
        return found if width else ["there are no features"]

    def _number_problems(self) -> list[str]:
        count = 0.0 if self.count is None else self.count
        parts = {
            "A": self.matrix,
            "b": self.rewards,
            "scale": self.scale,
            "ridge": self.ridge,
            "count": np.array([count]),
        }
        if wrong := [name for name, part in parts.items() if not np.all(np.abs(part) <= LARGEST)]:
            return [f"{' and '.join(wrong)} must be numbers of at most {LARGEST:g}"]
        found = []
        if np.any(self.scale <= 0) or np.any(self.ridge < 0) or count < 0:
            found.append(
                "scale must be above 0, ridge and count not below it: they are "
                f"{self.scale.tolist()}, {self.ridge.tolist()} and {count:g}"
            )
        if CONSTANT in self.dimensions and self.scale[self.dimensions.index(CONSTANT)] != 1:
            found.append(f"the scale of '{CONSTANT}' must be 1")
        allowed = ROUNDING * np.abs(self.matrix).max()
        if np.abs(self.matrix - self.matrix.T).max() > allowed:
            found.append("A is not symmetric")
        elif (least := np.linalg.eigvalsh(self.outer).min()) < -allowed:
            found.append(
                f"A without its ridge has the eigenvalue {least:.3g}, and a sum of x x' has none "
                "below 0: is the ridge as it was added?"
            )
        return found

    @property
    def outer(self) -> Floats:
        """Sum of `x x'`: the matrix without its ridge, symmetric to the last bit."""
        return (self.matrix + self.matrix.T) / 2 - np.diag(self.ridge)

    def signal(self) -> LearnedImported:
        """Return it as the record of the log that it becomes."""
        count = self.count
        if count is None:
            known = CONSTANT in self.dimensions
            place = self.dimensions.index(CONSTANT) if known else 0
            count = float(self.outer[place, place]) if known else 0.0
        return LearnedImported(
            event_id=EVENT_ID,
            user_id=self.user_id,
            occurred_at=from_micros(self.as_of_us),
            utc_offset_minutes=0,
            dimensions=self.dimensions,
            scale=tuple(self.scale.tolist()),
            outer=tuple(self.outer[triangle(len(self.dimensions))].tolist()),
            rewards=tuple(self.rewards.tolist()),
            count=max(count, 0.0),
        )


def by_name(names: Sequence[str], values: object, missing: float | None) -> Floats:
    """Lay out one number for all names, one each, or a mapping by name.

    Args:
        names: The order.
        values: As given.
        missing: What stands for nothing given; None: it must be given.

    Raises:
        ValueError: There is no number for some name.
    """
    if values is None:
        values = missing
    if isinstance(values, dict):
        lacking = [name for name in names if name not in values]
        if lacking:
            raise ValueError(f"there is no number for {lacking}")
        values = [values[name] for name in names]
    if isinstance(values, (int, float)):
        values = [float(values)] * len(names)
    return np.asarray(values, dtype=float)
