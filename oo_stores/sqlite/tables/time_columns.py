"""Columns of instants, of whatever format, as integers that count a known unit."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from oo_stores.errors import ValueTypeError
from oo_stores.sqlite.connection import add_function, quoted, temporary_name
from oo_stores.sqlite.tables.column_values import values_of
from oo_stores.sqlite.tables.time_formats import (
    INTEGER_FORMATS,
    ISO8601,
    TIME_FORMATS,
    UNIX_REAL,
    described,
    format_of,
    reading,
)
from oo_stores.sqlite.types import TIMESTAMP_TEXT

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from oo_stores.sqlite.tables.column_values import Values
    from oo_stores.sqlite.tables.table_schema import TableSchema
    from oo_stores.sqlite.tables.time_formats import Cell

_logger = logging.getLogger(__name__)

_DECLARED_FORMATS: Final = {
    **{label: word for word, label in INTEGER_FORMATS.items()},
    TIMESTAMP_TEXT: ISO8601,
}
_TEXT_WORDS: Final = ("CHAR", "CLOB", "TEXT")
_REAL_WORDS: Final = ("REAL", "FLOA", "DOUB")
_announced: set[tuple[str, str, str, str]] = set()


@dataclass(frozen=True, slots=True)
class TimeColumns:
    """A table's columns of instants.

    Attributes:
        connection: An open connection.
        schema: The table.
        stated: The formats that the user stated, by column.
        where: The file, for messages.
    """

    connection: sqlite3.Connection
    schema: TableSchema
    stated: Mapping[str, str]
    where: object

    def format(self, column: str) -> str:
        """Return a column's format: stated by source or declared type, else told from all values.

        A format that is told is logged, once. A column without values has none: empty.

        Raises:
            ValueTypeError: Source and declared type say different things, or nobody does and no
                one format follows from the values.
        """
        return self.said(column) or self._told(column)

    def said(self, column: str) -> str:
        """Return a column's format if source or declared type say it, without a look at any row.

        Raises:
            ValueTypeError: They say different things.
        """
        stated = self.stated.get(column, "")
        declared = _DECLARED_FORMATS.get(self._declared(column), "")
        if stated and declared and stated != declared:
            raise ValueTypeError(
                f"{self._named(column)} is declared {declared!r} and stated to be {stated!r}; "
                f"leave the timestamp_format out, or declare another type"
            )
        return stated or declared

    def format_for_writing(self, column: str) -> str:
        """Return the format in which a column takes further instants.

        A column without values has that which its declared type suggests: text where it says TEXT,
        DATE or TIMESTAMP, REAL where it says so.

        Raises:
            ValueTypeError: As `format`, or no format follows: integers have four units.
        """
        if word := self.format(column):
            return word
        declared = self._declared(column)
        if any(part in declared for part in (*_TEXT_WORDS, "DATE", "TIMESTAMP")):
            return ISO8601
        if any(part in declared for part in _REAL_WORDS):
            return UNIX_REAL
        raise ValueTypeError(
            f"{self._named(column)} has no values yet, so that it is not clear how to write "
            f"instants; {_how_to_state(column)}"
        )

    def counted_in_place(self, column: str, word: str) -> bool:
        """Say whether integers are stored as integers, whatever was written (SQLite's affinity)."""
        declared = self._declared(column)
        is_other = any(part in declared for part in (*_TEXT_WORDS, *_REAL_WORDS))
        return word in INTEGER_FORMATS and ("INT" in declared or not is_other)

    def normaliser(self, column: str, word: str) -> str:
        """Make a SQL function of a column's values that gives integers, and return its name.

        Its error names table, column and value.
        """
        number = reading(word)[1]

        def instant(value: Cell) -> int | None:
            try:
                return number(value)
            except ValueError as error:
                raise ValueTypeError(
                    f"{self._named(column)} is read as {word}, but holds {value!r}: {error}; "
                    f"correct the row, or {_how_to_state(column)}"
                ) from error

        name = temporary_name("instant")
        add_function(self.connection, name, instant)
        return name

    def refuse_others_than_integers(self, columns: Sequence[str]) -> None:
        """Look at every value of columns that count instants.

        Raises:
            ValueTypeError: One of them is no integer.
        """
        for column, values in values_of(self.connection, self.schema.sql, columns).items():
            if values.count != values.integers:
                raise ValueTypeError(
                    f"{self._named(column)} counts instants, but holds {values}; correct the rows, "
                    f"or {_how_to_state(column)}"
                )

    def stray(self, column: str, value: object, keys: Mapping[str, object]) -> ValueTypeError:
        """Return the error of a row whose value is no number in a column that counts instants.

        Args:
            column: The column.
            value: The row's value.
            keys: Whose row it is.
        """
        whose = ", ".join(f"{key}={value!r}" for key, value in keys.items())
        return ValueTypeError(
            f"{self._named(column)} counts instants, but holds {value!r}"
            f"{f' where {whose}' if whose else ''}; correct the row, or {_how_to_state(column)}"
        )

    def _told(self, column: str) -> str:
        values = values_of(self.connection, self.schema.sql, (column,))[column]
        if not values.count:
            return ""
        word = format_of(values)
        if word is None:
            raise ValueTypeError(
                f"{self._named(column)} holds {values}, which does not say how they count "
                f"instants; {_how_to_state(column)}"
            )
        _announce((str(self.where), self.schema.name, column, word), _found(values, word))
        return word

    def _declared(self, column: str) -> str:
        return self.schema.columns[column].upper().strip()

    def _named(self, column: str) -> str:
        declared = self.schema.columns[column]
        return (
            f"table {self.schema.name!r} of {self.where}, column {column!r} (declared {declared!r})"
        )


def with_instants(
    connection: sqlite3.Connection,
    schema: TableSchema,
    columns: Sequence[str],
    stated: Mapping[str, str],
    where: object,
) -> TableSchema:
    """Return a schema whose columns of instants count a known unit.

    Integers stay where they are, so that the table's own index serves. REAL and TEXT are made
    integers by a temporary view, which costs an indexed temporary copy for point-in-time reads.

    Args:
        connection: An open reader.
        schema: The table.
        columns: The columns of instants.
        stated: The formats that the user stated, by column.
        where: The file, for messages.

    Raises:
        ValueTypeError: A format contradicts the declared type, or none follows from the values.
    """
    times = TimeColumns(connection, schema, stated, where)
    # Without values every format is as good.
    formats = {column: times.format(column) or "unix_us" for column in dict.fromkeys(columns)}
    others = {c: w for c, w in formats.items() if not times.counted_in_place(c, w)}
    types = {column: reading(word)[0] for column, word in formats.items()}
    labelled = replace(schema, columns={**schema.columns, **types})
    if not others:
        return labelled
    terms = {column: quoted(column) for column in schema.columns}
    for column, word in others.items():
        terms[column] = f"{times.normaliser(column, word)}({quoted(column)})"
    view = f"temp.{quoted(temporary_name('instants'))}"
    listed = ", ".join(f"{term} AS {quoted(column)}" for column, term in terms.items())
    connection.execute(f"CREATE TEMP VIEW {view} AS SELECT {listed} FROM {schema.sql}")  # noqa: S608  quoted
    return replace(labelled, is_view=True, indexes=(), stand_in=view)


def check_instants(
    connection: sqlite3.Connection, schema: TableSchema, columns: Sequence[str], where: object
) -> None:
    """Look at every instant of columns that `with_instants` has prepared.

    Raises:
        ValueTypeError: One of them is not of the column's format; the message names it.
    """
    TimeColumns(connection, schema, {}, where).refuse_others_than_integers(columns)


def _found(values: Values, word: str) -> str:
    if word == ISO8601 or values.numbers is None:
        return str(values)
    first, last = (described(number, word) for number in values.numbers)
    return f"{values}, that is {first} to {last}"


def _how_to_state(column: str) -> str:
    return (
        f"state it in the source, as timestamp_format={{{column!r}: word}} with one of "
        f"{', '.join(TIME_FORMATS)}, or declare the column TIMESTAMP_US, _S, _MS or _NS"
    )


def _announce(told: tuple[str, str, str, str], found: str) -> None:
    """Log a format that was told from values; once, since nobody reads it twice."""
    if told in _announced:
        return
    _announced.add(told)
    where, table, column, word = told
    _logger.warning(
        "table %r of %s, column %r is read as %s, since it holds %s; state "
        "timestamp_format={%r: %r} in its source, and its values need not be looked through",
        *(table, where, column, word, found, column, word),
    )
