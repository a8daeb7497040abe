"""The statements that find each key's newest row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_stores.sqlite.connection import quoted

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from oo_stores.sqlite.tables.seek import SeekColumns, SeekTable

_SAMPLE = 1_000
ROWS_OF_A_KEY_TO_SEEK = 4


def has_long_histories(
    connection: sqlite3.Connection,
    source: SeekTable,
    rows_of_a_key: float = ROWS_OF_A_KEY_TO_SEEK,
) -> bool:
    """Tell whether a key has that many rows or more, by the first thousand rows of the index.

    Two seeks cost 9.5 us a key, however many rows it has; reading and numbering all rows costs 2.6
    us a row (measured with ten columns of a table of 5 million rows).
    """
    if not source.key_order:
        return True
    keys = ", ".join(map(quoted, source.key_order))
    sample = f"SELECT {keys} FROM {source.source} ORDER BY {keys} LIMIT {_SAMPLE}"  # noqa: S608  quoted
    ((rows, distinct),) = connection.execute(
        f"SELECT (SELECT count(*) FROM ({sample})), (SELECT count(*) FROM"  # noqa: S608  quoted
        f" (SELECT DISTINCT {keys} FROM ({sample})))"
    )
    return bool(rows >= rows_of_a_key * distinct)


def sought(
    source: SeekTable,
    columns: SeekColumns,
    listed: Sequence[str],
    condition: str,
    identity: Sequence[str],
) -> str:
    """Return a statement that jumps from key to key in the index, and there to the newest row.

    Args:
        source: What to seek in.
        columns: The columns to seek by.
        listed: The columns to return.
        condition: What a row must meet to count; binds its own values.
        identity: What tells a row from all others.
    """
    newest = f"ORDER BY {columns.newest_first} LIMIT 1"
    if not source.key_order:
        columns_read = ", ".join(map(quoted, listed))
        return f"SELECT {columns_read} FROM {source.source} WHERE {condition} {newest}"  # noqa: S608  quoted
    keys = ", ".join(map(quoted, source.key_order))
    names = [f"key_{number}" for number in range(len(source.key_order))]
    last = ", ".join(f"seen.{name}" for name in names)
    is_key = " AND ".join(
        f"{quoted(key)} = seen.{name}" for key, name in zip(source.key_order, names, strict=True)
    )
    present = _present(source)
    rows = f"SELECT {', '.join(identity)} FROM {source.source}"  # noqa: S608  quoted
    first = f"SELECT {keys} FROM {source.source} WHERE {present} ORDER BY {keys} LIMIT 1"  # noqa: S608  quoted
    following = f"{rows} WHERE {present} AND ({keys}) > ({last}) ORDER BY {keys} LIMIT 1"
    return (
        f"WITH RECURSIVE seen({', '.join(names)}) AS (SELECT * FROM ({first}) UNION ALL"  # noqa: S608  quoted
        f" SELECT {_of('found', map(quoted, source.key_order))} FROM seen"
        f" CROSS JOIN {source.source} AS found WHERE ({_of('found', identity)}) = ({following}))"
        f" SELECT {_of('found', map(quoted, listed))} FROM seen"
        f" CROSS JOIN {source.source} AS found"
        f" WHERE ({_of('found', identity)}) = ({rows} WHERE {is_key} AND {condition} {newest})"
    )


def numbered(source: SeekTable, columns: SeekColumns, listed: Sequence[str], condition: str) -> str:
    """Return a statement that reads all rows of the range; arguments as for `sought`."""
    names = ", ".join(map(quoted, listed))
    keys = ", ".join(map(quoted, source.key_order))
    share = f"PARTITION BY {keys} " if keys else ""
    places = [f"column_{number}" for number in range(len(listed))]
    place = f"row_number() OVER ({share}ORDER BY {columns.newest_first})"
    return (
        f"WITH numbered({', '.join((*places, 'place'))}) AS (SELECT {names}, {place}"  # noqa: S608  quoted
        f" FROM {source.source} WHERE {_present(source)} AND {condition})"
        f" SELECT {', '.join(places)} FROM numbered WHERE place = 1"
    )


def _present(source: SeekTable) -> str:
    """Return that no key is missing, in SQL."""
    return " AND ".join(f"{quoted(key)} IS NOT NULL" for key in source.key_order) or "TRUE"


def _of(table: str, columns: Iterable[str]) -> str:
    return ", ".join(f"{table}.{column}" for column in columns)
