"""Entity rows in the text of a statement: as a list of values, or as the query that gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from oo_stores.sqlite.connection import quoted
from oo_stores.sqlite.retrieval.asked_rows import AskedRows
from oo_stores.sqlite.sql_text.sql_literals import literal
from oo_stores.sqlite.tables.instants import PER_SECOND, microseconds
from oo_stores.sqlite.values.codec import column_type_for, encoded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from oo_stores.sqlite.retrieval.asked_rows import Bound
    from oo_stores.sqlite.retrieval.entity_rows import EntityRows
    from oo_stores.sqlite.sql_text.sql_source import SqlSource
    from oo_stores.sqlite.values.column_type import ColumnType

PLACE: Final = quoted("__oo_place")
"""The column of numbers that say the order of rows."""

ASKED: Final = quoted("__oo_asked")
"""What a statement calls the rows; a plainer name would hide a table of that name from it."""


class SqlRows(Protocol):
    """Protocol of entity rows in a statement, where they are the table `ASKED`.

    What its methods return stands in the statement's terms; each may add to `table`.
    """

    def columns(self) -> Iterator[str]:
        """Yield the rows' own columns, under their names."""

    def key(self, name: str, kind: ColumnType) -> str:
        """Return a join key, to compare with a column of this kind."""

    def bounds(self, ttl: timedelta | None, unit: str) -> tuple[str, str]:
        """Return the first and the last instants that a value may have; see `instants.bounds`."""

    def table(self) -> str:
        """Return the definition of `ASKED`, with a column `PLACE` that says the order."""


class ListedRows:
    """Entity rows as a list of values."""

    def __init__(self, rows: EntityRows) -> None:
        self._rows = rows
        self._asked = AskedRows(rows, in_key_order=False).by(())
        self._values: list[Bound] = []

    def columns(self) -> Iterator[str]:
        """Yield the rows' own columns, under their names."""
        for name in self._rows.table.column_names:
            column = self._rows.table.column(name)
            values = encoded(column, column_type_for(column, name), name)
            yield f"{self._added(values)} AS {quoted(name)}"

    def key(self, name: str, kind: ColumnType) -> str:
        """Return a join key, as the store itself would bind it."""
        return self._added(self._asked.key(name, kind))

    def bounds(self, ttl: timedelta | None, unit: str) -> tuple[str, str]:
        """Return the ends as the store itself would bind them."""
        first, last = self._asked.bounds(ttl, unit)
        return self._added(first) if ttl else "NULL", self._added(last)

    def table(self) -> str:
        """Return the definition of `ASKED`."""
        names = [PLACE, *(f"c{number}" for number in range(len(self._values)))]
        rows = [
            f"({', '.join((str(place), *map(literal, values)))})"
            for place, values in enumerate(zip(*self._values, strict=True))
        ]
        # A list of values has at least one row.
        nothing = f"SELECT {', '.join(['NULL'] * len(names))} WHERE 0"
        listed = "VALUES\n" + ",\n".join(rows) if rows else nothing
        return f"{ASKED}({', '.join(names)}) AS (\n{listed}\n)"

    def _added(self, values: Bound) -> str:
        # The very same list stands for the same question; equal ones may hold 1 and 1.0.
        known = (place for place, each in enumerate(self._values) if each is values)
        place = next(known, len(self._values))
        if place == len(self._values):
            self._values.append(values)
        return f"{ASKED}.c{place}"


class QueriedRows:
    """Entity rows as the query that gives them.

    Args:
        source: The query.
        time_column: Its column of times, integers.
    """

    def __init__(self, source: SqlSource, time_column: str) -> None:
        self._source = source
        self._time = f"{ASKED}.{quoted(time_column)}"
        self._unit = source.unit(time_column)

    def columns(self) -> Iterator[str]:
        """Yield the rows' own columns, under their names."""
        for name in self._source.schema.columns:
            yield f"{ASKED}.{quoted(name)} AS {quoted(name)}"

    def key(self, name: str, kind: ColumnType) -> str:  # noqa: ARG002  the table's kind decides
        """Return a join key as the query gives it."""
        return f"{ASKED}.{quoted(name)}"

    def bounds(self, ttl: timedelta | None, unit: str) -> tuple[str, str]:
        """Return the ends; the unit is the query's own, see `counts_like`."""
        span = microseconds(ttl) * PER_SECOND[unit] // PER_SECOND["us"] if ttl else 0
        return f"({self._time} - {span})", self._time

    def counts_like(self, unit: str) -> bool:
        """Tell whether the query counts instants in this unit, so that they compare as they are."""
        return unit == self._unit

    def table(self) -> str:
        """Return the definition of `ASKED`."""
        return f"{ASKED} AS (\nSELECT row_number() OVER () AS {PLACE}, * FROM {self._source.sql}\n)"
