"""Rows are written whole or not at all, by name, and are there for the next read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pytest
from feast.infra.offline_stores.offline_utils import get_offline_store_from_config
from support.sqlite_repo import (
    DATABASE,
    HOUR,
    KEY,
    NOON,
    USER,
    project,
    score_rows,
    score_source,
    score_view,
    scores,
    scores_project,
)

from oo_stores.errors import ColumnMissingError, OfflineStoreError, SourceError, ValueTypeError
from oo_stores.sqlite import write_table

if TYPE_CHECKING:
    from pathlib import Path

ASKED = pd.DataFrame({"user_id": ["a", "b"], "event_timestamp": [NOON + HOUR] * 2})


def stored(path: Path, table: str = "score") -> list[tuple[Any, ...]]:
    """Return the rows of a table as SQLite holds them."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3").fetchall()


def batch(*users: str, score: float = 9.0) -> pd.DataFrame:
    """Return a frame of new rows, an hour after noon."""
    times = pd.to_datetime([NOON + HOUR] * len(users))
    return pd.DataFrame(
        {
            "score": [score] * len(users),
            "created_timestamp": times.tz_localize(None),
            "user_id": users,
            "event_timestamp": times,
        },
    )


def test_instants_are_integer_microseconds(tmp_path: Path) -> None:
    """A table is made with the declared types, and holds plain numbers in UTC."""
    path = tmp_path / "new folder" / "x.db"
    assert write_table(path, "score", score_rows([("a", NOON, NOON, 1.5)]), KEY) == 1
    micros = int(NOON.timestamp()) * 10**6
    assert stored(path) == [("a", micros, micros, 1.5)]
    with closing(sqlite3.connect(path)) as connection:
        (sql,) = connection.execute("SELECT sql FROM sqlite_master").fetchone()
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    assert '"event_timestamp" TIMESTAMP_US' in sql
    assert sql.endswith("WITHOUT ROWID")
    assert mode == "wal"


def test_a_row_of_the_same_key_is_replaced(tmp_path: Path) -> None:
    """Writing the same rows again changes nothing; other rows are added."""
    path = tmp_path / "x.db"
    first = score_rows([("a", NOON, NOON, 1.0), ("b", NOON, NOON, 2.0)])
    write_table(path, "score", first, KEY)
    write_table(path, "score", first, KEY)
    write_table(path, "score", score_rows([("a", NOON, NOON, 3.0), ("c", NOON, NOON, 4.0)]))
    assert [(row[0], row[3]) for row in stored(path)] == [("a", 3.0), ("b", 2.0), ("c", 4.0)]


def test_the_whole_row_is_replaced(tmp_path: Path) -> None:
    """A column that the new row lacks is null, and not what the earlier one had."""
    path = tmp_path / "x.db"
    write_table(path, "score", score_rows([("a", NOON, NOON, 1.0), ("b", NOON, NOON, 2.0)]), KEY)
    write_table(path, "score", score_rows([("a", NOON, NOON, 3.0)]).drop_columns("score"))
    assert [row[3] for row in stored(path)] == [None, 2.0]


@pytest.mark.parametrize(
    ("columns", "new_key", "refusal"),
    [
        ("a INT UNIQUE, b INT, c INT", 1, ""),
        ("a INT, b INT, c INT, UNIQUE (a, b)", 1, ""),
        ("a INT PRIMARY KEY, b INT UNIQUE, c INT", 2, r"x\.b; correct the rows"),
        ("a INT UNIQUE, b INT UNIQUE, c INT", 1, r"x\.[ab]; correct the rows"),
    ],
)
def test_what_is_unique_beside_the_key_deletes_no_row(
    tmp_path: Path, columns: str, new_key: int, refusal: str
) -> None:
    """A row of the same key is replaced; a row of another key is never given up for a new one."""
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE x ({columns})")
    write_table(path, "x", pa.table({"a": [1], "b": [1], "c": [1]}))
    again = pa.table({"a": [new_key], "b": [1], "c": [2]})
    if refusal:
        with pytest.raises(OfflineStoreError, match=f"UNIQUE constraint failed: {refusal}"):
            write_table(path, "x", again)
    else:
        write_table(path, "x", again)
    assert stored(path, "x") == [(1, 1, 1 if refusal else 2)]


def test_a_table_of_keys_alone_takes_a_row_twice(tmp_path: Path) -> None:
    """There is nothing to replace then."""
    rows = pa.table({"user_id": ["a"]})
    for _ in range(2):
        write_table(tmp_path / "x.db", "users", rows, ["user_id"])
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
        assert connection.execute("SELECT * FROM users").fetchall() == [("a",)]


def test_without_a_key_rows_are_only_added(tmp_path: Path) -> None:
    """A table without a key holds a row as often as it was written."""
    path = tmp_path / "x.db"
    for _ in range(2):
        write_table(path, "score", score_rows([("a", NOON, NOON, 1.0)]))
    assert len(stored(path)) == 2


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (pa.table({"user_id": ["b"], "speed": [1.0]}), ColumnMissingError, "no column 'speed'"),
        (
            pa.table({"user_id": ["b"], "score": ["fast"]}),
            ValueTypeError,
            "'score', declared DOUBLE",
        ),
        (pa.table({"user_id": ["b"], "score": [1.0]}), OfflineStoreError, "NOT NULL"),
    ],
)
def test_rows_that_do_not_fit_leave_the_table_as_it_was(
    tmp_path: Path, data: pa.Table, error: type[Exception], message: str
) -> None:
    """An unknown column, an unfit value and a missing key part are named."""
    path = tmp_path / "x.db"
    write_table(path, "score", score_rows([("a", NOON, NOON, 1.0)]), KEY)
    before = stored(path)
    with pytest.raises(error, match=message):
        write_table(path, "score", data)
    assert stored(path) == before


def test_a_table_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """A key of unknown columns, no columns, or a type without a word: nothing is made."""
    path = tmp_path / "x.db"
    with pytest.raises(ColumnMissingError, match=r"the key of table 'score'.*speed"):
        write_table(path, "score", score_rows([]), ["speed"])
    with pytest.raises(SourceError, match="at least one column"):
        write_table(path, "score", pa.table({}))
    with pytest.raises(SourceError, match="needs a name"):
        write_table(path, "", score_rows([]))
    for two in (["score", "Score"], ["score", "score"]):
        with pytest.raises(SourceError, match=f"'score' and '{two[1]}' are one column"):
            write_table(path, "score", pa.Table.from_arrays([pa.array([1]), pa.array([2])], two))
    with pytest.raises(ValueTypeError, match="'x' is of Arrow type duration"):
        write_table(path, "score", pa.table({"x": [HOUR]}))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []


def test_a_batch_is_there_for_the_next_retrieval(tmp_path: Path) -> None:
    """Columns may come in any order, naive beside aware; consecutive batches add up."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0), ("b", NOON, NOON, 2.0)])
    store.write_to_offline_store("scores", batch("a"))
    store.write_to_offline_store("scores", batch("b", score=8.0).set_index(pd.Index([5])))
    assert scores(store, ASKED) == [9.0, 8.0]


def test_a_batch_arrives_under_mapped_names(tmp_path: Path) -> None:
    """Feast checks raw names and hands over mapped ones; the rows reach their columns."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)])
    source = score_source(
        field_mapping={"score": "points", "event_timestamp": "ts"}, timestamp_field="ts"
    )
    store.apply([USER, score_view(source, schema=None)])
    store.write_to_offline_store("scores", batch("b"))
    job = store.get_historical_features(ASKED, ["scores:points"])
    assert job.to_df()["points"].tolist() == [1.0, 9.0]


def test_a_batch_of_other_columns_is_refused(tmp_path: Path) -> None:
    """Missing and unknown columns raise, and nothing is written."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)])
    before = stored(tmp_path / DATABASE)
    with pytest.raises(ValueError, match="missing_expected_columns"):
        store.write_to_offline_store("scores", batch("b").drop(columns="score"))
    offline = get_offline_store_from_config(store.config.offline_store)
    view = store.get_feature_view("scores")
    rows = pa.table({"user_id": ["b"]})
    with pytest.raises(ValueError, match="they must be the same"):
        offline.__class__.offline_write_batch(store.config, view, rows, None)
    assert stored(tmp_path / DATABASE) == before


def test_progress_counts_the_rows_written(tmp_path: Path) -> None:
    """The callback is told how many rows each step wrote."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)])
    offline = get_offline_store_from_config(store.config.offline_store)
    view = store.get_feature_view("scores")
    users = [f"u{number}" for number in range(20_001)]
    rows = score_rows([(user, NOON, NOON, 1.0) for user in users])
    steps: list[int] = []
    offline.__class__.offline_write_batch(store.config, view, rows, steps.append)
    assert sum(steps) == 20_001
    assert len(stored(tmp_path / DATABASE)) == 20_002


def test_pushed_rows_reach_the_offline_store(tmp_path: Path) -> None:
    """A view over another file writes there, not into the store's."""
    store = project(tmp_path)
    write_table(tmp_path / "other.db", "score", score_rows([]), KEY)
    store.apply([USER, score_view(score_source(path="other.db"))])
    store.write_to_offline_store("scores", batch("a"))
    assert [row[0] for row in stored(tmp_path / "other.db")] == ["a"]
    assert not (tmp_path / DATABASE).exists()
