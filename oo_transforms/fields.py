"""What is said of every field once: name, type, meaning, unit, range.

State fields are said beside the fold that fills them, features beside the function that computes
them. The Feast definitions, the catalogue and the checks all read these.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from oo_transforms.errors import DeclarationError

Dtype = Literal["Float64", "Int64", "Bool", "String", "Array(Float64)", "Array(String)"]
"""Feast's own names of the types that we use."""

FEATURE_TAG = "feature."
"""Tags of an on-demand view that begin so tell of the feature named behind it, as JSON."""

Value = float | int | bool | str


@dataclass(frozen=True, slots=True)
class StateField:
    """A column of a state view.

    Attributes:
        name: Column name, with the view's prefix.
        dtype: Feast type.
        description: What it holds.
        unit: Unit of one value ("sessions", "seconds", ...).
        minimum: Least value, None if open.
        maximum: Greatest value, None if open.
        length: Number of elements of an array of fixed length, else None.
    """

    name: str
    dtype: Dtype
    description: str
    unit: str
    minimum: float | None = 0.0
    maximum: float | None = None
    length: int | None = None

    def tags(self) -> dict[str, str]:
        """Say the unit and the range in the form of Feast's tags."""
        return {"unit": self.unit, "range": json.dumps([self.minimum, self.maximum])}


@dataclass(frozen=True, slots=True)
class RequestField:
    """A value that comes with the request, not from state. Missing is None or NaN."""

    name: str
    dtype: Dtype
    description: str
    unit: str
    minimum: float | None = None
    maximum: float | None = None

    def tags(self) -> dict[str, str]:
        """Say the unit and the range in the form of Feast's tags."""
        return {"unit": self.unit, "range": json.dumps([self.minimum, self.maximum])}


@dataclass(frozen=True, slots=True)
class Feature:
    """An output of an on-demand view.

    Attributes:
        name: Name, unique over the whole registry.
        dtype: Feast type of a scalar.
        description: What it says about the user or the candidate.
        unit: Unit of the value.
        none: The value without evidence: no state, expired state, or missing input.
        minimum: Least value, None if open.
        maximum: Greatest value, None if open.
        reads: State columns that it is computed from, for explanations.
    """

    name: str
    dtype: Dtype
    description: str
    unit: str
    none: Value
    minimum: float | None = None
    maximum: float | None = None
    reads: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a feature whose value without evidence is not one of its own values.

        Raises:
            DeclarationError: The value is out of the stated range.
        """
        if isinstance(self.none, str):
            return
        low = -float("inf") if self.minimum is None else self.minimum
        high = float("inf") if self.maximum is None else self.maximum
        if not low <= self.none <= high:
            raise DeclarationError(
                f"feature '{self.name}' is {self.none} without evidence, which is outside its "
                f"range [{self.minimum}, {self.maximum}]: widen the range or change the value"
            )

    def tag(self, owner: str) -> str:
        """Say everything that Feast 0.67 would lose on an on-demand view's field, as JSON."""
        return json.dumps(
            {
                "owner": owner,
                "description": self.description,
                "unit": self.unit,
                "range": [self.minimum, self.maximum],
                "none": self.none,
                "reads": list(self.reads),
            },
            ensure_ascii=False,
        )


@dataclass(frozen=True, slots=True)
class FeatureGroup:
    """The outputs of one on-demand view, in schema order."""

    name: str
    description: str
    features: tuple[Feature, ...]

    def tags(self, owner: str) -> dict[str, str]:
        """Return one tag a feature, `FEATURE_TAG` and its name, holding JSON."""
        return {FEATURE_TAG + feature.name: feature.tag(owner) for feature in self.features}
