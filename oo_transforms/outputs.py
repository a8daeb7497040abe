"""From computed columns to what Feast takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from oo_transforms.arrays import Floats  # noqa: TC001 - part of an alias

if TYPE_CHECKING:
    from oo_transforms.columns import Outputs, Rows
    from oo_transforms.fields import Feature, FeatureGroup

Column: TypeAlias = "Floats | npt.NDArray[np.bool_] | list[str]"

Columns: TypeAlias = Mapping[str, Callable[[], Column]]
"""For each feature how its column is computed; NaN means no evidence."""


def finish(group: FeatureGroup, rows: Rows, columns: Columns) -> Outputs:
    """Make of a group's columns what Feast takes, and of all that is not asked for nothing.

    Keeps to the stated range, fills in the value without evidence where there is no finite one,
    and gives plain lists of the declared types in schema order.

    Args:
        group: The declaration of the view's features.
        rows: Of the call; a column of a single row is repeated.
        columns: For every feature how it is computed.
    """
    part = group.part(rows.requested)
    computed = {feature.name: columns[feature.name]() for feature in part.features}
    arrays = tuple(f.name for f in part.numbers if getattr(computed[f.name], "ndim", 0))
    finished = _finished_arrays(group.part(arrays), computed) if arrays else {}
    return {
        feature.name: _repeated(
            finished[feature.name]
            if feature.name in finished
            else _finished_one(feature, computed[feature.name]),
            rows.count,
        )
        for feature in part.features
    }


def _finished_arrays(group: FeatureGroup, computed: Mapping[str, Column]) -> dict[str, list[Any]]:
    """Return columns of numbers and truth values, all of them made in one go."""
    columns = [computed[feature.name] for feature in group.numbers]
    values = np.empty((len(columns), max(map(len, columns))))
    for row, column in enumerate(columns):
        values[row] = column
    lows, highs, nones = group.limits
    values.clip(lows, highs, out=values)
    finished: list[list[Any]] = np.where(np.isfinite(values), values, nones).tolist()
    return {
        feature.name: column if feature.dtype == "Float64" else list(map(feature.cast, column))
        for feature, column in zip(group.numbers, finished, strict=True)
    }


def _finished_one(feature: Feature, computed: Any) -> list[Any]:  # noqa: ANN401 - a number too
    """Return a column of texts, or the only number of all rows."""
    if feature.dtype == "String":
        return list(computed)
    value = min(max(float(computed), feature.low), feature.high)
    return [feature.cast(value if math.isfinite(value) else feature.none)]


def _repeated(column: list[Any], count: int) -> list[Any]:
    return column if len(column) == count else column * count
