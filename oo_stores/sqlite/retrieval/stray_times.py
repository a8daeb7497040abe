"""Rows whose event time is text in a column that counts instants: no seek finds them.

SQLite orders every text and blob behind every number, so that a seek for the newest row up to an
instant passes such a row by, and an older value would stand in its place without a word. A column
that its declared type or its source says to count instants is not looked through by a retrieval;
so the keys that were asked for are looked at, each by one more seek in the index.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from oo_stores.sqlite.connection import quoted, reader
from oo_stores.sqlite.retrieval.asked_rows import AskedRows
from oo_stores.sqlite.retrieval.entity_rows import EntityRows
from oo_stores.sqlite.tables.relation import Relation
from oo_stores.sqlite.tables.table_schema import TableSchema
from oo_stores.sqlite.tables.time_columns import TimeColumns

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from oo_stores.sqlite.retrieval.asked_rows import Bound, OrderedRows
    from oo_stores.sqlite.retrieval.point_in_time import ViewJoin

_KEYS_IN_STATEMENT: Final = 256


def refuse_stray_times(
    rows: EntityRows, joins: Iterable[ViewJoin], busy_timeout_seconds: float
) -> None:
    """Look for rows of the asked keys whose event time is text or a blob among integers.

    It is called after a join: what the join passed by is still there then, and so is the index that
    the join made. Tables that the join copied are looked at there. Created times are not looked at.

    Args:
        rows: The entity rows.
        joins: What was joined.
        busy_timeout_seconds: How long to wait for another writer.

    Raises:
        ValueTypeError: There is such a row; the message names it.
        OfflineStoreError: A file, table or column is not there or cannot be read.
    """
    alike = {(j.path, j.table, j.columns, j.entity_columns): j for j in joins}
    for join in alike.values():
        with reader(join.path, busy_timeout_seconds=busy_timeout_seconds) as connection:
            if _is_unseen(connection, join):
                _refuse(connection, rows, join)


def _is_unseen(connection: sqlite3.Connection, join: ViewJoin) -> bool:
    """Tell whether a table's event times are integers in place that nobody has looked through."""
    table, where = join.table, join.path
    if not isinstance(table, Relation):
        return False
    times = TimeColumns(connection, table.declared(connection, where), dict(table.formats), where)
    word = times.said(join.columns.timestamp)
    return bool(word) and times.counted_in_place(join.columns.timestamp, word)


def _refuse(connection: sqlite3.Connection, rows: EntityRows, join: ViewJoin) -> None:
    schema = TableSchema.require(connection, join.table, join.path)
    if schema.is_view or schema.seek_key(join.columns.keys, join.columns.timestamp) is None:
        return
    asked = _different_keys(rows, join.entity_columns)
    values = [
        asked.key(name, schema.kind(key))
        for name, key in zip(join.entity_columns, join.columns.keys, strict=True)
    ]
    for found in _strays(connection, schema, join, values):
        raise TimeColumns(connection, schema, {}, join.path).stray(
            join.columns.timestamp, found[0], dict(zip(join.columns.keys, found[1:], strict=True))
        )


def _different_keys(rows: EntityRows, names: Sequence[str]) -> OrderedRows:
    keys = rows.table.select(list(dict.fromkeys(names)))
    if names:
        # Arrow groups by no lists; the rows are looked at one by one then.
        with suppress(pa.ArrowNotImplementedError):
            keys = keys.group_by(keys.column_names).aggregate([])
    return AskedRows(EntityRows(keys, rows.time_column), in_key_order=False).by(())


def _strays(
    connection: sqlite3.Connection, schema: TableSchema, join: ViewJoin, values: Sequence[Bound]
) -> Iterator[tuple[Any, ...]]:
    """Yield event time and keys of strays."""
    columns = ", ".join(f"found.{quoted(c)}" for c in (join.columns.timestamp, *join.columns.keys))
    is_stray = f"found.{quoted(join.columns.timestamp)} >= ''"
    if not values:
        yield from connection.execute(
            f"SELECT {columns} FROM {schema.sql} AS found WHERE {is_stray} LIMIT 1"  # noqa: S608  quoted
        )
        return
    names = [f"key_{number}" for number in range(len(values))]
    # As in a seek, the plus lets the table's column alone decide how keys compare.
    is_key = " AND ".join(
        f"found.{quoted(key)} = +asked.{name}"
        for key, name in zip(join.columns.keys, names, strict=True)
    )
    hole = f"({', '.join('?' * len(names))})"
    for start in range(0, len(values[0]), _KEYS_IN_STATEMENT):
        part = [column[start : start + _KEYS_IN_STATEMENT] for column in values]
        holes = ", ".join([hole] * len(part[0]))
        yield from connection.execute(
            f"WITH asked({', '.join(names)}) AS (VALUES {holes}) SELECT {columns}"  # noqa: S608  quoted
            f" FROM asked CROSS JOIN {schema.sql} AS found ON {is_key} AND {is_stray} LIMIT 1",
            list(chain.from_iterable(zip(*part, strict=True))),
        )
