"""Plain rows of a feature view that come column by column, and the hash fields they become.

Whoever writes thousands of rows at a time has their numbers in arrays. A column is packed in one
piece there and cut into values, which costs a fraction of packing each.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
from feast.value_type import ValueType

from oo_stores.errors import FeatureValueError, UnknownFeatureError
from oo_stores.redis.rows import HashRow, Layouts, timestamps
from oo_stores.redis.values import (
    PlainValue,
    double_list_head,
    encoder_for,
    packed_double_lists,
    packed_doubles,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from feast import FeatureView, RepoConfig
    from numpy.typing import NDArray

    from oo_stores.redis.rows import RowLayout

Column: TypeAlias = "Sequence[PlainValue] | NDArray[np.float64]"
"""A feature's values, one a row: an array for Float64, a matrix for lists of one length."""


PackedRows: TypeAlias = "Sequence[tuple[bytes, HashRow]]"
"""Rows with their Redis keys, those of one key together."""


@dataclass(frozen=True, slots=True)
class OnlineColumns:
    """Versions of a view's rows, column by column, all of one length.

    Attributes:
        join_keys: The entities, by the view's join keys.
        values: Features by name; one that is left out keeps what is stored.
        event_times_us: Event times, microseconds since the epoch, UTC.
        created_times_us: When these versions were made, microseconds since the epoch, UTC.
    """

    join_keys: Mapping[str, Sequence[str | int]]
    values: Mapping[str, Column]
    event_times_us: Sequence[int]
    created_times_us: Sequence[int]


def keyed_rows(
    config: RepoConfig, writes: Iterable[tuple[FeatureView, OnlineColumns]]
) -> Iterator[tuple[bytes, HashRow]]:
    """Give the rows of some views with their Redis keys, those of one key together.

    Raises:
        EntityKeyError: Join keys do not fit their view.
        UnknownFeatureError: There is a column that its view lacks.
        FeatureValueError: A value does not fit its feature's type.
    """
    layouts = Layouts(config)
    by_key: defaultdict[bytes, list[HashRow]] = defaultdict(list)
    for view, columns in writes:
        layout = layouts.of(view)
        names = layout.names[tuple(columns.values)]
        keys = layout.key.many(columns.join_keys)
        for key, values in zip(keys, zip(*_encoded(layout, columns), strict=True), strict=True):
            by_key[key].append(HashRow(names, values))
    return chain.from_iterable(([(key, row) for row in own]) for key, own in by_key.items())


def _encoded(layout: RowLayout, columns: OnlineColumns) -> Iterator[Iterable[bytes]]:
    yield [b"%d" % created_us for created_us in columns.created_times_us]
    yield timestamps(columns.event_times_us)
    for name, column in columns.values.items():
        value_type = layout.types.get(name)
        if value_type is None:
            raise UnknownFeatureError(layout.names.view, name, list(layout.types))
        try:
            yield encode_many(value_type, column)
        except (TypeError, ValueError, struct.error) as error:
            raise FeatureValueError(layout.names.view, name, column, error) from error


def encode_many(value_type: ValueType, column: Column) -> list[bytes]:
    """Return the values of a column, each as the encoder of its type writes it.

    Raises:
        TypeError: A value does not fit the type; ValueError or struct.error likewise.
    """
    if isinstance(column, np.ndarray) and column.dtype == np.float64:
        if value_type is ValueType.DOUBLE and column.ndim == 1:
            return packed_doubles(column)
        if value_type is ValueType.DOUBLE_LIST and column.ndim == 2:  # noqa: PLR2004 - a matrix
            return _double_lists(column)
    if value_type is ValueType.DOUBLE_LIST and set(map(type, column)) == {bytes}:
        return packed_double_lists(cast("Sequence[bytes]", column))
    return list(map(encoder_for(value_type), cast("Sequence[PlainValue]", column)))


def _double_lists(matrix: NDArray[np.float64]) -> list[bytes]:
    size = matrix.shape[1] * matrix.itemsize
    head = double_list_head(size)
    if not size:
        return [head] * len(matrix)
    whole = matrix.astype("<f8", copy=False).tobytes()
    return [head + whole[at : at + size] for at in range(0, len(whole), size)]
