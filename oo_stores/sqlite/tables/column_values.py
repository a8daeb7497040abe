"""What kinds of values a column holds, found by one look at all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from oo_stores.sqlite.connection import quoted
from oo_stores.sqlite.types import BIGINT, BLOB, DOUBLE, TEXT

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

_COLUMNS_AT_A_TIME: Final = 100  # a statement has at most 2,000 result columns
_KINDS: Final = ("integer", "real", "text", "blob")
# SQLite orders numbers before texts before blobs: two ends of one class are ends of that class.
_QUICK: Final = ("count({0})", "min({0})", "max({0})", "sum(typeof({0}) = 'real')")
_COUNTS: Final = tuple(f"sum(typeof({{0}}) = '{kind}')" for kind in _KINDS)
_ENDS: Final = tuple(
    f"{end}(CASE WHEN typeof({{0}}) IN ({kinds}) THEN {{0}} END)"
    for kinds in ("'integer', 'real'", "'text'")
    for end in ("min", "max")
)


@dataclass(frozen=True, slots=True)
class Values:
    """What the values of a column are, nulls left out.

    Attributes:
        integers: How many are INTEGER.
        reals: How many are REAL.
        texts: How many are TEXT.
        blobs: How many are BLOB.
        numbers: The least and the greatest number, None if there is none.
        words: The least and the greatest text, None if there is none.
    """

    integers: int
    reals: int
    texts: int
    blobs: int
    numbers: tuple[int | float, int | float] | None
    words: tuple[str, str] | None

    @property
    def count(self) -> int:
        """How many values there are."""
        return self.integers + self.reals + self.texts + self.blobs

    def declared(self) -> str | None:
        """Return the declared type that holds them all, None if they are of several kinds.

        No values at all are TEXT, as a column of nulls is for the writer.
        """
        if self.count == self.texts:
            return TEXT
        if self.count == self.blobs:
            return BLOB
        if self.texts or self.blobs:
            return None
        return DOUBLE if self.reals else BIGINT

    def __str__(self) -> str:
        """Say what was found, with the ends as examples."""
        return " and ".join(self._parts()) or "no values"

    def _parts(self) -> Iterator[str]:
        kinds = ((self.integers, "INTEGER"), (self.reals, "REAL"))
        numbers = " and ".join(f"{count} {kind}" for count, kind in kinds if count)
        if self.numbers:
            yield f"{numbers} (from {self.numbers[0]!r} to {self.numbers[1]!r})"
        if self.words:
            yield f"{self.texts} TEXT (from {self.words[0]!r} to {self.words[1]!r})"
        if self.blobs:
            yield f"{self.blobs} BLOB"


def values_of(
    connection: sqlite3.Connection, sql: str, columns: Sequence[str]
) -> dict[str, Values]:
    """Return what each column holds, by one scan of all rows for every hundred columns.

    Only columns that hold values of several classes, which are refused as a rule, cost another.

    Args:
        connection: An open reader.
        sql: What stands behind FROM.
        columns: The columns.
    """
    found = {c: _of_one_class(*facts) for c, facts in _facts(connection, sql, columns, _QUICK)}
    mixed = [column for column, values in found.items() if values is None]
    full = {c: _of_any(facts) for c, facts in _facts(connection, sql, mixed, (*_COUNTS, *_ENDS))}
    return {column: values or full[column] for column, values in found.items()}


def _facts(
    connection: sqlite3.Connection, sql: str, columns: Sequence[str], terms: Sequence[str]
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield each column with the values of these aggregates of it."""
    for start in range(0, len(columns), _COLUMNS_AT_A_TIME):
        some = columns[start : start + _COLUMNS_AT_A_TIME]
        listed = ", ".join(term.format(quoted(column)) for column in some for term in terms)
        row = connection.execute(f"SELECT {listed} FROM {sql}").fetchone()  # noqa: S608  quoted
        yield from zip(some, zip(*[iter(row)] * len(terms), strict=True), strict=True)


def _of_one_class(count: int, low: Any, high: Any, reals: int | None) -> Values | None:  # noqa: ANN401  any cell
    if isinstance(low, int | float) and isinstance(high, int | float):
        reals = reals or 0
        return Values(count - reals, reals, 0, 0, (low, high), None)
    if isinstance(low, str) and isinstance(high, str):
        return Values(0, 0, count, 0, None, (low, high))
    if isinstance(low, bytes) or low is None:
        return Values(0, 0, 0, count, None, None)
    return None


def _of_any(facts: tuple[Any, ...]) -> Values:
    integers, reals, texts, blobs = facts[: len(_COUNTS)]
    low, high, first, last = facts[len(_COUNTS) :]
    numbers = None if low is None else (low, high)
    words = None if first is None else (first, last)
    return Values(integers, reals, texts, blobs, numbers, words)
