"""The statements that find, for each asked row, the row of a table that counts."""

from __future__ import annotations

import sqlite3
from itertools import chain
from typing import TYPE_CHECKING, Any

from oo_stores.sqlite.connection import quoted
from oo_stores.sqlite.tables.row_identity import row_identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from oo_stores.sqlite.retrieval.asked_rows import Bound
    from oo_stores.sqlite.retrieval.seek_plan import SeekPlan
    from oo_stores.sqlite.tables.seek import SeekColumns, SeekTable
    from oo_stores.sqlite.tables.table_schema import TableSchema

# Rows that live long enough for the garbage collector to go over them cost up to a quarter more.
_ROWS_AT_A_TIME = 512


class Seeks:
    """Seeks in one table.

    Args:
        connection: An open reader, on which a temporary copy lives too.
        schema: The table.
        source: What to seek in.
        columns: The columns to seek by.
        listed: The columns to return.
        conditions: What a row must meet, each but for the value on its right.
        plan: How seeks are run.
    """

    def __init__(  # noqa: PLR0913, PLR0917  what a seek is made of
        self,
        connection: sqlite3.Connection,
        schema: TableSchema,
        source: SeekTable,
        columns: SeekColumns,
        listed: Sequence[str],
        conditions: Sequence[str],
        plan: SeekPlan,
    ) -> None:
        self._connection = connection
        self._plan = plan
        self._nothing = (None,) * len(listed)
        self._newest = f"ORDER BY {columns.newest_first} LIMIT 1"
        self._source = source.source
        self._conditions = conditions
        self._listed = ", ".join(map(quoted, listed)) or "NULL"
        self._identity = row_identity(connection, schema, source.source)

    def found(self, asked: Sequence[Bound]) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows that count, one for each asked row, in lists of some hundred rows.

        Args:
            asked: A column of values for each condition, in their order.
        """
        rows = len(asked[0])
        is_many = self._plan.takes_many(rows) and self._identity
        sought = self._many_at_once(len(asked)) if is_many else self._one_by_one
        for start in range(0, rows, _ROWS_AT_A_TIME):
            part = [column[start : start + _ROWS_AT_A_TIME] for column in asked]
            yield sought(part)

    def _one_by_one(self, asked: Sequence[Bound]) -> list[tuple[Any, ...]]:
        execute = self._connection.cursor().execute
        is_found = " AND ".join(f"{condition} ?" for condition in self._conditions)
        statement = f"SELECT {self._listed} FROM {self._source} WHERE {is_found} {self._newest}"  # noqa: S608  quoted
        return [
            execute(statement, values).fetchone() or self._nothing
            for values in zip(*asked, strict=True)
        ]

    def _many_at_once(self, width: int) -> Callable[[Sequence[Bound]], list[tuple[Any, ...]]]:
        most = self._connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) // width
        seeks = min(self._plan.seeks_in_statement, most)
        statement = self._statement_for(seeks, width)
        execute = self._connection.cursor().execute

        def sought(asked: Sequence[Bound]) -> list[tuple[Any, ...]]:
            found: list[tuple[Any, ...]] = []
            for start in range(0, len(asked[0]), seeks):
                part = zip(*(column[start : start + seeks] for column in asked), strict=True)
                values = list(chain.from_iterable(part))
                # The last statement of all is the same one: an asked row of nulls finds nothing.
                values.extend([None] * (seeks * width - len(values)))
                found += execute(statement, values).fetchall()
            del found[len(asked[0]) :]
            return found

        return sought

    def _statement_for(self, seeks: int, width: int) -> str:
        """Return a statement that binds `width` values for each of its seeks.

        A statement cannot return more than one column of a correlated seek, so it returns the
        row's identity, by which the row is read then. What is bound has no affinity, and `+` keeps
        it so: the table's column alone decides how it is compared, as with a bound value. A left
        join reads its left side in order, so that no row need be numbered.
        """
        names = [f"asked_{number}" for number in range(width)]
        is_found = " AND ".join(
            f"{condition} +asked.{name}"
            for condition, name in zip(self._conditions, names, strict=True)
        )
        holes = f"({', '.join('?' * width)})"
        seek = (
            f"SELECT {', '.join(self._identity)} FROM {self._source}"  # noqa: S608  quoted
            f" WHERE {is_found} {self._newest}"
        )
        identity = ", ".join(f"found.{column}" for column in self._identity)
        return (
            f"WITH asked({', '.join(names)}) AS (VALUES {', '.join([holes] * seeks)})"  # noqa: S608  quoted
            f" SELECT {self._listed} FROM asked"
            f" LEFT JOIN {self._source} AS found ON ({identity}) = ({seek})"
        )
