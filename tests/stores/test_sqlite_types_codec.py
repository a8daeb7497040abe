"""What the codec writes of a column it reads back, in every declared type."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.sqlite_types import WORDS, example

from oo_stores.sqlite.types import COLUMN_TYPES, column_type
from oo_stores.sqlite.values.codec import arrow_type, column_type_for, decoded, encoded

if TYPE_CHECKING:
    from oo_stores.sqlite.values.column_type import ColumnType

QUICK = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def stored(values: list[Any], kind: ColumnType) -> list[Any]:
    """Return values as they come out of a SQLite column of the declared type."""
    connection = sqlite3.connect(":memory:")
    quoted = kind.name.replace('"', '""')
    connection.execute(f'CREATE TABLE t (v "{quoted}")')
    connection.executemany("INSERT INTO t VALUES (?)", [(value,) for value in values])
    found = [value for (value,) in connection.execute("SELECT v FROM t ORDER BY rowid")]
    connection.close()
    return found


def column(values: list[Any], arrow: pa.DataType) -> pa.ChunkedArray:
    """Return values as an Arrow column."""
    return pa.chunked_array([pa.array(values, arrow, from_pandas=False)])


@pytest.mark.parametrize("word", WORDS)
def test_a_column_comes_back_as_it_was(word: str) -> None:
    """Nulls, NaN, infinities, extremes, empty lists and nulls in lists are what they were."""
    kind = column_type(word)
    arrow = arrow_type(kind)

    @QUICK
    @given(st.lists(example(word).values | st.none(), max_size=4))
    def holds(values: list[Any]) -> None:
        given_column = column(values, arrow)
        back = decoded(stored(encoded(given_column, kind, "v"), kind), kind, "v")
        assert back.type == arrow
        # As text, since NaN is no equal of NaN.
        assert repr(back.to_pylist()) == repr(given_column.to_pylist())

    holds()


@pytest.mark.parametrize("word", WORDS)
def test_an_empty_column_has_its_type(word: str) -> None:
    """The type does not depend on the rows: none, or nulls alone."""
    kind = column_type(word)
    for values in ([], [None, None]):
        back = decoded(values, kind, "v")
        assert (back.type, back.to_pylist()) == (arrow_type(kind), values)


@pytest.mark.parametrize("word", WORDS)
def test_a_table_made_of_a_column_reads_as_that_column(word: str) -> None:
    """The type chosen for an Arrow column gives its Arrow type and its values back."""
    arrow = arrow_type(column_type(word))
    given_column = column([example(word).given, None], arrow)
    kind = column_type_for(given_column, "v")
    assert column_type(kind.name) == kind
    back = decoded(encoded(given_column, kind, "v"), kind, "v")
    assert back.to_pylist() == given_column.to_pylist()
    # Whole microseconds need no nanoseconds.
    assert back.type == arrow or word == "TIMESTAMP_NS"


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_read_in_any_case(word: str) -> None:
    """Case matters only in the names of a struct's fields."""
    if word in COLUMN_TYPES:
        assert column_type(f" {word.lower()} ") is COLUMN_TYPES[word]
    assert column_type(word).name == word
