"""Tables, columns, keys, features, views and datasets may have any name; none is run as SQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pytest
from feast import Entity, FeatureView
from feast.types import Float64, String
from feast.value_type import ValueType
from support.sqlite_repo import (
    DATABASE,
    HOUR,
    NOON,
    answer,
    fields,
    project,
    score_rows,
    scores_project,
)

from oo_stores.sqlite import SavedDatasetSQLiteStorage, SQLiteSource, write_table

if TYPE_CHECKING:
    from pathlib import Path

    from feast import FeatureStore

HOSTILE = 'a"; drop table x; --'
TABLE, KEY, TIME, MADE, SCORE = (
    f"{part} {HOSTILE}" for part in ("table", "key", "time", "made", "score")
)
ASKED = pd.DataFrame({KEY: ["a", HOSTILE], "event_timestamp": [NOON] * 2})
FEATURES = [f"scores:{SCORE}"]
REAL_TIMES = f'SELECT * FROM "{TABLE}"'.replace(HOSTILE, HOSTILE.replace('"', '""'))


@pytest.fixture(params=["table", "query", "text", "no index"])
def store(tmp_path: Path, request: pytest.FixtureRequest) -> FeatureStore:
    """Give a project in which nothing has a harmless name, beside a table x."""
    write_table(tmp_path / DATABASE, "x", pa.table({"kept": [1]}))
    instants = pa.array([NOON, NOON + HOUR], pa.timestamp("us", tz="UTC"))
    times = instants.cast(pa.string()) if request.param == "text" else instants
    rows = pa.table({KEY: ["a", HOSTILE], TIME: times, MADE: instants, SCORE: [1.0, 2.0]})
    key = [KEY, TIME, MADE] if request.param == "table" else None
    write_table(tmp_path / DATABASE, TABLE, rows, key)
    source = SQLiteSource(
        name=HOSTILE,
        table=None if request.param == "query" else TABLE,
        query=REAL_TIMES if request.param == "query" else None,
        timestamp_field=TIME,
        created_timestamp_column=MADE,
    )
    entity = Entity(name=KEY, join_keys=[KEY], value_type=ValueType.STRING)
    schema = fields(**{KEY: String, SCORE: Float64})
    store = project(tmp_path)
    store.apply(
        [entity, FeatureView(name="scores", entities=[entity], schema=schema, source=source)]
    )
    return store


def kept(folder: Path) -> list[tuple[int]]:
    """Return what is in the table x."""
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        found: list[tuple[int]] = connection.execute("SELECT kept FROM x").fetchall()
        return found


def test_any_names_are_joined(store: FeatureStore, tmp_path: Path) -> None:
    """A frame's keys and values are bound, never part of a statement."""
    found = answer(store.get_historical_features(ASKED, FEATURES))
    assert (found[KEY], found[SCORE]) == (["a", HOSTILE], [1.0, None])
    assert kept(tmp_path) == [(1,)]


def test_any_names_are_found_in_a_range(store: FeatureStore, tmp_path: Path) -> None:
    """So are rows without a frame, and those of a query."""
    ends: dict[str, Any] = {"start_date": NOON, "end_date": NOON + HOUR}
    found = answer(store.get_historical_features(None, FEATURES, **ends))
    assert sorted(zip(found[KEY], found[SCORE], strict=True)) == [("a", 1.0), (HOSTILE, 2.0)]
    quoted_key = KEY.replace('"', '""')
    query = f"SELECT '{HOSTILE}' AS \"{quoted_key}\", '2024-01-11' AS event_timestamp"
    found = answer(store.get_historical_features(query, FEATURES))
    assert (found[KEY], found[SCORE]) == ([HOSTILE], [2.0])
    assert kept(tmp_path) == [(1,)]


experimental = pytest.mark.filterwarnings("ignore:.*datasets? is an experimental:RuntimeWarning")


@experimental
def test_any_names_are_materialised_and_saved(store: FeatureStore, tmp_path: Path) -> None:
    """Pulls, and saved datasets under any table name, are quoted too."""
    store.materialize(NOON - HOUR, NOON + HOUR)
    job = store.get_historical_features(ASKED, FEATURES)
    storage = SavedDatasetSQLiteStorage(table=f"saved {HOSTILE}")
    store.create_saved_dataset(job, name="saved", storage=storage)
    frame = store.get_saved_dataset("saved").to_df()
    assert frame[SCORE].tolist()[:1] == [1.0]
    assert kept(tmp_path) == [(1,)]


@experimental
def test_a_view_and_a_dataset_may_have_any_name(tmp_path: Path) -> None:
    """Feast allows any; in full feature names, as SQL text, saved and written they are quoted."""
    write_table(tmp_path / DATABASE, "x", pa.table({"kept": [1]}))
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)], name=HOSTILE)
    asked = pd.DataFrame({"user_id": ["a"], "event_timestamp": [NOON]})
    job = store.get_historical_features(asked, [f"{HOSTILE}:score"], full_feature_names=True)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        assert connection.execute(job.to_sql()).fetchone()[-1] == 1.0
    storage = SavedDatasetSQLiteStorage(table="saved")
    store.create_saved_dataset(job, name=HOSTILE, storage=storage)
    assert store.get_saved_dataset(HOSTILE).to_df()[f"{HOSTILE}__score"].tolist() == [1.0]
    store.write_to_offline_store(HOSTILE, score_rows([("a", NOON, NOON, 2.0)]).to_pandas())
    assert answer(job)[f"{HOSTILE}__score"] == [2.0]
    assert kept(tmp_path) == [(1,)]
