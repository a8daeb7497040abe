"""A job says itself in one SELECT, which anybody can run on the file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from feast.types import Float64, String
from hypothesis import example, given
from hypothesis import strategies as st
from support.sqlite_repo import (
    DATABASE,
    HOUR,
    KEY,
    NOON,
    USER,
    Row,
    fields,
    project,
    score_rows,
    score_source,
    score_view,
    scores_project,
    write_scores,
)

from oo_stores.errors import UnsupportedError
from oo_stores.sqlite import SQLiteOfflineStore, SQLiteSource, write_table
from oo_stores.sqlite.sql_text.sql_literals import literal
from oo_stores.sqlite.values.codec import column_type_for, encoded

if TYPE_CHECKING:
    from pathlib import Path

    from feast import FeatureStore
    from feast.infra.offline_stores.offline_store import RetrievalJob

ROWS: list[Row] = [
    ("a", NOON, NOON, 1.0),
    ("a", NOON, NOON + 2 * HOUR, 2.0),
    ("b", NOON - HOUR, NOON, 3.0),
    ("it's", NOON, NOON, 4.0),
]
ASKED = pd.DataFrame(
    {
        "label": [1.5, None, 0.1, 2.0, 3.0],
        "user_id": ["a", "x", "it's", "b", "a"],
        "event_timestamp": [NOON + HOUR, NOON, NOON, NOON, NOON - HOUR],
    }
)


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    """Give a project over a small history."""
    return scores_project(tmp_path, ROWS)


def run(job: RetrievalJob, path: Path) -> list[tuple[Any, ...]]:
    """Return what the job's SQL gives on a plain connection to the file."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute(job.to_sql()).fetchall()


def as_stored(job: RetrievalJob) -> list[tuple[Any, ...]]:
    """Return the job's rows as a table would hold them."""
    table = job.to_arrow()
    columns = [table.column(name) for name in table.column_names]
    kinds = [column_type_for(c, n) for c, n in zip(columns, table.column_names, strict=True)]
    values = [encoded(column, kind, kind.name) for column, kind in zip(columns, kinds, strict=True)]
    return list(zip(*values, strict=True))


@pytest.mark.parametrize("ttl", [timedelta(0), timedelta(minutes=30)])
@pytest.mark.parametrize("as_seen", [False, True])
def test_a_retrieval_in_sql_gives_its_rows(
    store: FeatureStore, tmp_path: Path, ttl: timedelta, *, as_seen: bool
) -> None:
    """Values, order and nulls are the same, with TTL and without, as seen then and now."""
    store.apply([USER, score_view(ttl=ttl)])
    job = store.get_historical_features(
        ASKED, ["scores:score"], filter_by_created_timestamp=as_seen, full_feature_names=True
    )
    assert run(job, tmp_path / DATABASE) == as_stored(job)


def test_several_views_stand_in_one_select(store: FeatureStore, tmp_path: Path) -> None:
    """A table without created times, and a query that ends in a comment, beside a plain table."""
    write_table(
        tmp_path / DATABASE,
        "plain",
        score_rows(ROWS).drop_columns("created_timestamp"),
        ("user_id", "event_timestamp"),
    )
    query = SQLiteSource(
        name="halves",
        query="SELECT user_id, event_timestamp, score / 2 AS half FROM score; -- by two",
        timestamp_field="event_timestamp",
    )
    plain = score_source(table="plain", created_timestamp_column=None, name="plain")
    store.apply(
        [
            USER,
            score_view(),
            score_view(plain, name="plain"),
            score_view(query, name="halves", schema=fields(user_id=String, half=Float64)),
        ]
    )
    job = store.get_historical_features(
        ASKED, ["scores:score", "plain:score", "halves:half"], full_feature_names=True
    )
    assert run(job, tmp_path / DATABASE) == as_stored(job)


def test_a_query_of_entity_rows_stands_in_the_text_itself(
    store: FeatureStore, tmp_path: Path
) -> None:
    """So the text does not grow with its rows, and it is answered anew."""
    query = "\n  SELECT user_id, event_timestamp + 3600000000 AS event_timestamp FROM score"
    job = store.get_historical_features(query, ["scores:score"])
    assert "SELECT user_id, event_timestamp + 3600000000" in job.to_sql()
    assert "VALUES" not in job.to_sql()
    assert run(job, tmp_path / DATABASE) == as_stored(job)


def test_a_retrieval_over_a_range_says_its_rows(store: FeatureStore, tmp_path: Path) -> None:
    """Also rows that nobody gave, and a result without any."""
    for start in (NOON - HOUR, NOON + 5 * HOUR):
        job = store.get_historical_features(
            features=["scores:score"], start_date=start, end_date=start + 2 * HOUR
        )
        assert run(job, tmp_path / DATABASE) == as_stored(job)


def pull(store: FeatureStore, *, newest: bool, keys: tuple[str, ...] = ("user_id",)) -> Any:  # noqa: ANN401  Feast's class has no types
    """Return a job that pulls an hour and its ends."""
    read = (
        SQLiteOfflineStore.pull_latest_from_table_or_query
        if newest
        else SQLiteOfflineStore.pull_all_from_table_or_query
    )
    return read(
        store.config,
        score_source(),
        list(keys),
        ["score"],
        "event_timestamp",
        "created_timestamp",
        NOON - HOUR,
        NOON,
    )


@pytest.mark.parametrize("newest", [False, True])
@pytest.mark.parametrize("keys", [("user_id",), ()])
def test_a_pull_in_sql_gives_its_rows(
    store: FeatureStore, tmp_path: Path, keys: tuple[str, ...], *, newest: bool
) -> None:
    """All rows of a range, or the newest of each key, or of all where there are no keys."""
    job = pull(store, newest=newest, keys=keys)
    assert sorted(run(job, tmp_path / DATABASE)) == sorted(as_stored(job))


def test_what_no_select_gives_is_refused(store: FeatureStore, tmp_path: Path) -> None:
    """Several files, too many rows, times as text: each says why, and what to do."""
    write_table(tmp_path / "other.db", "score", score_rows(ROWS), KEY)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("CREATE TABLE texts (user_id TEXT, at TEXT, score DOUBLE)")
        connection.execute("INSERT INTO texts VALUES ('a', '2024-01-10T12:00:00Z', 1.0)")
        connection.commit()
    elsewhere = score_source(path="other.db", name="elsewhere")
    texts = SQLiteSource(table="texts", timestamp_field="at", timestamp_format="iso8601")
    views = [score_view(), score_view(elsewhere, name="other"), score_view(texts, name="texts")]
    store.apply([USER, *views])
    many = pd.concat([ASKED] * 2001)
    for rows, features, reason in (
        (ASKED, ["scores:score", "other:score"], "several files"),
        (many, ["scores:score"], "10005 entity rows"),
        (ASKED, ["texts:score"], "text or REAL"),
    ):
        job = store.get_historical_features(rows, features, full_feature_names=True)
        with pytest.raises(UnsupportedError, match=reason):
            job.to_sql()
        assert job.to_arrow().num_rows == len(rows)


def test_there_is_no_remote_storage(store: FeatureStore) -> None:
    """The job says so when it is asked, and refuses in words."""
    job = store.get_historical_features(ASKED, ["scores:score"])
    assert not job.supports_remote_storage_export()
    with pytest.raises(NotImplementedError, match="no remote storage"):
        job.to_remote_storage()


@pytest.mark.parametrize("table", ['a"; drop table x; --', "asked", "found", "VALUES"])
def test_names_that_look_like_sql_stay_names(tmp_path: Path, table: str) -> None:
    """A table with quotes in its name or with a word of the text's own is the one that is read."""
    write_table(tmp_path / DATABASE, table, score_rows(ROWS), KEY)
    write_scores(tmp_path, ROWS)
    store = project(tmp_path)
    store.apply([USER, score_view(score_source(table=table))])
    quoted = table.replace('"', '""')
    query = f'SELECT user_id, event_timestamp FROM "{quoted}" ORDER BY user_id DESC'
    for rows in (ASKED, query):
        job = store.get_historical_features(rows, ["scores:score"])
        assert run(job, tmp_path / DATABASE) == as_stored(job)


@given(
    st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
)
@example(7.829425618666342e-302)  # some SQLites read these digits, and the next, as a neighbour
@example(-0.00680762878510882)
@example(5e-324)
@example(-1.7976931348623157e308)
def test_a_literal_means_exactly_its_value(value: float | str | bytes | None) -> None:
    """Also the least integer, infinities, quotes and NULs."""
    with closing(sqlite3.connect(":memory:")) as connection:
        found, kind = connection.execute(
            f"SELECT {literal(value)}, typeof({literal(value)})"
        ).fetchone()
    assert (found, type(found)) == (value, type(value))
    assert (kind == "null") == (value is None)
