"""What a column cannot hold without loss is refused, in either direction, and never guessed at."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from support.sqlite_repo import HOUR, NOON, score_rows

from oo_stores.errors import ValueTypeError
from oo_stores.sqlite import write_table
from oo_stores.sqlite.types import column_type
from oo_stores.sqlite.values.codec import column_type_for, decoded, encoded

if TYPE_CHECKING:
    from pathlib import Path

STRINGS = pa.map_(pa.string(), pa.string())


@pytest.mark.parametrize(
    ("word", "column", "why"),
    [
        ("BIGINT", pa.array([1.5]), "truncated"),
        ("BIGINT", pa.array([2**63], pa.uint64()), "not in range"),
        ("INT", pa.array([2**31]), "not in range"),
        ("DOUBLE", pa.array([2**53 + 1]), "not in range"),
        ("FLOAT", pa.array([1e300]), "beyond the range of 32-bit"),
        ("FLOAT_LIST", pa.array([[1.0, -1e300]]), "beyond the range of 32-bit"),
        ("BOOLEAN", pa.array([2]), "would cut"),
        ("DATE_DAYS", pa.array([NOON]), "would cut"),
        ("TIMESTAMP_S", pa.array([1], pa.timestamp("us")), "lose data"),
        ("TIMESTAMP_US_LIST", pa.array([[1]], pa.list_(pa.timestamp("ns"))), "lose data"),
        ("DECIMAL_TEXT", pa.array([0.1]), "no exact decimal"),
        ("DECIMAL_TEXT", pa.array(["0,1"]), "'0,1' is no decimal"),
        ("DECIMAL_TEXT", pa.array([""]), "'' is no decimal"),
        ("UUID_TEXT", pa.array(["1234"]), "'1234' is no UUID"),
        ("UUID_TEXT_SET", pa.array([["x"]]), "'x' is no UUID"),
        ("JSON_TEXT", pa.array(["{"]), "Expecting"),
        ("MAP_TEXT", pa.array(["[1]"]), "no JSON object"),
        ("MAP_TEXT", pa.array([{"a": NOON}]), "not JSON serializable"),
        ("MAP_TEXT", pa.array([[(1, "a")]], pa.map_(pa.int64(), pa.string())), "key is text"),
        ("MAP_TEXT", pa.array([[("a", "b"), ("a", "c")]], STRINGS), "duplicate key"),
        ("MAP_TEXT_LIST", pa.array(["[1]"]), "no JSON array of objects"),
        ("STRUCT(a BIGINT)", pa.array([{"a": 1, "b": 2}]), "no fields b"),
        ("STRUCT(a BIGINT)_LIST", pa.array([[{"a": 1, "b": 2}]]), "no fields b"),
        ("TEXT_LIST", pa.array(["a"]), "Unsupported cast"),
        ("BIGINT", pa.array([NOON]), "in which unit"),
        ("INT_LIST", pa.array([[NOON.date()]]), "in which unit"),
        ("BIGINT", pa.array([HOUR]), "in which unit"),
        ("JSON_TEXT_LIST", pa.array([["{}", "{"]]), "Expecting"),
    ],
)
def test_what_a_column_would_lose_is_not_written(word: str, column: pa.Array, why: str) -> None:
    """The message names column, declared type, Arrow type and the reason."""
    with pytest.raises(
        ValueTypeError, match=rf"(?s)column 'v', declared .*{why}.*declare"
    ) as error:
        encoded(pa.chunked_array([column]), column_type(word), "v")
    assert str(column.type) in str(error.value)


@pytest.mark.parametrize(
    ("word", "value", "why"),
    [
        ("BOOLEAN", 2, "would cut"),
        ("FLOAT", 1e300, "beyond the range of 32-bit"),
        ("DECIMAL_TEXT", 0.1, "no exact decimal"),
        ("DECIMAL_TEXT", "0,1", "'0,1' is no decimal"),
        ("UUID_TEXT", "x", "'x' is no UUID"),
        ("JSON_TEXT", "{", "Expecting"),
        ("BIGINT", NOON, "in which unit"),
    ],
)
@pytest.mark.parametrize("depth", ["{}_LIST", "{}_LIST_LIST", "STRUCT(a {})", "STRUCT(a {}_LIST)"])
def test_what_a_column_would_lose_is_not_written_deep_inside_either(
    word: str, value: object, why: str, depth: str
) -> None:
    """Elements of lists and fields of structs are refused as columns of their own are."""
    given: Any = [value] if "LIST" in depth else value
    given = {"a": given} if "STRUCT" in depth else given
    given = [given] if depth.count("LIST") > 1 else given
    with pytest.raises(ValueTypeError, match=why):
        encoded(pa.chunked_array([[None, given]]), column_type(depth.format(word)), "v")


@pytest.mark.parametrize(
    ("word", "stored"),
    [
        ("BIGINT", 1.5),
        ("BIGINT", "12"),
        ("BOOLEAN", 0.5),
        ("TIMESTAMP_US", 0.5),
        ("TIMESTAMP_US", "2024-01-10"),
        ("INT", 2**31),
        ("DOUBLE", 2**53 + 1),
        ("DOUBLE", "fast"),
        ("FLOAT", 1e300),
        ("TEXT", 5),
        ("BLOB", 5),
        ("TIMESTAMP_TEXT", 1704888000),
        ("TIMESTAMP_TEXT", "2024-01-10T12:00:00.1234567"),
        ("TIMESTAMP_TEXT", "noon"),
        ("DATE_DAYS", 1.5),
        ("JSON_TEXT", b"{}"),
        ("DOUBLE_LIST", b"123"),
        ("DOUBLE_LIST", 5),
        ("BIGINT_LIST", "[1, 1.5]"),
        ("BOOLEAN_LIST", "[true, 2]"),
        ("TEXT_LIST", '"ab"'),
        ("TEXT_LIST", "[1]"),
        ("TEXT_LIST", '["a"] x'),
        ("BLOB_LIST", '["xy"]'),
        ("BIGINT_LIST_LIST", "[1]"),
        ("BIGINT_LIST_LIST", "[[9223372036854775808]]"),
        ("STRUCT(a BIGINT)", "[1]"),
        ("STRUCT(a BIGINT)", '{"a": 1.5}'),
    ],
)
@pytest.mark.parametrize("neighbour", [[], [None]])
def test_what_is_not_of_the_type_is_not_read(
    word: str, stored: object, neighbour: list[Any]
) -> None:
    """SQLite lets anything in; a reader is told which column holds it, beside a null or not."""
    with pytest.raises(ValueTypeError, match=r"column 'v', declared .* holds a value of another"):
        decoded([stored, *neighbour], column_type(word), "v")


@pytest.mark.parametrize(
    "declared",
    [
        "",
        "TIME",
        "JSON_TEXT_SET",
        "MAP_TEXT_SET",
        "DATE_DAYS_LIST",
        "TIMESTAMP_S_LIST",
        "MAP_TEXT_LIST_LIST",
        "STRUCT",
        "STRUCT()",
        "STRUCT(a)",
        "STRUCT(a VARCHAR)",
        "STRUCT(a INT, a INT)",
        "STRUCT(day DATE_DAYS)",
        "STRUCT(a INT)_SET",
    ],
)
def test_words_that_do_not_say_how_are_refused(declared: str) -> None:
    """A type that Feast has not, or a word that promises a time, is never taken for another."""
    with pytest.raises(ValueTypeError, match=r"does not say how.*TIMESTAMP_US.*STRUCT"):
        column_type(declared)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([HOUR]),
        pa.array([NOON.time()]),
        pa.array([[(1, "a")]], pa.map_(pa.int64(), pa.string())),
        pa.array([{"m": [("a", "b")]}], pa.struct([("m", STRINGS)])),
        pa.array([[HOUR]]),
    ],
)
def test_arrow_types_without_a_word_are_refused(tmp_path: Path, column: pa.Array) -> None:
    """Durations, times of day and maps by number are no Feast types; no table is made."""
    with pytest.raises(ValueTypeError, match="'score' is of Arrow type"):
        column_type_for(pa.chunked_array([column]), "score")
    rows = score_rows([("a", NOON, NOON, 1.0)]).set_column(3, "score", column)
    with pytest.raises(ValueTypeError, match="no declared column type holds"):
        write_table(tmp_path / "x.db", "score", rows)


def test_exact_decimals_are_kept_as_they_are() -> None:
    """Decimal values keep their digits and their scale."""
    column = pa.chunked_array([pa.array([Decimal("1.10"), None])])
    assert column_type_for(column, "v").name == "DECIMAL_TEXT"
    assert encoded(column, column_type("DECIMAL_TEXT"), "v") == ["1.10", None]
