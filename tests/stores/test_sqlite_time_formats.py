"""Tables hold instants in many ways: stated or told from all values, never guessed in silence."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.sqlite_repo import (
    DATABASE,
    HOUR,
    MICROSECOND,
    NOON,
    USER,
    project,
    score_source,
    score_view,
    scores,
)

from oo_stores.errors import SourceError, ValueTypeError
from oo_stores.sqlite.tables.time_formats import (
    INTEGER_FORMATS,
    iso_microseconds,
    real_microseconds,
    whole_number,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from feast import FeatureStore

SECONDS = int(NOON.timestamp())
ASKED = pd.DataFrame({"user_id": ["a"] * 2, "event_timestamp": [NOON, NOON - MICROSECOND]})
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

ISO_NOONS = [
    "2024-01-10 12:00:00",
    "2024-01-10T12:00:00",
    "2024-01-10 12:00",
    "2024-01-10T12:00:00Z",
    "2024-01-10 14:00:00+02:00",
    "2024-01-10T06:30:00.000000-0530",
    "2024-01-10 13:00:00.000000000+01",
]


def times_store(
    folder: Path,
    declared: str,
    times: Sequence[object],
    *,
    users: bool = False,
    **source: Any,  # noqa: ANN401  any of the source's arguments
) -> FeatureStore:
    """Return a project over a table whose event times are of a declared type.

    All rows are of user a, or each of a user of its own; the scores count them.
    """
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        connection.execute(
            f"CREATE TABLE score (user_id TEXT, event_timestamp {declared}, score REAL)"
        )
        rows = [(f"u{n}" if users else "a", time, float(n)) for n, time in enumerate(times)]
        connection.executemany("INSERT INTO score VALUES (?, ?, ?)", rows)
        connection.commit()
    store = project(folder)
    read = score_source(created_timestamp_column=None, **source)
    # As `feast apply` does.
    read.validate(store.config)
    store.apply([USER, score_view(read)])
    return store


@pytest.mark.parametrize(
    ("declared", "per_second"),
    [("INTEGER", 1), ("BIGINT", 10**3), ("INTEGER", 10**6), ("", 10**9), ("TIMESTAMP", 1)],
)
def test_the_unit_of_integers_is_told_from_all_of_them(
    tmp_path: Path, declared: str, per_second: int
) -> None:
    """Seconds to nanoseconds are told apart by their size, and read at the exact instant."""
    store = times_store(tmp_path, declared, [SECONDS * per_second])
    assert scores(store, ASKED) == [0.0, None]


def test_what_was_told_is_said_once_with_the_way_to_state_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The one line names table, column, values, their dates and the argument."""
    store = times_store(tmp_path, "INTEGER", [SECONDS * 1000, SECONDS * 1000 + 60_000])
    scores(store, ASKED)
    scores(store, ASKED)
    (line,) = [message for message in caplog.messages if "is read as" in message]
    assert "'score'" in line
    assert "2024-01-10 12:00:00+00:00 to 2024-01-10 12:01:00+00:00" in line
    assert "timestamp_format={'event_timestamp': 'unix_ms'}" in line


@pytest.mark.parametrize("declared", ["TEXT", "DATETIME", "TIMESTAMP", ""])
def test_iso_text_is_read_with_and_without_offset(tmp_path: Path, declared: str) -> None:
    """Text without an offset is UTC; each shape is read at the exact instant."""
    store = times_store(tmp_path, declared, ISO_NOONS, users=True)
    users = [f"u{number}" for number in range(len(ISO_NOONS))]
    asked = pd.DataFrame({"user_id": users, "event_timestamp": [NOON] * len(users)})
    assert scores(store, asked) == [float(number) for number in range(len(users))]
    asked["event_timestamp"] = NOON - MICROSECOND
    assert scores(store, asked) == [None] * len(users)


def test_text_of_many_shapes_is_compared_as_instants(tmp_path: Path) -> None:
    """The newest is that of the latest instant, not that of the greatest text."""
    times = [
        "2024-01-10T13:59:59.999998+02:00",
        "2024-01-10 11:59:59.999999",
        "2024-01-10",
        "2024-01-10T12:00:00.000001Z",
    ]
    store = times_store(tmp_path, "TEXT", times)
    assert scores(store, ASKED) == [1.0, 1.0]


def test_real_seconds_are_read_to_the_microsecond(tmp_path: Path) -> None:
    """A microsecond's difference in REAL seconds decides which row counts."""
    noon = float(SECONDS)
    store = times_store(tmp_path, "REAL", [noon - 0.000001, noon, noon + 0.000001])
    assert scores(store, ASKED) == [1.0, 0.0]


def test_whole_and_broken_seconds_may_stand_in_one_column(tmp_path: Path) -> None:
    """SQLite stores 5.0 as 5 in a column of numbers; both are seconds."""
    store = times_store(tmp_path, "NUMERIC", [float(SECONDS), SECONDS - 0.5])
    assert scores(store, ASKED) == [0.0, 1.0]


@pytest.mark.parametrize(
    ("times", "found"),
    [
        ([SECONDS, SECONDS * 1000], "2 INTEGER (from 1704888000 to 1704888000000)"),
        ([20240110], "1 INTEGER (from 20240110 to 20240110)"),
        ([202401101200], "1 INTEGER (from 202401101200"),
        ([0], "1 INTEGER (from 0 to 0)"),
        ([2460320.0], "1 REAL (from 2460320.0"),
        ([SECONDS, "2024-01-10"], "1 INTEGER (from 1704888000 to 1704888000) and 1 TEXT"),
        ([b"2024-01-10"], "1 BLOB"),
    ],
)
def test_what_is_not_clear_is_refused(tmp_path: Path, times: list[object], found: str) -> None:
    """Mixed, ambiguous or implausible times are shown, with how to state them."""
    with pytest.raises(ValueTypeError) as refused:
        times_store(tmp_path, "", times)
    message = str(refused.value)
    assert f"'score' of {tmp_path / DATABASE}, column 'event_timestamp'" in message
    assert found in message
    assert "timestamp_format={'event_timestamp': word} with one of unix_s" in message


def test_all_values_are_looked_at_not_a_sample(tmp_path: Path) -> None:
    """One row of another unit among thousands is enough to refuse."""
    with pytest.raises(ValueTypeError, match=r"5001 INTEGER \(from 5 to"):
        times_store(tmp_path, "INTEGER", [*range(SECONDS, SECONDS + 5000), 5])


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("unix_s", 0),
        ("unix_ms", 0),
        ("unix_us", 0),
        ("unix_ns", 0),
        ("unix_real", 0.0),
        ("unix_real", 0),
        ("iso8601", "1970-01-01"),
    ],
)
def test_a_stated_format_is_taken_at_its_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, word: str, value: object
) -> None:
    """Instants of 1970, of which no unit could be told, are read as stated, and nothing is said."""
    store = times_store(tmp_path, "", [value], timestamp_format=word)
    asked = pd.DataFrame({"user_id": ["a"] * 2, "event_timestamp": [EPOCH, EPOCH - MICROSECOND]})
    assert scores(store, asked) == [0.0, None]
    assert not [message for message in caplog.messages if "is read as" in message]


@pytest.mark.parametrize("declared", ["TEXT", "REAL"])
def test_stated_integers_are_read_from_columns_of_other_kinds(
    tmp_path: Path, declared: str
) -> None:
    """Digits in a column of text count as numbers, not as text."""
    times = [(SECONDS - 1) * 1000, SECONDS * 1000, 999_000]
    store = times_store(tmp_path, declared, times, timestamp_format="unix_ms")
    assert scores(store, ASKED) == [1.0, 0.0]


def test_stated_integers_are_sought_in_the_table_itself(tmp_path: Path) -> None:
    """A stated unit gives the table an index, as a declared one does."""
    store = times_store(tmp_path, "INTEGER", [SECONDS], timestamp_format="unix_s")
    assert scores(store, ASKED) == [0.0, None]
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        (made,) = connection.execute("SELECT tbl_name FROM sqlite_master WHERE type = 'index'")
    assert made == ("score",)


@pytest.mark.parametrize(
    ("word", "values", "value"),
    [
        ("iso8601", ["2024-01-10", "10.01.2024"], "'10.01.2024'"),
        ("iso8601", ["2024-02-31"], "'2024-02-31'"),
        ("iso8601", ["2024-01-10 12:00:00.1234567"], "12:00:00.1234567"),
        ("iso8601", [SECONDS], str(SECONDS)),
        ("unix_real", [1.0, "noon"], "'noon'"),
        ("unix_real", [1.0, 1e300], "1e+300"),
        ("unix_s", [SECONDS, "noon"], "1 TEXT (from 'noon'"),
        ("unix_s", [SECONDS, 1.5], "1 REAL"),
    ],
)
def test_a_row_that_does_not_fit_is_named_on_apply(
    tmp_path: Path, word: str, values: list[object], value: str
) -> None:
    """Table, column and value are named; it is no null."""
    with pytest.raises(ValueTypeError) as refused:
        times_store(tmp_path, "", values, timestamp_format=word)
    assert f"'score' of {tmp_path / DATABASE}, column 'event_timestamp'" in str(refused.value)
    assert value in str(refused.value)


@pytest.mark.parametrize("row", ["10.01.2024", 5])
def test_a_row_that_does_not_fit_is_named_when_it_is_read(tmp_path: Path, row: object) -> None:
    """A row that came after apply is an error of the retrieval and of a pull."""
    store = times_store(tmp_path, "", ["2024-01-10"], timestamp_format="iso8601")
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("INSERT INTO score VALUES ('b', ?, 1)", (row,))
        connection.commit()
    with pytest.raises(ValueTypeError, match=f"read as iso8601, but holds {row!r}"):
        scores(store, ASKED)
    with pytest.raises(ValueTypeError, match=f"read as iso8601, but holds {row!r}"):
        store.materialize(NOON - HOUR, NOON)


def test_formats_of_event_and_created_time_may_differ(tmp_path: Path) -> None:
    """Each column has its own word, under its mapped or its raw name; ties are decided by both."""
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("CREATE TABLE score (user_id TEXT, ts TEXT, made REAL, score REAL)")
        rows = [("2024-01-10", 5.5, 1.0), ("2024-01-10T00:00", 5.25, 2.0)]
        connection.executemany("INSERT INTO score VALUES ('a', ?, ?, ?)", rows)
        connection.commit()
    source = score_source(
        timestamp_field="at",
        created_timestamp_column="made",
        field_mapping={"ts": "at"},
        timestamp_format={"ts": "iso8601", "made": "unix_real"},
    )
    store = project(tmp_path)
    store.apply([USER, score_view(source)])
    assert scores(store, ASKED) == [1.0, 1.0]


def test_a_declared_unit_cannot_be_stated_otherwise(tmp_path: Path) -> None:
    """Two different words on one column are refused, with both."""
    with pytest.raises(ValueTypeError, match=r"declared 'unix_us' and stated to be 'unix_ms'"):
        times_store(tmp_path, "TIMESTAMP_US", [1], timestamp_format="unix_ms")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"timestamp_format": "ms"}, "'ms' of 'event_timestamp'; it is one of unix_s, unix_ms"),
        ({"timestamp_format": {"score": "unix_s"}}, "'score', which is none of its columns"),
        ({"column_types": {"score": "COLOUR"}}, "column 'score': a column's declared type"),
        ({"column_types": {"event_timestamp": "BIGINT"}}, "state it with timestamp_format"),
    ],
)
def test_words_that_make_no_sense_are_refused_at_once(
    arguments: dict[str, Any], message: str
) -> None:
    """A source cannot be made with them."""
    with pytest.raises(SourceError, match=message):
        score_source(**arguments)


@pytest.mark.parametrize(
    ("declared", "stated", "first", "stored"),
    [
        ("INTEGER", "unix_ms", None, SECONDS * 1000),
        ("INTEGER", None, SECONDS, SECONDS),
        ("REAL", None, None, float(SECONDS)),
        ("TIMESTAMP_NS", None, None, SECONDS * 10**9),
    ],
)
def test_written_rows_are_stored_as_the_table_does(
    tmp_path: Path, declared: str, stated: str | None, first: object, stored: object
) -> None:
    """A batch of Feast's takes the table's stated, told or suggested format."""
    times = [] if first is None else [first]
    store = times_store(tmp_path, declared, times, timestamp_format=stated)
    batch = pd.DataFrame({"user_id": ["a"], "event_timestamp": [NOON], "score": [7.0]})
    store.write_to_offline_store("scores", batch)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        found = connection.execute("SELECT event_timestamp FROM score WHERE score = 7").fetchall()
    assert [(value, type(value)) for (value,) in found] == [(stored, type(stored))]
    assert scores(store, ASKED) == [7.0, None]


def test_written_instants_in_text_are_read_back(tmp_path: Path) -> None:
    """Into a column of text instants are written as ISO 8601."""
    store = times_store(tmp_path, "TEXT", [])
    batch = pd.DataFrame({"user_id": ["a"], "event_timestamp": [NOON], "score": [7.0]})
    store.write_to_offline_store("scores", batch)
    assert scores(store, ASKED) == [7.0, None]


def test_nobody_writes_integers_of_an_unknown_unit(tmp_path: Path) -> None:
    """An empty column of integers does not say its unit, so a write is refused whole."""
    store = times_store(tmp_path, "INTEGER", [])
    batch = pd.DataFrame({"user_id": ["a"], "event_timestamp": [NOON], "score": [7.0]})
    with pytest.raises(ValueTypeError, match="has no values yet"):
        store.write_to_offline_store("scores", batch)


CENTURIES = (datetime(1902, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
instants = st.datetimes(*(end.replace(tzinfo=None) for end in CENTURIES))


@given(instants, st.sampled_from(" T"), st.sampled_from(["", "Z", "+00:00"]))
def test_iso_text_keeps_every_microsecond(at: datetime, between: str, zone: str) -> None:
    """Whatever Python writes as ISO 8601 is the instant that it was."""
    exact = (at.replace(tzinfo=UTC) - EPOCH) // MICROSECOND
    assert iso_microseconds(at.isoformat(sep=between) + zone) == exact


@given(instants)
def test_real_seconds_keep_every_microsecond(at: datetime) -> None:
    """An instant that was written as REAL seconds comes back to the microsecond."""
    exact = (at.replace(tzinfo=UTC) - EPOCH) // MICROSECOND
    assert real_microseconds(exact / 10**6) == exact


@given(st.integers(-(2**53), 2**53))
def test_whole_numbers_are_the_same_in_any_kind_of_cell(number: int) -> None:
    """Text, REAL and INTEGER of one number are one number."""
    assert whole_number(str(number)) == whole_number(float(number)) == whole_number(number)


def test_every_word_has_its_own_range() -> None:
    """No number is a plausible instant in two units."""
    units = [10**power for power in (0, 3, 6, 9)]
    ends = [(int(datetime(y, 1, 1, tzinfo=UTC).timestamp())) for y in (1990, 2100)]
    ranges = [(ends[0] * unit, ends[1] * unit) for unit in units]
    assert len(INTEGER_FORMATS) == len(ranges)
    assert all(high < low for (_, high), (low, _) in pairwise(ranges))
