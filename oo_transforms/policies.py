"""The linear policies: which features each one ranks by, in which order, and how they are scaled.

A policy has the name of the feature service that serves its features. Whoever folds learned
state, ranks, or checks what was logged takes names, order and constants from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np

from oo_transforms.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from oo_transforms.arrays import Floats

Fill = Literal["zero", "history"]
"""How a feature that a logged decision lacks enters: as 0, or as history knew it then."""

CONSTANT = "constant"
"""Name of the first dimension, which is always 1."""

MAX_SCALED = 4.0
"""A scaled feature is at most so far from 0, so that no single value outweighs all others."""

LEARNING_HALF_LIFE = timedelta(days=90)

REWARDS: Mapping[str, float] = {"done": 1.0, "snooze": 0.0, "dismiss": 0.0, "ignored": 0.0}
"""What each answer to a tip is worth; a tip without an answer is worth 0."""

KNOWN_RIDGE = 1.0
NEW_RIDGE = 16.0
"""A dimension that joins an earlier policy starts out less free than those that it knows."""


@dataclass(frozen=True, slots=True)
class Input:
    """A feature as a policy takes it.

    Attributes:
        name: Name of the feature.
        scale: What its value is divided by, so that it is about -1 to 1.
        ridge: Weight of the prior, which says that the feature has no effect.
    """

    name: str
    scale: float = 1.0
    ridge: float = KNOWN_RIDGE

    def __post_init__(self) -> None:
        """Refuse a scale or a ridge that is not above 0.

        Raises:
            DeclarationError: One of them is not.
        """
        if not (self.scale > 0 and self.ridge > 0):
            raise DeclarationError(
                f"input '{self.name}' has scale {self.scale} and ridge {self.ridge}: both must be "
                "above 0"
            )

    def scaled(self, value: float) -> float:
        """Bring a value to about -1 to 1; what lies further out than `MAX_SCALED` is cut off.

        >>> Input("hours_until_due", scale=720.0).scaled(-360.0)
        -0.5
        """
        return min(max(value / self.scale, -MAX_SCALED), MAX_SCALED)


@dataclass(frozen=True, slots=True)
class Policy:
    """A linear policy: the vector that it scores a candidate by.

    Attributes:
        service: The feature service that serves its features, in this order.
        inputs: Its features.
        fill: How a feature enters that a logged decision lacks.
    """

    service: str
    inputs: tuple[Input, ...]
    fill: Fill = "zero"
    _scales: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Lay out the scales, which every request asks for."""
        object.__setattr__(self, "_scales", np.array([given.scale for given in self.inputs]))

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features, in the vector's order."""
        return tuple(given.name for given in self.inputs)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of the numbers of a vector: the constant, then the features."""
        return (CONSTANT, *self.features)

    @property
    def ridge(self) -> tuple[float, ...]:
        """Weight of the prior of each dimension."""
        return (KNOWN_RIDGE, *(given.ridge for given in self.inputs))

    def vector(self, features: Mapping[str, float]) -> list[float]:
        """Lay out and scale the features of one candidate; one that is missing enters as 0.

        >>> Policy("s", (Input("a", scale=2.0), Input("b"))).vector({"a": 1.0})
        [1.0, 0.5, 0.0]
        """
        return [1.0, *(given.scaled(features.get(given.name, 0.0)) for given in self.inputs)]

    def vectors(self, columns: Mapping[str, Sequence[float]]) -> Floats:
        """Lay out and scale the features of many candidates, a row each: `vector`, at once.

        Args:
            columns: All features by name, each with one number a candidate. Others are ignored.

        Raises:
            KeyError: A feature is missing.

        >>> Policy("s", (Input("a", scale=2.0),)).vectors({"a": [1.0, 20.0]}).tolist()
        [[1.0, 0.5], [1.0, 4.0]]
        """
        table = np.array([columns[given.name] for given in self.inputs], np.float64).T
        rows = np.ones((len(table), len(self.inputs) + 1))
        np.clip(table / self._scales, -MAX_SCALED, MAX_SCALED, out=rows[:, 1:])
        return rows


_SEVEN = (
    Input("task_age_days", scale=30.0),
    Input("hours_until_due", scale=720.0),
    Input("is_overdue"),
    Input("priority_level", scale=4.0),
    Input("hour_sin"),
    Input("hour_cos"),
    Input("is_weekend"),
)

BANDIT_V1 = Policy("bandit_v1", _SEVEN)
BANDIT_V2 = Policy(
    "bandit_v2",
    (
        *_SEVEN,
        Input("category_affinity", ridge=NEW_RIDGE),
        Input("category_acceptance", ridge=NEW_RIDGE),
        Input("completion_rate", ridge=NEW_RIDGE),
        Input("productive_share_this_hour", scale=0.25, ridge=NEW_RIDGE),
        Input("tip_done_rate", ridge=NEW_RIDGE),
    ),
)

POLICIES: Mapping[str, Policy] = {policy.service: policy for policy in (BANDIT_V1, BANDIT_V2)}
"""By service, the oldest first."""
