"""A time that is text among integers is never passed by: a retrieval of its key refuses it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pytest
from feast import FeatureView
from feast.types import Float64
from support.sqlite_repo import (
    DATABASE,
    HOUR,
    NOON,
    USER,
    answer,
    fields,
    project,
    score_source,
    score_view,
    scores,
    scores_project,
)

from oo_stores.errors import ValueTypeError
from oo_stores.sqlite import SavedDatasetSQLiteStorage, SQLiteSource, write_table

if TYPE_CHECKING:
    from pathlib import Path

    from feast import FeatureStore

ROWS = [("a", NOON, NOON, 1.0), ("b", NOON, NOON, 2.0)]
LATER = "2024-01-10 13:00"
STRAY = rf"column 'event_timestamp' .* counts instants, but holds '{LATER}' where user_id='a'"


def asked(*users: object) -> pd.DataFrame:
    """Return entity rows of users, two hours after noon."""
    return pd.DataFrame({"user_id": users, "event_timestamp": [NOON + 2 * HOUR] * len(users)})


def add(folder: Path, *row: object) -> None:
    """Insert a row past the store, as another program would."""
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        connection.execute("INSERT INTO score VALUES (?, ?, ?, ?)", row)
        connection.commit()


@pytest.fixture(params=[("user_id", "event_timestamp", "created_timestamp"), None])
def store(tmp_path: Path, request: pytest.FixtureRequest) -> FeatureStore:
    """Give a project whose table has a key, or an index that the first retrieval makes."""
    store = scores_project(tmp_path, ROWS, key=request.param)
    add(tmp_path, "a", LATER, 0, 9.0)
    return store


def test_a_stray_of_an_asked_key_is_refused(store: FeatureStore, tmp_path: Path) -> None:
    """An older value would stand in its place; table, column, value and key are named."""
    with pytest.raises(ValueTypeError, match=STRAY) as refused:
        scores(store, asked("b", "a", "a"))
    assert f"table 'score' of {tmp_path / DATABASE}" in str(refused.value)
    assert "correct the row, or state it" in str(refused.value)


def test_a_stray_of_nobody_asked_for_is_left_to_validate(store: FeatureStore) -> None:
    """A retrieval looks at the keys that it is asked for, and at nothing else."""
    assert scores(store, asked("b", "x", None)) == [2.0, None, None]
    with pytest.raises(ValueTypeError, match="1 TEXT"):
        score_source().validate(store.config)


@pytest.mark.filterwarnings("ignore:.*datasets? is an experimental:RuntimeWarning")
def test_a_refused_result_is_not_saved(store: FeatureStore, tmp_path: Path) -> None:
    """The table of a saved dataset is made whole or not at all."""
    job = store.get_historical_features(asked("a"), ["scores:score"])
    with pytest.raises(ValueTypeError, match=STRAY):
        job.persist(SavedDatasetSQLiteStorage(table="saved", path="saved.db"))
    assert not (tmp_path / "saved.db").exists()


@pytest.mark.parametrize("pull", ["pull_latest", "pull_all"])
def test_a_pull_refuses_it(store: FeatureStore, pull: str) -> None:
    """What is materialised up to an instant leaves out no row in silence."""
    read = getattr(store._get_provider().offline_store, f"{pull}_from_table_or_query")  # noqa: SLF001  Feast's only way
    times = ("event_timestamp", "created_timestamp", NOON - HOUR, NOON + HOUR)
    job = read(store.config, score_source(), ["user_id"], ["score"], *times)
    with pytest.raises(ValueTypeError, match="event_timestamp"):
        job.to_arrow()


@pytest.mark.parametrize("number", [0, 255, 256, 599])
def test_a_stray_is_found_among_many_keys(tmp_path: Path, number: int) -> None:
    """Whichever of the statements of some hundred keys its key is in."""
    users = [f"u{n:03}" for n in range(600)]
    store = scores_project(tmp_path, [(user, NOON, NOON, 1.0) for user in users])
    assert scores(store, asked(*users)) == [1.0] * len(users)
    add(tmp_path, users[number], LATER, 0, 9.0)
    with pytest.raises(ValueTypeError, match=f"holds '{LATER}' where user_id='{users[number]}'"):
        scores(store, asked(*users))


@pytest.mark.parametrize("keys", [pd.Categorical(["a", "b"]), [5, 5.0]])
def test_keys_of_any_kind_are_looked_at(tmp_path: Path, keys: Any) -> None:  # noqa: ANN401  what pandas takes
    """As a seek finds them."""
    store = scores_project(tmp_path, [("5", NOON, NOON, 1.0)])
    frame = asked("a", "b").assign(user_id=keys)
    scores(store, frame)
    add(tmp_path, str(keys[0]), b"noon", 0, 9.0)
    with pytest.raises(ValueTypeError, match="holds b'noon'"):
        scores(store, frame)


def test_a_stray_in_what_is_copied_is_refused(tmp_path: Path) -> None:
    """A query's rows are all looked at, and both times."""
    store = scores_project(tmp_path, ROWS)
    query = score_source(table=None, query="SELECT * FROM score", name="query")
    store.apply([score_view(query)])
    assert scores(store, asked("a")) == [1.0]
    add(tmp_path, "b", 0, "yesterday", 9.0)
    with pytest.raises(ValueTypeError, match=rf"of {tmp_path}.*'created_timestamp'.*'yesterday'"):
        scores(store, asked("a"))


def test_a_stray_of_a_view_without_entities_is_refused(tmp_path: Path) -> None:
    """There is no key to name."""
    instants = pa.array([NOON], pa.timestamp("us", tz="UTC"))
    rows = pa.table({"event_timestamp": instants, "score": [1.0]})
    write_table(tmp_path / DATABASE, "score", rows, ["event_timestamp"])
    source = SQLiteSource(table="score", timestamp_field="event_timestamp")
    store = project(tmp_path)
    view = FeatureView(name="scores", schema=fields(score=Float64), source=source)
    store.apply([USER, view])
    job = store.get_historical_features(asked("a"), ["scores:score"])
    assert answer(job)["score"] == [1.0]
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("INSERT INTO score VALUES (?, 9.0)", (LATER,))
        connection.commit()
    with pytest.raises(ValueTypeError, match=f"but holds '{LATER}'; correct the row"):
        job.to_df()


def test_text_where_text_is_stated_is_no_stray(tmp_path: Path) -> None:
    """Columns of text are read as instants, and REAL among integers compares as what it is."""
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("CREATE TABLE score (user_id TEXT, event_timestamp, made, score REAL)")
        connection.execute("INSERT INTO score VALUES ('a', ?, NULL, 3.0)", (LATER,))
        connection.commit()
    store = project(tmp_path)
    text = score_source(created_timestamp_column=None, timestamp_format="iso8601")
    store.apply([USER, score_view(text)])
    assert scores(store, asked("a")) == [3.0]
