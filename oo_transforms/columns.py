"""Columns in and columns out: what Feast hands to an on-demand function and takes back.

Feast passes a dict of lists, one element a row, with None or NaN where something is missing, and
asks for plain Python lists of exactly the declared types. A `Rows` reads the one, `finish` makes
the other. Arrays may have any length, since `feast apply` tries every function on samples; what
overflows or divides by zero on the way becomes the value without evidence, so the functions
compute under `np.errstate(all="ignore")`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from oo_transforms.arrays import Floats  # noqa: TC001 - part of an alias
from oo_transforms.clock import DAY_US, EPOCH_WEEKDAY, HOUR_US, MINUTE_US, WEEKDAYS
from oo_transforms.decayed import decay_many
from oo_transforms.errors import InputRefused

if TYPE_CHECKING:
    from oo_transforms.fields import Feature, FeatureGroup
    from oo_transforms.state_view import StateView

Inputs: TypeAlias = Mapping[str, Sequence[Any]]
"""What Feast passes: state fields by `view__field`, request data by name."""

Outputs: TypeAlias = dict[str, list[Any]]
"""What Feast gets: one plain list a feature, in schema order."""

Texts: TypeAlias = Sequence[str | None]
Column: TypeAlias = "Floats | npt.NDArray[np.bool_] | list[str] | list[float]"

NUMBER = "a number (int or float), or None if it is missing"
INSTANT = "Unix seconds UTC as a number, or None if it is missing; datetime.timestamp() gives them"
_INSTANTS = frozenset({"now", "created_at", "due_at"})


class Rows:
    """The rows of one call."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self.count = max((len(column) for column in inputs.values()), default=0)

    def number(self, name: str) -> Floats:
        """Read a column of numbers; missing is NaN.

        Raises:
            InputRefused: A value is no number: a datetime or a text, for example.
        """
        values = self._inputs.get(name)
        if values is None:
            return np.full(self.count, np.nan)
        column = np.asarray(values)
        if column.dtype.kind not in "fiu" or column.ndim != 1:
            column = np.array([_number(name, value) for value in values], dtype=float)
        return column.astype(float, copy=False)

    def micros(self, name: str) -> Floats:
        """Read a column of Unix seconds as whole microseconds."""
        return np.round(self.number(name) * 1e6)

    def text(self, name: str) -> Texts:
        """Read a column of texts; what is no text is missing."""
        values = self._inputs.get(name, (None,) * self.count)
        return [value if isinstance(value, str) else None for value in values]

    def lists(self, name: str) -> list[Sequence[Any]]:
        """Read a column of lists; missing is empty."""
        values = self._inputs.get(name, (None,) * self.count)
        return [() if value is None or isinstance(value, float) else value for value in values]

    def matrix(self, name: str, width: int) -> Floats:
        """Read a column of arrays as (rows, width); missing is a row of NaN.

        Arrays of another length are cut, or filled up with zeros.
        """
        matrix = np.full((self.count, width), np.nan)
        for row, values in enumerate(self.lists(name)):
            size = min(len(values), width)
            if size:
                matrix[row] = 0.0
                matrix[row, :size] = values[:size]
        return matrix

    def now(self) -> Floats:
        """Read the request's clock, microseconds."""
        return self.micros("now")

    def time_of_day(self) -> Floats:
        """Read the user's own clock: the part of the day that is over, in [0, 1)."""
        return self._local_us() % DAY_US / DAY_US

    def local_hour(self) -> Floats:
        """Read the user's own clock: hour 0..23."""
        return self._local_us() % DAY_US // HOUR_US

    def local_weekday(self) -> Floats:
        """Read the user's own clock: weekday 0..6, Monday 0."""
        return (self._local_us() // DAY_US + EPOCH_WEEKDAY) % WEEKDAYS

    def _local_us(self) -> Floats:
        offset = np.nan_to_num(self.number("utc_offset_minutes"))
        # Whole microseconds: what is less than nothing by a fraction would end up at hour 24.
        return np.round(self.now() + offset * MINUTE_US)


class StateRows:
    """The columns of one state view among the rows, its sums read at now."""

    def __init__(self, rows: Rows, view: StateView) -> None:
        self._rows = rows
        self._view = view
        self.age_us: Floats = np.maximum(rows.now() - rows.micros(self._key("last_event_at")), 0.0)
        self._left = (
            decay_many(self.age_us, view.half_life_us)
            if view.half_life_us
            else np.where(np.isnan(self.age_us), np.nan, 1.0)
        )

    def _key(self, name: str) -> str:
        return f"{self._view.name}__{self._view.prefix}_{name}"

    def sum(self, name: str) -> Floats:
        """Read a decayed sum at now; NaN where there is no state."""
        return self._rows.number(self._key(name)) * self._left

    def sums(self, name: str, width: int) -> Floats:
        """Read an array of decayed sums at now, (rows, width)."""
        return self._rows.matrix(self._key(name), width) * self._left[:, np.newaxis]

    def last(self, name: str) -> Floats:
        """Read a latest value; NaN where there is no state."""
        return self._rows.number(self._key(name)) + 0.0 * self._left

    def by_category(self, name: str) -> list[dict[str, float]]:
        """Read the sums by category at now, one mapping a row."""
        names = self._rows.lists(self._key("categories"))
        weights = self._rows.lists(self._key(name))
        left = np.nan_to_num(self._left).tolist()
        return [
            {category: (weight or 0.0) * factor for category, weight in zip(n, w, strict=False)}
            for n, w, factor in zip(names, weights, left, strict=True)
        ]


def pick(matrix: Floats, index: Floats) -> Floats:
    """Take from each row the element of an index; NaN where either is missing."""
    known = ~np.isnan(index)
    picked = np.full(len(index), np.nan)
    at = np.where(known, index, 0).astype(int)
    picked[known] = matrix[np.arange(len(index)), at][known]
    return picked


def finish(group: FeatureGroup, columns: Mapping[str, Column]) -> Outputs:
    """Make of computed columns what Feast takes.

    Keeps to the stated range, fills in the value without evidence where there is no finite one,
    and gives plain lists of the declared types in schema order.

    Args:
        group: The declaration of the view's features.
        columns: A column for every feature; NaN means no evidence.
    """
    return {feature.name: _finish(feature, columns[feature.name]) for feature in group.features}


def _finish(feature: Feature, column: Column) -> list[Any]:
    if feature.dtype == "String":
        return list(column)
    values = np.asarray(column, dtype=float)
    if feature.minimum is not None or feature.maximum is not None:
        values = np.clip(values, feature.minimum, feature.maximum)
    values = np.where(np.isfinite(values), values, feature.none)
    kind = {"Float64": float, "Int64": np.int64, "Bool": bool}[feature.dtype]
    finished: list[Any] = values.astype(kind).tolist()
    return finished


def _number(name: str, value: object) -> float:
    if value is None:
        return np.nan
    if isinstance(value, (int, float, np.number)):
        return float(value)
    raise InputRefused(name, value, INSTANT if name in _INSTANTS else NUMBER)
