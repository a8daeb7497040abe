"""What is said of every field once: name, type, meaning, unit, range.

State fields are said beside the fold that fills them, features beside the function that computes
them. The Feast definitions, the catalogue and the checks all read these.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from oo_transforms.errors import DeclarationError

if TYPE_CHECKING:
    from oo_transforms.arrays import Floats

Dtype = Literal["Float64", "Int64", "Bool", "String", "Array(Float64)", "Array(String)"]
"""Feast's own names of the types that we use."""

FEATURE_TAG = "feature."
"""Tags of an on-demand view that begin so tell of the feature named behind it, as JSON."""

Value = float | int | bool | str

WhenStale = Literal["served", "withheld"]
"""What a reader gets of a feature whose state does not count: the value without evidence, or none.

A state does not count past its TTL, and where it was never seen.
"""

_PYTHON_TYPES: dict[str, type[float | int | bool]] = {"Float64": float, "Int64": int, "Bool": bool}


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
        when_stale: Whether, where its state does not count, the value without evidence is served,
            or null with the state's status.
    """

    name: str
    dtype: Dtype
    description: str
    unit: str
    none: Value
    minimum: float | None = None
    maximum: float | None = None
    reads: tuple[str, ...] = ()
    when_stale: WhenStale = "served"

    def __post_init__(self) -> None:
        """Refuse a feature whose value without evidence is not one of its own values.

        Raises:
            DeclarationError: The value is out of the stated range.
        """
        if isinstance(self.none, str):
            return
        if not self.low <= self.none <= self.high:
            raise DeclarationError(
                f"feature '{self.name}' is {self.none} without evidence, which is outside its "
                f"range [{self.minimum}, {self.maximum}]: widen the range or change the value"
            )

    @property
    def low(self) -> float:
        """The least value, as a number even if there is none."""
        return -math.inf if self.minimum is None else self.minimum

    @property
    def high(self) -> float:
        """The greatest value, as a number even if there is none."""
        return math.inf if self.maximum is None else self.maximum

    @property
    def cast(self) -> type[float | int | bool]:
        """The Python type of its values, unless they are texts."""
        return _PYTHON_TYPES[self.dtype]

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
                "when_stale": self.when_stale,
            },
            ensure_ascii=False,
        )


@dataclass(frozen=True)  # not slotted: it keeps what its functions ask of it at every call
class FeatureGroup:
    """The outputs of one on-demand view, in schema order."""

    name: str
    description: str
    features: tuple[Feature, ...]

    @cached_property
    def numbers(self) -> tuple[Feature, ...]:
        """Its numbers and truth values."""
        return tuple(feature for feature in self.features if feature.dtype != "String")

    @cached_property
    def limits(self) -> tuple[Floats, Floats, Floats]:
        """Of its numbers: least and greatest values, and those without evidence, as columns."""
        rows = [(feature.low, feature.high, float(feature.none)) for feature in self.numbers]
        lows, highs, nones = np.array(rows).reshape(-1, 3).T[:, :, np.newaxis]
        return lows, highs, nones

    @cached_property
    def _parts(self) -> dict[tuple[str, ...], FeatureGroup]:
        return {}

    def part(self, names: tuple[str, ...] | None) -> FeatureGroup:
        """Return the group of some of its features, in schema order; of all for None.

        A part is made once for each choice. Names of other features are passed over.
        """
        if names is None:
            return self
        known = self._parts.get(names)
        if known is None:
            chosen = tuple(feature for feature in self.features if feature.name in names)
            known = self._parts[names] = FeatureGroup(self.name, self.description, chosen)
        return known

    @cached_property
    def withheld(self) -> tuple[str, ...]:
        """Names of its features that are withheld where their state does not count."""
        return tuple(f.name for f in self.features if f.when_stale == "withheld")

    def tags(self, owner: str) -> dict[str, str]:
        """Return one tag a feature, `FEATURE_TAG` and its name, holding JSON."""
        return {FEATURE_TAG + feature.name: feature.tag(owner) for feature in self.features}
