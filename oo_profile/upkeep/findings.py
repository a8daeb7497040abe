"""What a check has compared, feature by feature, and what it found wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from oo_transforms.arrays import Floats

Place = Literal["history", "profile", "redis"]
Kind = Literal["mismatched", "missing", "extra"]

FeatureKey: TypeAlias = tuple[Place, str, str]
"""Place, view (empty in the `profile` table) and feature."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that is not what the signals say.

    Attributes:
        place: Where it was found.
        view: The view; empty in the `profile` table.
        feature: The feature, or "row" for a whole row.
        user_id: Whose it is.
        at: Which version of it; empty if there is one only.
        kind: What is wrong with it.
        found: What is there; None if it is missing.
        expected: What should be there; None if nothing should.
    """

    place: Place
    view: str
    feature: str
    user_id: str
    at: str
    kind: Kind
    found: object = None
    expected: object = None

    def __str__(self) -> str:
        """Say it in one line."""
        name = f"{self.view}.{self.feature}" if self.view else self.feature
        where = f"{self.place} {name} of {self.user_id}" + (f" at {self.at}" if self.at else "")
        if self.kind == "missing":
            should = "" if self.feature == "row" else f", should be {self.expected!r}"
            return f"{where} is missing{should}"
        if self.kind == "extra":
            found = "" if self.feature == "row" else f", is {self.found!r}"
            return f"{where} should not be there{found}"
        return f"{where} is {self.found!r}, should be {self.expected!r}"


@dataclass(slots=True)
class Tally:
    """What was compared of a feature.

    Attributes:
        compared: Values compared with what the signals say.
        mismatched: Those of them that are further off than allowed.
        missing: Values that should be there.
        extra: Values that should not be there.
        largest: The largest deviation found, relative to the scale of the number.
    """

    compared: int = 0
    mismatched: int = 0
    missing: int = 0
    extra: int = 0
    largest: float = 0.0

    @property
    def wrong(self) -> int:
        """How many are not as they should be."""
        return self.mismatched + self.missing + self.extra


def _ignore(_: Difference) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class Findings:
    """Counts what is compared, and passes on each difference.

    Attributes:
        tolerance: The deviation that is allowed in each place.
        on_difference: Called with each difference.
        tallies: By place, view and feature.
    """

    tolerance: dict[Place, float]
    on_difference: Callable[[Difference], object] = _ignore
    tallies: dict[FeatureKey, Tally] = field(default_factory=dict)

    @property
    def compared(self) -> int:
        """Values compared."""
        return sum(tally.compared for tally in self.tallies.values())

    @property
    def wrong(self) -> int:
        """Values that are not as they should be."""
        return sum(tally.wrong for tally in self.tallies.values())

    @property
    def largest(self) -> float:
        """The largest deviation found."""
        return max((tally.largest for tally in self.tallies.values()), default=0.0)

    def tally(self, place: Place, view: str, feature: str) -> Tally:
        """Return the tally of a feature."""
        return self.tallies.setdefault((place, view, feature), Tally())

    def compare(
        self, place: Place, view: str, feature: str, apart: Floats | list[float]
    ) -> list[int]:
        """Count values that were compared; return the numbers of those that are too far off."""
        tally = self.tally(place, view, feature)
        allowed = self.tolerance[place]
        wrong = [number for number, far in enumerate(apart) if not far <= allowed]
        tally.compared += len(apart)
        tally.mismatched += len(wrong)
        tally.largest = max(tally.largest, max(map(float, apart), default=0.0))
        return wrong

    def tell(self, difference: Difference) -> None:
        """Pass on a difference; a missing or needless value of one feature is counted too."""
        if difference.kind != "mismatched" and difference.feature != "row":
            tally = self.tally(difference.place, difference.view, difference.feature)
            tally.missing += difference.kind == "missing"
            tally.extra += difference.kind == "extra"
            tally.largest = math.inf
        self.on_difference(difference)
