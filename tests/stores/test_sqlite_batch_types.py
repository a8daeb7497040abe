"""Batches are written in the types that the table declares, whatever types they come in."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from feast.infra.offline_stores.offline_utils import get_offline_store_from_config
from feast.types import Bool, Bytes, Float32, Int64, String
from support.sqlite_repo import (
    DATABASE,
    HOUR,
    NOON,
    USER,
    fields,
    project,
    score_source,
    score_view,
)

from oo_stores.errors import OfflineStoreError, ValueTypeError
from oo_stores.sqlite.config import database_path

if TYPE_CHECKING:
    from pathlib import Path

    from feast import FeatureStore

INSTANT = pa.timestamp("us", tz="UTC")
COLUMNS = {
    "user_id": "TEXT",
    "event_timestamp": "TIMESTAMP_US",
    "created_timestamp": "TIMESTAMP_US",
    "weight": "FLOAT",
    "visits": "BIGINT",
    "is_new": "BOOLEAN",
    "picture": "BLOB",
    "words": "TEXT_LIST",
    "document": "JSON_TEXT",
    "options": "MAP_TEXT",
    "place": '"STRUCT(lat DOUBLE, name TEXT)"',
}
ROW: dict[str, Any] = {
    "user_id": "a",
    "event_timestamp": NOON,
    "created_timestamp": NOON,
    "weight": 0.1,
    "visits": 2**62,
    "is_new": True,
    "picture": b"\0x",
    "words": ["it's", ""],
    "document": '{"a": [1, null]}',
    "options": '{"dark": true}',
    "place": {"lat": 47.5, "name": "Buda"},
}
FEATURES = [name for name in COLUMNS if name not in {"user_id", *list(COLUMNS)[1:3]}]


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    """Give a project over an empty table with a column of many types."""
    listed = ", ".join(f"{name} {declared}" for name, declared in COLUMNS.items())
    key = "PRIMARY KEY (user_id, event_timestamp, created_timestamp)"
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute(f"CREATE TABLE score ({listed}, {key}) WITHOUT ROWID")
    store = project(tmp_path)
    # Structs and the like are stored also where nobody asks for them.
    known = fields(user_id=String, weight=Float32, visits=Int64, is_new=Bool, picture=Bytes)
    store.apply([USER, score_view(score_source(), schema=known)])
    return store


def written(store: FeatureStore, **changes: object) -> dict[str, Any]:
    """Write a row as a frame and return how all of it is read back."""
    frame = pd.DataFrame({name: [value] for name, value in (ROW | changes).items()})
    store.write_to_offline_store("scores", frame)
    return read(store)[-1]


def read(store: FeatureStore) -> list[dict[str, Any]]:
    """Return all rows of the table, through Feast's pull."""
    offline = get_offline_store_from_config(store.config.offline_store)
    job = offline.pull_all_from_table_or_query(
        store.config, score_source(), ["user_id"], FEATURES, "event_timestamp"
    )
    rows: list[dict[str, Any]] = job.to_arrow().sort_by("event_timestamp").to_pylist()
    return rows


def test_every_type_comes_back(store: FeatureStore) -> None:
    """Float64 into a float of 32 bits too, which keeps what it can."""
    back = written(store)
    assert back["weight"] == pytest.approx(0.1, rel=1e-6)
    assert {name: back[name] for name in FEATURES[1:]} == {name: ROW[name] for name in FEATURES[1:]}


def test_columns_without_any_value_are_nulls(store: FeatureStore) -> None:
    """They come without a type, which fits every column."""
    back = written(store, **dict.fromkeys(FEATURES))
    assert [back[name] for name in FEATURES] == [None] * len(FEATURES)


@pytest.mark.parametrize(
    "created",
    [NOON.replace(tzinfo=None), NOON, pd.Timestamp(NOON).tz_convert("Asia/Kathmandu"), None],
)
def test_created_times_may_be_naive_or_of_any_zone(store: FeatureStore, created: object) -> None:
    """A naive one is UTC; a missing one is refused by the key, and nothing is written."""
    if created is None:
        with pytest.raises(OfflineStoreError, match="NOT NULL"):
            written(store, created_timestamp=None)
        assert read(store) == []
        return
    written(store, created_timestamp=created)
    with closing(sqlite3.connect(database_path(store.config))) as connection:
        found = connection.execute("SELECT created_timestamp FROM score").fetchall()
    assert found == [(int(NOON.timestamp()) * 10**6,)]


def test_batches_add_up_and_a_row_sent_again_changes_nothing(store: FeatureStore) -> None:
    """Three batches, one of them twice, are three rows; the next retrieval sees them."""
    for number in (0, 1, 1, 2):
        written(store, event_timestamp=NOON + number * HOUR, visits=number)
    assert [row["visits"] for row in read(store)] == [0, 1, 2]
    asked = pd.DataFrame({"user_id": ["a", "a"], "event_timestamp": [NOON + HOUR, NOON - HOUR]})
    job = store.get_historical_features(asked, ["scores:visits"])
    assert job.to_arrow()["visits"].to_pylist() == [1, None]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("visits", "many"),
        ("visits", 1.5),
        # Seconds or microseconds: the column does not say.
        ("visits", NOON),
        ("weight", "heavy"),
        ("words", 5),
        ("is_new", "maybe"),
    ],
)
def test_one_bad_value_keeps_the_whole_batch_out(
    store: FeatureStore, name: str, value: object
) -> None:
    """The column is named, and the good rows before it are not there either."""
    good = [ROW | {"event_timestamp": NOON + number * HOUR, name: None} for number in range(3)]
    bad = pd.DataFrame([*good, ROW | {name: value}])
    with pytest.raises(ValueTypeError, match=name):
        store.write_to_offline_store("scores", bad)
    assert read(store) == []


def test_a_batch_may_come_in_the_tables_own_order_or_any(store: FeatureStore) -> None:
    """With Feast's reordering and without it, every value finds its column by name."""
    for number, reorder in enumerate((True, False)):
        row = ROW | {"event_timestamp": NOON + number * HOUR}
        backwards = pd.DataFrame({name: [row[name]] for name in reversed(COLUMNS)})
        store.write_to_offline_store("scores", backwards, reorder_columns=reorder)
    first, second = read(store)
    assert first | {"event_timestamp": 0} == second | {"event_timestamp": 0}


def test_numpy_values_are_values(store: FeatureStore) -> None:
    """Lists may be arrays, whole numbers numpy's own, and a missing one NaN beside others."""
    back = written(store, words=np.array(["x"], object), visits=np.int32(7), weight=np.nan)
    assert (back["words"], back["visits"]) == (["x"], 7)
