"""Entity rows as the values that seeks bind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from oo_stores.sqlite.tables.instants import bounds
from oo_stores.sqlite.values.codec import Stored, column_type_for, encoded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta
    from typing import TypeAlias

    from oo_stores.sqlite.retrieval.entity_rows import EntityRows
    from oo_stores.sqlite.values.column_type import ColumnType

    Indices: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]
    """Places of rows."""

Bound = list[Stored]
"""A column of values to bind, one for each row asked for."""


class AskedRows:
    """A slice of the entity rows, for all views: what two of them bind alike is made once.

    Args:
        rows: The slice.
        in_key_order: Whether values come in the order of the keys and, of a key, of the times. The
            order is that of the entity rows' values, which need not be the index's: it makes seeks
            quick and decides nothing.
    """

    def __init__(self, rows: EntityRows, *, in_key_order: bool) -> None:
        self._rows = rows
        self._in_key_order = in_key_order
        self._ordered: dict[tuple[str, ...], OrderedRows] = {}

    def by(self, keys: tuple[str, ...]) -> OrderedRows:
        """Return the rows in the order of these columns, or as they are."""
        if keys not in self._ordered:
            order = _key_order(self._rows, keys) if self._in_key_order else None
            self._ordered[keys] = OrderedRows(self._rows, order)
        return self._ordered[keys]


class OrderedRows:
    """Entity rows in some order.

    Args:
        rows: The rows.
        order: The place of the first row, of the second, and so on; None: as they are.
    """

    def __init__(self, rows: EntityRows, order: Indices | None) -> None:
        self._rows = rows
        self._order = None if order is None else pa.array(order)
        self._keys: dict[tuple[str, str], Bound] = {}
        self._bounds: dict[tuple[timedelta | None, str], tuple[Bound, Bound]] = {}

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self._rows.table.num_rows)

    def key(self, name: str, table_kind: ColumnType) -> Bound:
        """Return a join key's values, to compare with a column of this kind.

        SQLite itself compares "5" with 5 by the column's type. Only what it cannot know is done
        here: instants, and whole numbers that pandas made floats of because one was missing.
        """
        column = self._rows.table.column(name)
        kind = table_kind if pa.types.is_timestamp(column.type) else column_type_for(column, name)
        if (name, kind.name) not in self._keys:
            self._keys[name, kind.name] = _bindable(self._arranged(column), kind, name)
        return self._keys[name, kind.name]

    def bounds(self, ttl: timedelta | None, unit: str) -> tuple[Bound, Bound]:
        """Return the first and the last instants that a value may have; see `instants.bounds`."""
        if (ttl, unit) not in self._bounds:
            times = self._arranged(self._rows.times)
            first, last = bounds(times, ttl, unit)
            self._bounds[ttl, unit] = ([*first], [*last])
        return self._bounds[ttl, unit]

    def put_back(self, column: pa.Array) -> pa.Array:
        """Return what was found, a value for each row, in the order of the entity rows."""
        if self._order is None:
            return column
        places = np.empty(len(self), np.int64)
        places[self._order.to_numpy()] = np.arange(len(self))
        return column.take(pa.array(places))

    def _arranged(self, column: pa.ChunkedArray) -> pa.ChunkedArray:
        return column if self._order is None else column.take(self._order)


def _bindable(column: pa.ChunkedArray, kind: ColumnType, name: str) -> Bound:
    values = encoded(column, kind, name)
    if pa.types.is_floating(column.type):
        return [int(v) if isinstance(v, float) and v.is_integer() else v for v in values]
    return values


def _key_order(rows: EntityRows, keys: Sequence[str]) -> Indices:
    """Return the places of the rows in the order of the keys, and of a key in that of times."""
    times = rows.times.cast(pa.int64()).fill_null(0).to_numpy()
    order: Indices = np.lexsort((times, *(_ranks(rows.table.column(name)) for name in keys[::-1])))
    return order


def _ranks(column: pa.ChunkedArray) -> Indices:
    """Return numbers that are ordered as the values are; all alike where Arrow knows no order."""
    values = column.combine_chunks()
    plain = values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
    try:
        distinct = plain.dictionary_encode()
        order = pc.sort_indices(distinct.dictionary).to_numpy()
    except pa.ArrowNotImplementedError:
        return np.zeros(len(column), np.int64)
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    codes = distinct.indices.fill_null(0).to_numpy()
    found: Indices = ranks[codes] if len(ranks) else np.zeros(len(column), np.int64)
    return found
