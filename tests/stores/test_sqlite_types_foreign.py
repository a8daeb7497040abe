"""Tables that others made, and values in forms of others, are taken for what they are."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oo_stores.sqlite.types import column_type
from oo_stores.sqlite.values.codec import column_type_for, decoded, encoded

AT = datetime(2024, 1, 10, 12, 0, 0, 123456, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ID = uuid.UUID("0d9f3c1e-8b7a-4c7e-9f6e-3a2b1c0d9e8f")
IDS = pa.ListArray.from_arrays([0, 1], pa.array([ID]))
ZONES = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    ("declared", "name"),
    [
        ("integer", "BIGINT"),
        ("VARCHAR(20)", "TEXT"),
        ("double precision", "DOUBLE"),
        ("real", "DOUBLE"),
        ("bool", "BOOLEAN"),
        ("unsigned big int", "BIGINT"),
        ("decimal numeric", "DOUBLE"),
        ("DECIMAL(10,2)", "DOUBLE"),
        ("uuid", "TEXT"),
        ("JSON", "JSON_TEXT"),
        ("date", "TIMESTAMP_TEXT"),
        ("DATETIME", "TIMESTAMP_TEXT"),
        ("timestamp with time zone", "TIMESTAMP_TEXT"),
        ("double_list", "DOUBLE_LIST"),
    ],
)
def test_tables_of_others_are_understood(declared: str, name: str) -> None:
    """Other words for a type count by SQLite's own rules; dates and times are ISO 8601 text."""
    assert column_type(declared).name == name


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2024-01-10", AT.replace(hour=0, microsecond=0)),
        ("2024-01-10 12:00", AT.replace(microsecond=0)),
        ("2024-01-10 12:00:00.123456", AT),
        ("2024-01-10T12:00:00.123456Z", AT),
        ("2024-01-10T14:00:00.123456+02:00", AT),
        ("2024-01-10T06:30:00.123456-0530", AT),
        ("2024-01-10T13:00:00.123456+01", AT),
    ],
)
def test_iso_text_is_read_as_instants(text: str, instant: datetime) -> None:
    """Without an offset it is UTC; dates are midnights."""
    assert decoded([None, text], column_type("DATETIME"), "v").to_pylist() == [None, instant]


@given(st.lists(st.datetimes(timezones=ZONES) | st.datetimes(), max_size=4))
def test_what_python_writes_is_read(instants: list[datetime]) -> None:
    """Python's ISO text of any instant, in any offset, with or without microseconds, is read."""
    texts = [at.isoformat() for at in instants]
    back = decoded(texts, column_type("TIMESTAMP_TEXT"), "v").cast(pa.int64()).to_pylist()
    since_1970 = [(at if at.tzinfo else at.replace(tzinfo=UTC)) - EPOCH for at in instants]
    assert back == [elapsed // timedelta(microseconds=1) for elapsed in since_1970]


def test_json_of_others_may_be_numbers() -> None:
    """SQLite makes numbers of text like `5` in a column declared JSON."""
    assert decoded([5, 1.5, '{"a": 1}', None], column_type("JSON"), "v").to_pylist() == [
        "5",
        "1.5",
        '{"a": 1}',
        None,
    ]


def test_columns_of_numbers_of_others_are_doubles() -> None:
    """SQLite keeps whole numbers of a NUMERIC column as integers."""
    assert decoded([1, 2.5, None], column_type("NUMERIC"), "v").to_pylist() == [1.0, 2.5, None]


def test_a_struct_is_read_as_far_as_it_goes() -> None:
    """A field that an object lacks is null, and what the type does not name is left out."""
    kind = column_type("STRUCT(a BIGINT, b TEXT)")
    assert decoded(['{"b": "x", "c": 1}'], kind, "v").to_pylist() == [{"a": None, "b": "x"}]


@pytest.mark.parametrize(
    ("word", "column", "text"),
    [
        ("MAP_TEXT", pa.array([{"a": 1, "b": None}]), '{"a": 1}'),
        ("MAP_TEXT", pa.array([[("a", None)]], pa.map_(pa.string(), pa.int64())), '{"a": null}'),
        ("MAP_TEXT_LIST", pa.array([[{"a": 1}, {"b": [{}]}]]), '[{"a": 1}, {"b": [{}]}]'),
        ("JSON_TEXT", pa.array([{"a": {"b": [1, None]}}]), '{"a": {"b": [1, null]}}'),
        ("JSON_TEXT", pa.array(["[]"]).dictionary_encode(), "[]"),
        ("JSON_TEXT", pa.array(["{}"], pa.json_()), "{}"),
        ("UUID_TEXT", pa.array([ID]), str(ID)),
        ("UUID_TEXT_LIST", IDS, json.dumps([str(ID)])),
        ("TIMESTAMP_TEXT", pa.array([AT]), "2024-01-10 12:00:00.123456Z"),
        ("DECIMAL_TEXT", pa.array([5]), "5"),
    ],
)
def test_other_forms_of_a_value_are_written_as_the_column_holds_them(
    word: str, column: pa.Array, text: str
) -> None:
    """Maps, structs of pandas, UUIDs and instants become the column's text."""
    given_column = pa.chunked_array([column])
    assert encoded(given_column, column_type(word), "v") == [text]


@pytest.mark.parametrize(
    ("column", "name"),
    [
        (pa.array([ID]), "UUID_TEXT"),
        (IDS, "UUID_TEXT_LIST"),
        (pa.array(["{}"], pa.json_()), "JSON_TEXT"),
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), "MAP_TEXT"),
        (pa.array([[[("a", 1)]]], pa.list_(pa.map_(pa.string(), pa.int64()))), "MAP_TEXT_LIST"),
        (pa.array([{}]), "MAP_TEXT"),
        (pa.array([{"a b": [1]}]), 'STRUCT("a b" BIGINT_LIST)'),
    ],
)
def test_a_table_made_of_other_forms_says_what_they_are(column: pa.Array, name: str) -> None:
    """Arrow's own types of UUIDs, JSON and maps have words of their own."""
    given_column = pa.chunked_array([column])
    kind = column_type_for(given_column, "v")
    assert kind.name == name
    stored: list[Any] = encoded(given_column, kind, "v")
    assert decoded(stored, kind, "v").null_count == 0
