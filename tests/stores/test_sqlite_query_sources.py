"""A source may read a query or a SQL view in place of a table."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pytest
from feast.data_source import DataSource
from feast.types import Float64, String
from feast.value_type import ValueType
from support.sqlite_repo import (
    DATABASE,
    HOUR,
    NOON,
    USER,
    fields,
    project,
    score_source,
    score_view,
    scores,
    write_scores,
)

from oo_stores.errors import QueryError, SourceError, TableMissingError, ValueTypeError
from oo_stores.sqlite import SavedDatasetSQLiteStorage, SQLiteOfflineStore, SQLiteSource

if TYPE_CHECKING:
    from pathlib import Path

    from feast import FeatureStore

ROWS = [("a", NOON, NOON, 2.0), ("a", NOON, NOON + HOUR, 1.0), ("b", NOON, NOON, 3.0)]
ASKED = pd.DataFrame({"user_id": ["a", "b", "x"], "event_timestamp": [NOON] * 3})
ALL = "SELECT * FROM score"


def query_source(query: str = ALL, **changes: Any) -> SQLiteSource:  # noqa: ANN401  any of the source's arguments
    """Return a source over a query."""
    return score_source(table=None, query=query, name="asked", **changes)


def query_store(folder: Path, query: str = ALL, **changes: Any) -> FeatureStore:  # noqa: ANN401  any of the source's arguments
    """Return a project over the table `score` whose view reads a query."""
    write_scores(folder, ROWS, key=None)
    store = project(folder)
    store.apply([USER, score_view(query_source(query, **changes))])
    return store


@pytest.mark.parametrize(
    "query",
    [
        ALL,
        "\n    SELECT * FROM score;\n",
        "WITH all_rows AS (SELECT * FROM score) SELECT * FROM all_rows -- all of them",
        "/* twice */ SELECT * FROM score UNION ALL SELECT * FROM score;",
    ],
)
def test_a_query_is_read_like_a_table(tmp_path: Path, query: str) -> None:
    """Ties are decided, unknown users are null, and the file stays as it was."""
    store = query_store(tmp_path, query)
    assert scores(store, ASKED) == [1.0, 3.0, None]
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("score",)]


def test_a_query_may_filter_join_and_compute(tmp_path: Path) -> None:
    """An expression is a feature with the type of its values."""
    query = "SELECT user_id, event_timestamp, created_timestamp, score * 10 AS score FROM score"
    store = query_store(tmp_path, query)
    job = store.get_historical_features(ASKED, ["scores:score"])
    assert job.to_arrow().schema.field("score").type == pa.float64()
    assert scores(store, ASKED) == [10.0, 30.0, None]


@pytest.mark.parametrize("pull_latest", [True, False])
def test_a_query_is_materialised(tmp_path: Path, *, pull_latest: bool) -> None:
    """Both kinds of pull read it: each key's newest row, and all rows."""
    store = query_store(tmp_path)
    pull = (
        SQLiteOfflineStore.pull_latest_from_table_or_query
        if pull_latest
        else SQLiteOfflineStore.pull_all_from_table_or_query
    )
    columns = (["user_id"], ["score"], "event_timestamp", "created_timestamp", NOON, NOON)
    found = pull(store.config, query_source(), *columns).to_arrow().to_pydict()
    wanted = [("a", 1.0), ("b", 3.0)] if pull_latest else [("a", 1.0), ("a", 2.0), ("b", 3.0)]
    assert sorted(zip(found["user_id"], found["score"], strict=True)) == wanted


def test_the_schema_is_inferred_from_a_query(tmp_path: Path) -> None:
    """Columns have their declared types, expressions those of their values, nulls are strings."""
    write_scores(tmp_path, ROWS)
    query = """
        SELECT user_id, event_timestamp, created_timestamp, score AS declared, 1 AS whole,
               score / 2 AS half, iif(score > 1, 1, 0.5) AS both, 'x' || user_id AS words,
               x'00' AS bytes, NULL AS missing
        FROM score
    """
    store = project(tmp_path)
    store.apply([USER, score_view(query_source(query), schema=None)])
    view = store.get_feature_view("scores")
    assert {field.name: field.dtype.to_value_type() for field in view.features} == {
        "declared": ValueType.DOUBLE,
        "whole": ValueType.INT64,
        "half": ValueType.DOUBLE,
        "both": ValueType.DOUBLE,
        "words": ValueType.STRING,
        "bytes": ValueType.BYTES,
        "missing": ValueType.STRING,
    }


MIXED = """SELECT user_id, event_timestamp, created_timestamp,
           iif(user_id = 'a', 1, 'many') AS score, 5 AS whole FROM score"""


def test_an_expression_of_several_kinds_is_refused_when_it_is_read(tmp_path: Path) -> None:
    """The message says what was found, and both ways out; other columns can be read."""
    store = query_store(tmp_path, MIXED)
    with pytest.raises(ValueTypeError, match=r"2 INTEGER .* and 1 TEXT .*CAST it.*column_types="):
        scores(store, ASKED)
    store.apply([score_view(query_source(MIXED), schema=fields(user_id=String, whole=Float64))])
    job = store.get_historical_features(ASKED, ["scores:whole"])
    assert job.to_arrow().column("whole").to_pylist() == [5, 5, None]


def test_the_type_of_an_expression_may_be_stated(tmp_path: Path) -> None:
    """Whole numbers are doubles if the source says so, whatever values there are."""
    query = "SELECT user_id, event_timestamp, created_timestamp, 5 AS score FROM score"
    store = query_store(tmp_path, query, column_types={"score": "DOUBLE"})
    job = store.get_historical_features(ASKED, ["scores:score"])
    assert job.to_arrow().schema.field("score").type == pa.float64()


def test_a_views_expressions_have_the_types_of_their_values(tmp_path: Path) -> None:
    """A SQL view is read like a query."""
    write_scores(tmp_path, ROWS, key=None)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute(
            "CREATE VIEW seen AS SELECT user_id, event_timestamp, created_timestamp,"
            " CAST(score AS INTEGER) * 3000000000 AS score FROM score"
        )
    store = project(tmp_path)
    store.apply([USER, score_view(score_source(table="seen"))])
    table = store.get_historical_features(ASKED, ["scores:score"]).to_arrow()
    assert table.column("score").to_pylist() == [3_000_000_000, 9_000_000_000, None]
    assert table.schema.field("score").type == pa.int64()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("DELETE FROM score", "may only SELECT, and would DELETE score"),
        ("SELECT 1; DROP TABLE score", "one statement at a time"),
        ("SELECT * FROM score WHERE user_id = ?", "without parameters"),
        ("SELEC", "syntax error"),
        ("VACUUM", "syntax error"),
    ],
)
def test_what_is_no_select_is_refused_and_not_run(tmp_path: Path, query: str, message: str) -> None:
    """Validation and retrieval name the source and say why; the table is untouched."""
    store = query_store(tmp_path, query)
    with pytest.raises(QueryError, match=rf"query 'asked' of .*{message}"):
        query_source(query).validate(store.config)
    with pytest.raises(QueryError, match=message):
        scores(store, ASKED)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        assert connection.execute("SELECT count(*) FROM score").fetchone() == (3,)


def test_a_querys_table_may_come_after_apply(tmp_path: Path) -> None:
    """Validation says that it is not there yet; a retrieval before it is an error."""
    store = query_store(tmp_path, "SELECT * FROM mood")
    query_source("SELECT * FROM mood").validate(store.config)
    with pytest.raises(TableMissingError, match=r"query 'asked' of .*no such table: mood"):
        scores(store, ASKED)


def test_a_query_survives_the_registry() -> None:
    """Query, formats and types come back; other ones are another source."""
    source = query_source(timestamp_format="unix_ms", column_types={"score": "DOUBLE"})
    back = DataSource.from_proto(source.to_proto())
    assert (back, hash(back)) == (source, hash(source))
    assert (back.query, back.table) == (ALL, "")
    assert back.timestamp_format == dict.fromkeys(
        ("event_timestamp", "created_timestamp"), "unix_ms"
    )
    assert back.column_types == {"score": "DOUBLE"}
    others = [query_source(), query_source(f"{ALL} "), query_source(timestamp_format="unix_s")]
    assert source not in others


def test_a_registry_from_before_queries_is_read() -> None:
    """An entry with only a table and a path is what it was."""
    source = score_source(path="x.db")
    proto = source.to_proto()
    proto.custom_options.configuration = b'{"table": "score", "path": "x.db"}'
    assert DataSource.from_proto(proto) == source


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"table": "score", "query": ALL}, "both a table, 'score', and a query"),
        ({"query": ALL}, "a query needs a name"),
        ({}, "needs a table or a query"),
    ],
)
def test_either_a_table_or_a_query_is_given(arguments: dict[str, Any], message: str) -> None:
    """A source reads one thing, and has a name."""
    with pytest.raises(SourceError, match=message):
        SQLiteSource(timestamp_field="event_timestamp", **arguments)


def test_a_query_is_not_written(tmp_path: Path) -> None:
    """Rows for a view over a query or a SQL view, and a saved dataset in it, are refused."""
    store = query_store(tmp_path)
    batch = pd.DataFrame(
        {
            "user_id": ["c"],
            "event_timestamp": [NOON],
            "created_timestamp": [NOON],
            "score": [1.0],
        }
    )
    with pytest.raises(SourceError, match=r"query 'asked' of .* cannot be written"):
        store.write_to_offline_store("scores", batch)
    with pytest.raises(SourceError, match="a query has no table"):
        SavedDatasetSQLiteStorage.from_data_source(query_source())
    assert scores(store, ASKED.assign(user_id="c")) == [None] * 3


def test_a_query_stands_behind_from() -> None:
    """Whoever builds SQL on a source's text gets a subquery."""
    text = query_source("SELECT 1 AS one -- two\n;").get_table_query_string()
    with closing(sqlite3.connect(":memory:")) as connection:
        assert connection.execute(f"SELECT one FROM {text}").fetchall() == [(1,)]
