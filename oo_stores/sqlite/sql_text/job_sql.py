"""A job as one SELECT over its file, with values as they are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_stores.errors import UnsupportedError
from oo_stores.sqlite.connection import quoted, reader
from oo_stores.sqlite.sql_text.sql_literals import literal
from oo_stores.sqlite.sql_text.sql_rows import ASKED, PLACE, ListedRows, QueriedRows
from oo_stores.sqlite.sql_text.sql_source import SqlSource
from oo_stores.sqlite.tables.instants import at_least, at_most
from oo_stores.sqlite.tables.relation import Relation

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from oo_stores.sqlite.retrieval.entity_rows import EntityRows
    from oo_stores.sqlite.retrieval.point_in_time import ViewJoin
    from oo_stores.sqlite.retrieval.pull import Pull
    from oo_stores.sqlite.sql_text.sql_rows import SqlRows

MOST_ENTITY_ROWS = 10_000


def joined_sql(
    rows: EntityRows,
    joins: Sequence[ViewJoin],
    busy_timeout_seconds: float,
    query: tuple[Path, str] | None = None,
) -> str:
    """Return the SELECT that gives what `point_in_time.joined` gives, in the same order.

    Args:
        rows: The entity rows.
        joins: What to join.
        busy_timeout_seconds: How long to wait for another writer.
        query: The file and the query that the rows come from; None: they come from a DataFrame.
            The query itself stands in the text if it counts instants in the unit of the tables.

    Raises:
        UnsupportedError: There is none: the views are in several files, the entity rows are too
            many for a text, or a table's instants are no integers.
        OfflineStoreError: A file, table or column is not there or cannot be read.
    """
    paths = {join.path for join in joins} | ({query[0]} if query else set())
    if not paths:
        plain = _listed(rows)
        return _with_asked(plain, [*plain.columns()])
    path = paths.pop()
    if paths:
        raise UnsupportedError(
            f"the rows and views are in several files, and a SELECT reads one: "
            f"{', '.join(sorted(map(str, (path, *paths))))}. Ask for the views of one file, or "
            f"keep the result with persist"
        )
    with reader(path, busy_timeout_seconds=busy_timeout_seconds) as connection:
        sources = [SqlSource.read(connection, join.table, join.path) for join in joins]
        units = {
            source.unit(time)
            for source, join in zip(sources, joins, strict=True)
            for time in join.columns.times
        }
        asked: SqlRows = _queried(connection, rows, query, units) or _listed(rows)
    listed = [*asked.columns()]
    for source, join in zip(sources, joins, strict=True):
        listed += _features(source, asked, join)
    return _with_asked(asked, listed)


def _queried(
    connection: sqlite3.Connection,
    rows: EntityRows,
    query: tuple[Path, str] | None,
    units: Iterable[str],
) -> QueriedRows | None:
    if query is None:
        return None
    relation = Relation("of entity rows", query=query[1], instants=(rows.time_column,))
    try:
        asked = QueriedRows(SqlSource.read(connection, relation, query[0]), rows.time_column)
    except UnsupportedError:
        return None
    return asked if all(map(asked.counts_like, units)) else None


def _listed(rows: EntityRows) -> ListedRows:
    if rows.table.num_rows > MOST_ENTITY_ROWS:
        raise UnsupportedError(
            f"{rows.table.num_rows} entity rows do not fit into a statement; the most is "
            f"{MOST_ENTITY_ROWS}. Ask for fewer, give them as a query whose times are integers "
            f"like those of the views, or keep the result with persist and select from that table"
        )
    return ListedRows(rows)


def _features(source: SqlSource, asked: SqlRows, join: ViewJoin) -> Iterator[str]:
    """Yield a view's features, each the answer of a subquery that seeks the row that counts."""
    found = " AND ".join(_conditions(source, asked, join))
    for name, stored in join.features.items():
        yield (
            f"(SELECT found.{quoted(stored)} FROM {source.sql} AS found WHERE {found}"  # noqa: S608  quoted
            f" ORDER BY {join.columns.newest_first} LIMIT 1) AS {quoted(name)}"
        )


def _conditions(source: SqlSource, asked: SqlRows, join: ViewJoin) -> Iterator[str]:
    # A plus takes the affinity from what is asked, so that the table's column alone decides.
    for name, key in zip(join.entity_columns, join.columns.keys, strict=True):
        yield f"found.{quoted(key)} = +{asked.key(name, source.schema.kind(key))}"
    time = join.columns.timestamp
    first, last = asked.bounds(join.ttl, source.unit(time))
    yield f"found.{quoted(time)} <= +{last}"
    if join.ttl:
        yield f"found.{quoted(time)} >= +{first}"
    if join.is_as_seen:
        created = join.columns.created or ""
        yield f"found.{quoted(created)} <= +{asked.bounds(None, source.unit(created))[1]}"


def _with_asked(asked: SqlRows, listed: Sequence[str]) -> str:
    columns = ",\n".join(f"  {column}" for column in listed)
    return f"WITH {asked.table()}\nSELECT\n{columns}\nFROM {ASKED} ORDER BY {ASKED}.{PLACE}"


def pull_sql(
    pull: Pull, busy_timeout_seconds: float, *, only_newest: bool, constant: tuple[str, str] | None
) -> str:
    """Return the SELECT that gives a pull's rows, in whatever order.

    Args:
        pull: The rows and columns.
        busy_timeout_seconds: How long to wait for another writer.
        only_newest: Whether only the newest row of each key is meant.
        constant: Name and text of a column that is not in the table; None: no such column.

    Raises:
        UnsupportedError: There is none: the table's instants are no integers.
        OfflineStoreError: The file, table or a column is not there or cannot be read.
    """
    with reader(pull.path, busy_timeout_seconds=busy_timeout_seconds) as connection:
        source = SqlSource.read(connection, pull.table, pull.path)
    conditions = [*_range(source, pull)]
    listed = [f"{quoted(stored)} AS {quoted(name)}" for name, stored in pull.selected.items()]
    if constant:
        listed.append(f"{literal(constant[1])} AS {quoted(constant[0])}")
    if not only_newest:
        return _select(listed, source.sql, conditions)
    keys = pull.columns.keys
    conditions += [f"{quoted(key)} IS NOT NULL" for key in keys]
    if not keys:
        newest = f"ORDER BY {pull.columns.newest_first} LIMIT 1"
        return f"{_select(listed, source.sql, conditions)}\n{newest}"
    place = (
        f"row_number() OVER (PARTITION BY {', '.join(map(quoted, keys))}"
        f" ORDER BY {pull.columns.newest_first}) AS {PLACE}"
    )
    ranked = _select(["*", place], source.sql, conditions)
    return _select(listed, f"(\n{ranked}\n)", [f"{PLACE} = 1"])


def _range(source: SqlSource, pull: Pull) -> Iterator[str]:
    time = quoted(pull.columns.timestamp)
    unit = source.unit(pull.columns.timestamp)
    yield f"{time} IS NOT NULL"
    if pull.start is not None:
        yield f"{time} >= {at_least(pull.start, unit)}"
    if pull.end is not None:
        yield f"{time} <= {at_most(pull.end, unit)}"


def _select(columns: Sequence[str], source: str, conditions: Sequence[str]) -> str:
    listed = ",\n".join(f"  {column}" for column in columns)
    return f"SELECT\n{listed}\nFROM {source}\nWHERE {' AND '.join(conditions)}"
