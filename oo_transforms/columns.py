"""Columns in and columns out: what Feast hands to an on-demand function and takes back.

Feast passes a dict of lists, one element a row, with None or NaN where something is missing, and
asks for plain Python lists of exactly the declared types. A `Rows` reads the one, `outputs.finish`
makes the other. Arrays may have any length, since `feast apply` tries every function on samples;
what overflows or divides by zero on the way becomes the value without evidence, so the functions
compute under `np.errstate(all="ignore")`.

The candidates of one user share his state and the clock. A column that holds one object in every
row is read as a single number, numpy stretches it where it meets a column that differs, and what
comes out is the same to the last bit.

A caller that wants some of a function's features only may name them, and only these are computed:
see `REQUESTED`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import repeat
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np

from oo_transforms.arrays import Floats  # noqa: TC001 - part of an alias
from oo_transforms.clock import DAY_US, EPOCH_WEEKDAY, HOUR_US, MINUTE_US, WEEKDAYS
from oo_transforms.decayed import decay_many
from oo_transforms.errors import InputRefused

if TYPE_CHECKING:
    from oo_transforms.state_view import StateView

Inputs: TypeAlias = Mapping[str, Sequence[Any]]
"""What Feast passes: state fields by `view__field`, request data by name."""

Outputs: TypeAlias = dict[str, list[Any]]
"""What Feast gets: one plain list a feature, in schema order."""

REQUESTED = "requested_outputs"
"""Name of the input that lists the features asked for; without it, as Feast calls, all are."""

Texts: TypeAlias = Sequence[str | None]
NUMBER = "a number (int or float), or None if it is missing"
INSTANT = "Unix seconds UTC as a number, or None if it is missing; datetime.timestamp() gives them"
_INSTANTS = frozenset({"now", "created_at", "due_at"})


class Rows:
    """The rows of one call.

    A column of numbers is an array with one for each row, or a single `np.float64` if all rows
    share it: numpy computes five times as fast with that as with an array of one element.

    Attributes:
        count: How many there are.
        requested: The features asked for, None for all.
    """

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = dict(inputs)
        requested = self._inputs.pop(REQUESTED, None)
        self.requested = None if requested is None else tuple(requested)
        self._micros: dict[str, Floats] = {}
        self.count = max(map(len, self._inputs.values()), default=0)

    def number(self, name: str) -> Floats:
        """Read a column of numbers; missing is NaN.

        Raises:
            InputRefused: A value is no number: a datetime or a text, for example.
        """
        values = self._distinct(name)
        if len(values) == 1:
            return cast("Floats", np.float64(_number(name, values[0])))
        if set(map(type, values)) == {float}:
            return np.array(values, dtype=float)
        column = np.asarray(values)
        if column.dtype.kind not in "fiu" or column.ndim != 1:
            column = np.array([_number(name, value) for value in values], dtype=float)
        return column.astype(float, copy=False)

    def micros(self, name: str) -> Floats:
        """Read a column of Unix seconds as whole microseconds."""
        known = self._micros.get(name)
        if known is None:
            known = self._micros[name] = np.rint(self.number(name) * 1e6)
        return known

    def text(self, name: str) -> Texts:
        """Read a column of texts; what is no text is missing."""
        values = self._distinct(name)
        if set(map(type, values)) == {str}:
            return values
        return [value if isinstance(value, str) else None for value in values]

    def lists(self, name: str) -> list[Sequence[Any]]:
        """Read a column of lists; missing is empty."""
        values = self._distinct(name)
        return [() if value is None or isinstance(value, float) else value for value in values]

    def matrix(self, name: str, width: int) -> Floats:
        """Read a column of arrays as (rows, width); missing is a row of NaN.

        Arrays of another length are cut, or filled up with zeros.
        """
        lists = self.lists(name)
        if all(len(values) == width for values in lists):
            return np.array(lists, dtype=float).reshape(-1, width)
        matrix = np.full((len(lists), width), np.nan)
        for row, values in enumerate(lists):
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
        return self._local_us % DAY_US / DAY_US

    def local_hour(self) -> Floats:
        """Read the user's own clock: hour 0..23."""
        return self._local_us % DAY_US // HOUR_US

    def local_weekday(self) -> Floats:
        """Read the user's own clock: weekday 0..6, Monday 0."""
        return (self._local_us // DAY_US + EPOCH_WEEKDAY) % WEEKDAYS

    @cached_property
    def _local_us(self) -> Floats:
        offset = filled(self.number("utc_offset_minutes"), 0.0)
        # Whole microseconds: what is less than nothing by a fraction would end up at hour 24.
        return np.rint(self.now() + offset * MINUTE_US)

    def _distinct(self, name: str) -> Sequence[Any]:
        """Return a column, or its first row if every other holds the same object."""
        values = self._inputs.get(name)
        if values is None:
            return (None,) * min(self.count, 1)
        return values[:1] if len(values) > 1 and _is_one_object(values) else values


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
        return self._rows.matrix(self._key(name), width) * self._left[..., np.newaxis]

    def last(self, name: str) -> Floats:
        """Read a latest value; NaN where there is no state."""
        return self._rows.number(self._key(name)) + 0.0 * self._left

    def by_category(self, name: str) -> list[dict[str, float]]:
        """Read the sums by category at now, one mapping a row."""
        names = self._rows.lists(self._key("categories"))
        weights = self._rows.lists(self._key(name))
        left = filled(self._left, 0.0).ravel().tolist()
        return [
            {category: (weight or 0.0) * factor for category, weight in zip(n, w, strict=False)}
            for n, w, factor in stretched(names, weights, left)
        ]


def filled(column: Floats, value: float) -> Floats:
    """Return a column with a value where it is NaN."""
    if column.ndim:
        return np.where(np.isnan(column), value, column)
    return cast("Floats", np.float64(value)) if math.isnan(column) else column


def stretched(*columns: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the rows of some columns, those of a single row stretched to the others' length."""
    count = max(map(len, columns))
    rows = [column if len(column) == count else list(column) * count for column in columns]
    return list(zip(*rows, strict=True))


def pick(matrix: Floats, index: Floats) -> Floats:
    """Take from each row the element of an index; NaN where either is missing."""
    known = ~np.isnan(index)
    at = np.where(known, index, 0).astype(int)
    row = 0 if len(matrix) == 1 else np.arange(len(matrix))
    return np.where(known, matrix[row, at], np.nan)


_COMPARED = frozenset({float, int, str, list})
"""Types whose equal values are read alike, so that `list.count` may tell, which is much faster."""


def _is_one_object(values: Sequence[Any]) -> bool:
    first = values[0]
    if values[-1] is not first:  # nearly all columns that differ
        return False
    if type(first) in _COMPARED and type(values) is list:
        return values.count(first) == len(values)
    return all(map(operator.is_, values, repeat(first)))


def _number(name: str, value: object) -> float:
    if value is None:
        return np.nan
    if isinstance(value, (int, float, np.number)):
        return float(value)
    raise InputRefused(name, value, INSTANT if name in _INSTANTS else NUMBER)
