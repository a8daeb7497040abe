"""What a source states about the table or query that it reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from oo_stores.errors import SourceError, ValueTypeError
from oo_stores.sqlite.tables.time_formats import TIME_FORMATS
from oo_stores.sqlite.types import column_type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """The arguments of a source that are not Feast's own, checked.

    Attributes:
        table: The table's name; empty for a query.
        query: A SELECT; empty for a table.
        path: The source's own file as given; empty: the offline store's.
        timestamp_format: How columns of times hold instants: column and word.
        column_types: Stated types: column and word.
    """

    table: str
    query: str
    path: str
    timestamp_format: tuple[tuple[str, str], ...] = ()
    column_types: tuple[tuple[str, str], ...] = ()

    @classmethod
    def checked(
        cls, table: str | None, query: str | None, name: str | None, path: str | None
    ) -> ReadOptions:
        """Take where to read.

        Raises:
            SourceError: It is not clear whether to read a table or a query, or a query has no name.
        """
        if table and query:
            raise SourceError(
                f"SQLiteSource {name or table!r} has both a table, {table!r}, and a query; give one"
            )
        if query and not name:
            raise SourceError(f"a SQLiteSource of a query needs a name; the query is {query!r}")
        if not (table or query or name):
            raise SourceError("a SQLiteSource needs a table or a query, or a name: the table's")
        return cls("" if query else table or name or "", query or "", path or "")

    def stating(
        self,
        source: str,
        times: Sequence[str],
        field_mapping: Mapping[str, str],
        timestamp_format: str | Mapping[str, str] | None,
        column_types: Mapping[str, str] | None,
    ) -> ReadOptions:
        """Take what is stated about columns.

        Args:
            source: The source's name, for messages.
            times: The columns of times, as the source names them.
            field_mapping: From the table's names to the source's.
            timestamp_format: One word for all columns of times, or a word for each.
            column_types: Types of other columns.

        Raises:
            SourceError: There is no such word, or it cannot be stated of its column.
        """
        if isinstance(timestamp_format, str):
            timestamp_format = dict.fromkeys(times, timestamp_format)
        formats, types = timestamp_format or {}, column_types or {}
        for column, word in formats.items():
            _check_format(source, column, word, field_mapping.get(column, column), times)
        for column, word in types.items():
            _check_type(source, column, word, field_mapping.get(column, column), times)
        return replace(
            self,
            timestamp_format=tuple(sorted(formats.items())),
            column_types=tuple(sorted(types.items())),
        )

    def given(self) -> dict[str, object]:
        """Return the arguments that make the same options, as JSON takes them."""
        options: dict[str, object] = {"table": self.table, "path": self.path}
        if self.query:
            options["query"] = self.query
        if self.timestamp_format:
            options["timestamp_format"] = dict(self.timestamp_format)
        if self.column_types:
            options["column_types"] = dict(self.column_types)
        return options


def _check_format(source: str, column: str, word: str, name: str, times: Sequence[str]) -> None:
    if name not in times:
        raise SourceError(
            f"SQLiteSource {source!r} states a timestamp_format of {column!r}, which is none of "
            f"its columns of times: {', '.join(times)}; state the type of another column with "
            f"column_types"
        )
    if word not in TIME_FORMATS:
        raise SourceError(
            f"SQLiteSource {source!r} states the timestamp_format {word!r} of {column!r}; it is "
            f"one of {', '.join(TIME_FORMATS)}"
        )


def _check_type(source: str, column: str, word: str, name: str, times: Sequence[str]) -> None:
    if name in times:
        raise SourceError(
            f"SQLiteSource {source!r} states a type of {column!r}, which holds its times; state "
            f"it with timestamp_format"
        )
    try:
        column_type(word)
    except ValueTypeError as error:
        raise SourceError(f"SQLiteSource {source!r}, column {column!r}: {error}") from error
