"""The point-in-time join: for each entity row the newest values known to hold at its time."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa

from oo_stores.sqlite.connection import quoted, reader
from oo_stores.sqlite.retrieval.asked_rows import AskedRows
from oo_stores.sqlite.retrieval.seek_plan import DEFAULT_PLAN, SeekPlan
from oo_stores.sqlite.retrieval.seeks import Seeks
from oo_stores.sqlite.tables.seek import SeekColumns, ensure_index, seek_table
from oo_stores.sqlite.tables.table_schema import TableSchema
from oo_stores.sqlite.values.codec import decoded

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import timedelta
    from pathlib import Path

    from oo_stores.sqlite.retrieval.asked_rows import Bound, OrderedRows
    from oo_stores.sqlite.retrieval.entity_rows import EntityRows
    from oo_stores.sqlite.tables.table_schema import HasSchema


@dataclass(frozen=True, slots=True)
class ViewJoin:
    """What one feature view adds to the entity rows.

    Attributes:
        path: The database file.
        table: The table's name, or what stands for one.
        columns: The columns to seek by; keys in the order of `entity_columns`.
        entity_columns: The entity rows' columns that hold the join keys.
        features: From the result's column names to the table's.
        ttl: How long a value counts, both ends inclusive; None or zero: for ever.
        only_created_by_then: Whether only rows created by the entity's time count.
    """

    path: Path
    table: str | HasSchema
    columns: SeekColumns
    entity_columns: tuple[str, ...]
    features: Mapping[str, str]
    ttl: timedelta | None
    only_created_by_then: bool

    @property
    def is_as_seen(self) -> bool:
        """Whether the created time has a last instant."""
        return self.only_created_by_then and self.columns.created is not None

    def seeks_like(self, other: ViewJoin) -> bool:
        """Tell whether the same row of the same table counts for both views, whatever they read."""
        return replace(self, features=other.features) == other


def joined(
    rows: EntityRows,
    joins: Sequence[ViewJoin],
    busy_timeout_seconds: float,
    plan: SeekPlan = DEFAULT_PLAN,
) -> Iterator[pa.Table]:
    """Yield the entity rows with each view's features beside them, in slices, in their order.

    There is at least one slice, maybe an empty one. Each file is read in one state. A row without
    a match has nulls; a type depends on the table's columns alone. Views that seek alike share the
    seek.

    Args:
        rows: The entity rows.
        joins: What to join, in the order of the result's columns.
        busy_timeout_seconds: How long to wait for another writer.
        plan: How seeks are run.

    Raises:
        OfflineStoreError: A file, table or column is not there or cannot be read.
    """
    groups = _alike(joins)
    for join, *_ in groups:
        ensure_index(join.path, join.table, join.columns, busy_timeout_seconds)
    with ExitStack() as stack:
        connections = {
            path: stack.enter_context(reader(path, busy_timeout_seconds=busy_timeout_seconds))
            for path in dict.fromkeys(join.path for join in joins)
        }
        seeks = [_ViewSeek(connections[group[0].path], group, plan) for group in groups]
        yield from _slices(rows, joins, seeks, plan)


def _alike(joins: Sequence[ViewJoin]) -> list[list[ViewJoin]]:
    groups: list[list[ViewJoin]] = []
    for join in joins:
        like = next((group for group in groups if join.seeks_like(group[0])), None)
        if like is None:
            groups.append([join])
        else:
            like.append(join)
    return groups


def _slices(
    rows: EntityRows, joins: Sequence[ViewJoin], seeks: Sequence[_ViewSeek], plan: SeekPlan
) -> Iterator[pa.Table]:
    order = [name for join in joins for name in join.features]
    start, size = 0, plan.first_slice_rows
    while True:
        part = rows.slice(start, size)
        asked = AskedRows(part, in_key_order=plan.takes_many(part.table.num_rows))
        columns: dict[str, pa.Array] = {}
        for seek in seeks:
            columns |= seek.columns_for(asked)
        table = part.table
        for name in order:
            table = table.append_column(name, columns[name])
        weight = sum(column.nbytes for column in columns.values())
        yield table
        start += size
        if start >= rows.table.num_rows:
            return
        size = plan.next_slice_rows(part.table.num_rows, weight)


class _ViewSeek:
    """The seek of views that seek alike."""

    def __init__(
        self, connection: sqlite3.Connection, joins: Sequence[ViewJoin], plan: SeekPlan
    ) -> None:
        self._join = join = joins[0]
        self._features = {name: raw for each in joins for name, raw in each.features.items()}
        self._schema = TableSchema.require(connection, join.table, join.path)
        listed = tuple(dict.fromkeys(self._features.values()))
        self._kinds = {raw: self._schema.kind(raw) for raw in listed}
        self._unit = self._schema.instant_kind(join.columns.timestamp).timestamp_unit
        source = seek_table(connection, self._schema, join.columns, listed)
        self._key_order = _renamed(source.key_order, join)
        self._seeks = Seeks(
            connection, self._schema, source, join.columns, listed, [*_conditions(join)], plan
        )

    def columns_for(self, asked: AskedRows) -> dict[str, pa.Array]:
        """Return the features of the rows that count, a column each, by the result's names."""
        rows = asked.by(self._key_order)
        parts: dict[str, list[pa.Array]] = {raw: [] for raw in self._kinds}
        for found in self._seeks.found([*self._values(rows)]):
            # Without features a column of nulls is sought.
            for (raw, kind), values in zip(
                self._kinds.items(), zip(*found, strict=True), strict=False
            ):
                parts[raw].append(decoded(values, kind, raw))
        columns = {raw: rows.put_back(self._whole(raw, parts.pop(raw))) for raw in self._kinds}
        return {name: columns[raw] for name, raw in self._features.items()}

    def _whole(self, raw: str, parts: list[pa.Array]) -> pa.Array:
        return pa.concat_arrays(parts) if parts else decoded((), self._kinds[raw], raw)

    def _values(self, rows: OrderedRows) -> Iterator[Bound]:
        """Yield one column of values for each condition, in the same order."""
        join = self._join
        for name, key in zip(join.entity_columns, join.columns.keys, strict=True):
            yield rows.key(name, self._schema.kind(key))
        first, last = rows.bounds(join.ttl, self._unit)
        yield last
        if join.ttl:
            yield first
        if join.is_as_seen:
            created = self._schema.instant_kind(join.columns.created or "")
            yield rows.bounds(None, created.timestamp_unit)[1]


def _conditions(join: ViewJoin) -> Iterator[str]:
    """Yield what a row must meet to count, each condition but for the value on its right."""
    columns = join.columns
    yield from (f"{quoted(key)} =" for key in columns.keys)
    yield f"{quoted(columns.timestamp)} <="
    if join.ttl:
        yield f"{quoted(columns.timestamp)} >="
    if join.is_as_seen:
        yield f"{quoted(columns.created or '')} <="


def _renamed(keys: Sequence[str], join: ViewJoin) -> tuple[str, ...]:
    """Return the entity rows' names of a table's keys."""
    names = dict(zip(join.columns.keys, join.entity_columns, strict=True))
    return tuple(names[key] for key in keys)
