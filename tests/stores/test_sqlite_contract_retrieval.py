"""What Feast asks of a retrieval beyond its interfaces, one behaviour a test."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pytest
from feast import FeatureView
from feast.types import Float32, Int64, String
from support.sqlite_repo import (
    DATABASE,
    HOUR,
    MICROSECOND,
    NOON,
    USER,
    answer,
    asked_of,
    fields,
    project,
    score_source,
    score_view,
    scores,
    scores_project,
    write_scores,
)

from oo_stores.sqlite import SQLiteOfflineStore, write_table
from oo_stores.sqlite.tables.instants import EPOCH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from feast import FeatureStore
    from support.sqlite_repo import Row

ASKED = pd.DataFrame({"user_id": ["a"], "event_timestamp": [NOON]})


def test_the_result_has_the_rows_columns_and_the_features_alone(tmp_path: Path) -> None:
    """Entity columns come first and stay, labels too; there are no helper columns."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)])
    asked = ASKED.assign(label="x", created_timestamp=1, rowid=2)
    found = store.get_historical_features(asked, ["scores:score"]).to_df()
    assert list(found.columns) == [*asked.columns, "score"]
    assert found.drop(columns="score").to_dict("records") == asked.to_dict("records")


def test_entity_rows_keep_order_and_doubles(tmp_path: Path) -> None:
    """Rows come back as they were asked, unsorted, twice and of nobody."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0), ("b", NOON, NOON, 2.0)])
    users = ["b", "a", None, "b", "x", "b"]
    asked = pd.DataFrame({"user_id": users, "event_timestamp": [NOON] * len(users)})
    table = store.get_historical_features(asked, ["scores:score"]).to_arrow()
    assert table.column("user_id").to_pylist() == users
    assert table.column("score").to_pylist() == [2.0, 1.0, None, 2.0, None, 2.0]


def test_rows_of_the_future_take_part_like_any_other(tmp_path: Path) -> None:
    """An event time of next century counts for who asks as of then, and hides nothing before."""
    future = NOON + timedelta(days=40_000)
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0), ("a", future, NOON, 2.0)])
    asked = pd.DataFrame({"user_id": ["a"] * 2, "event_timestamp": [NOON, future]})
    assert scores(store, asked) == [1.0, 2.0]


@pytest.mark.parametrize("ttl", [None, timedelta(0)])
def test_without_a_ttl_a_value_counts_for_ever(tmp_path: Path, ttl: timedelta | None) -> None:
    """A row of the first second of 1970 is as good as one of today."""
    store = scores_project(tmp_path, [("a", EPOCH, EPOCH, 1.0)], ttl=ttl)
    assert scores(store, ASKED) == [1.0]


@pytest.mark.parametrize("created", ["created_timestamp", None])
def test_identical_source_rows_never_multiply_rows(tmp_path: Path, created: str | None) -> None:
    """With and without created times, two equal rows of the source are one value."""
    write_scores(tmp_path, [("a", NOON, NOON, 1.0)] * 3, key=None)
    store = project(tmp_path)
    store.apply([USER, score_view(score_source(created_timestamp_column=created))])
    assert scores(store, ASKED) == [1.0]


def test_views_over_one_source_each_have_their_ttl(tmp_path: Path) -> None:
    """The source is shared, its age limit is not."""
    store = scores_project(tmp_path, [("a", NOON - HOUR, NOON, 1.0)], ttl=HOUR)
    store.apply([score_view(name="fresh", ttl=HOUR - MICROSECOND)])
    features = ["scores:score", "fresh:score"]
    job = store.get_historical_features(ASKED, features, full_feature_names=True)
    found = answer(job)
    assert (found["scores__score"], found["fresh__score"]) == ([1.0], [None])


def test_types_come_from_the_source_and_not_from_the_declared_field(tmp_path: Path) -> None:
    """A Float32 over doubles is double in Arrow, whether there is a match or not."""
    schema = fields(user_id=String, score=Float32)
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)], schema=schema)
    for user in ("a", "x"):
        table = store.get_historical_features(ASKED.assign(user_id=user), ["scores:score"])
        assert table.to_arrow().schema.field("score").type == pa.float64()


@pytest.mark.parametrize("declared", ["INTEGER", "TEXT"])
def test_keys_join_on_what_is_stored(tmp_path: Path, declared: str) -> None:
    """A key declared String over integers or text is asked with integers, which come back."""
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute(
            f"CREATE TABLE score (user_id {declared}, event_timestamp TIMESTAMP_S, score REAL)"
        )
        connection.execute("INSERT INTO score VALUES (7, 1704888000, 1.0)")
        connection.commit()
    store = project(tmp_path)
    store.apply([USER, score_view(score_source(created_timestamp_column=None))])
    found = answer(store.get_historical_features(ASKED.assign(user_id=7), ["scores:score"]))
    assert (found["user_id"], found["score"]) == ([7], [1.0])


def test_the_filter_by_created_time_is_declared_and_needs_a_created_time(tmp_path: Path) -> None:
    """A source without created times knows nothing that came later, so all of its rows count."""
    assert SQLiteOfflineStore.supports_filter_by_created_timestamp
    write_scores(tmp_path, [("a", NOON, NOON + HOUR, 1.0)])
    store = project(tmp_path)
    plain = score_source(name="plain", created_timestamp_column=None)
    store.apply([USER, score_view(), score_view(plain, name="plain")])
    features = ["scores:score", "plain:score"]
    job = store.get_historical_features(
        ASKED, features, full_feature_names=True, filter_by_created_timestamp=True
    )
    found = answer(job)
    assert (found["scores__score"], found["plain__score"]) == ([None], [1.0])


def test_a_mapping_that_names_no_column_does_nothing(tmp_path: Path) -> None:
    """Keys, times and features may be named in mappings of columns that the table lacks."""
    write_scores(tmp_path, [("a", NOON, NOON, 1.0)])
    gone = {"uid": "user_id", "ts": "event_timestamp", "made": "created_timestamp", "s": "score"}
    store = project(tmp_path)
    store.apply([USER, score_view(score_source(field_mapping=gone))])
    assert scores(store, ASKED) == [1.0]


def test_an_unknown_feature_is_a_key_error(tmp_path: Path) -> None:
    """At the latest when the result is asked for."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)])
    with pytest.raises(KeyError):
        store.get_historical_features(ASKED, ["scores:nothing"]).to_df()


def test_metadata_has_bounds_for_no_rows_at_all(tmp_path: Path) -> None:
    """Feast computes with both ends, also when nobody was asked for."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)])
    metadata = asked_of(store.get_historical_features(ASKED.iloc[:0], ["scores:score"]))
    assert metadata.max_event_timestamp == metadata.min_event_timestamp is not None


def test_a_wide_view_gives_the_features_asked_for_in_that_order(tmp_path: Path) -> None:
    """References choose columns and their order, in one view and across two."""
    rows = {"user_id": ["a"], "event_timestamp": [NOON], "one": [1], "two": [2], "three": [3]}
    write_table(tmp_path / DATABASE, "wide", pa.table(rows), ["user_id", "event_timestamp"])
    source = score_source(table="wide", created_timestamp_column=None)
    schema = fields(user_id=String, one=Int64, two=Int64, three=Int64)
    store = project(tmp_path)
    store.apply([USER, FeatureView(name="wide", entities=[USER], schema=schema, source=source)])
    job = store.get_historical_features(ASKED, ["wide:three", "wide:one"])
    assert job.to_arrow().column_names == ["user_id", "event_timestamp", "three", "one"]
    assert (answer(job)["three"], answer(job)["one"]) == ([3], [1])


FORMATS: dict[str, Callable[[int], object]] = {
    "unix_us": lambda at: at,
    "unix_ns": lambda at: at * 1000,
    "unix_real": lambda at: at / 10**6,
    "iso8601": lambda at: (pd.Timestamp(at, unit="us", tz="Asia/Kolkata")).isoformat(),
}


def copy_in_format(folder: Path, word: str, rows: Sequence[Row]) -> str:
    """Write rows into a table that holds instants in a format; return its name."""
    stored = FORMATS[word]
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        connection.execute(
            f"CREATE TABLE {word} (user_id TEXT, event_timestamp, created_timestamp, score REAL)"
        )
        cells = [
            (user, *(stored((time - EPOCH) // MICROSECOND) for time in (event, created)), score)
            for user, event, created, score in rows
        ]
        connection.executemany(f"INSERT INTO {word} VALUES (?, ?, ?, ?)", cells)
        connection.commit()
    return word


def random_rows(seed: int) -> list[Row]:
    """Return rows of few users at few instants, whole or a microsecond beside."""
    draw = random.Random(seed)
    return [
        (
            draw.choice("abc"),
            NOON + draw.randrange(4) * HOUR + draw.randrange(-1, 2) * MICROSECOND,
            NOON + draw.randrange(9) * MICROSECOND,
            float(number),
        )
        for number in range(200)
    ]


@pytest.mark.parametrize("as_seen", [True, False])
def test_one_history_gives_one_answer_in_every_format(tmp_path: Path, *, as_seen: bool) -> None:
    """Labelled, stated, as text, as REAL, as a query: the same rows are found."""
    rows = list({row[:3]: row for row in random_rows(seed=1)}.values())
    store: FeatureStore = scores_project(tmp_path, rows, ttl=HOUR)
    sources = [
        score_source(table=copy_in_format(tmp_path, word, rows), timestamp_format=word)
        for word in FORMATS
    ]
    sources.append(score_source(table=None, query="SELECT * FROM score", name="query"))
    store.apply([score_view(source, name=source.name, ttl=HOUR) for source in sources])
    times = [NOON + hours * HOUR + off * MICROSECOND for hours in range(5) for off in (-1, 0, 1)]
    asked = pd.DataFrame(
        [(user, time) for user in "abcx" for time in times], columns=["user_id", "event_timestamp"]
    )
    wanted = scores(store, asked, filter_by_created_timestamp=as_seen)
    assert len(set(wanted)) > 10
    for source in sources:
        job = store.get_historical_features(
            asked, [f"{source.name}:score"], filter_by_created_timestamp=as_seen
        )
        assert answer(job)["score"] == wanted, source.name
