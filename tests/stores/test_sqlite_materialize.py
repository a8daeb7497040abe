"""Materialisation reads each key's newest row, and no more than it needs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from feast import FeatureView
from feast.infra.offline_stores.offline_utils import get_offline_store_from_config
from feast.types import Float64
from support.sqlite_repo import (
    DATABASE,
    HOUR,
    MICROSECOND,
    NOON,
    USER,
    answer,
    fields,
    project,
    score_source,
    score_view,
    scores_project,
)

from oo_stores.sqlite import SQLiteSource, write_table

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from feast import FeatureStore

ENDS = (NOON, NOON + 2 * HOUR)
COLUMNS = (["user_id"], ["score"], "event_timestamp", "created_timestamp")


def latest(store: FeatureStore, *ends: datetime) -> pa.Table:
    """Return each user's newest row of the range, by default of all."""
    offline = get_offline_store_from_config(store.config.offline_store)
    newest = offline.pull_latest_from_table_or_query
    return newest(store.config, score_source(), *COLUMNS, *(ends or ENDS)).to_arrow()


def pull(store: FeatureStore, which: str, *ends: datetime) -> dict[str, list[Any]]:
    """Return the rows that the store pulls for the table `score`, sorted."""
    offline = get_offline_store_from_config(store.config.offline_store)
    method = getattr(offline, f"pull_{which}_from_table_or_query")
    columns = answer(method(store.config, score_source(), *COLUMNS, *ends))
    rows = sorted(zip(*columns.values(), strict=True), key=repr)
    return dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True)) if rows else {}


def test_only_the_newest_row_of_each_key_is_pulled(tmp_path: Path) -> None:
    """The later event counts, then the later created, and nobody's rows are left out."""
    rows = [
        ("a", NOON, NOON + 9 * HOUR, 1.0),
        ("a", NOON + HOUR, NOON, 2.0),
        ("a", NOON + HOUR, NOON + HOUR, 3.0),
        ("b", NOON, NOON, 4.0),
    ]
    store = scores_project(tmp_path, rows)
    pulled = pull(store, "latest", *ENDS)
    assert list(pulled) == ["user_id", "score", "event_timestamp", "created_timestamp"]
    assert (pulled["user_id"], pulled["score"]) == (["a", "b"], [3.0, 4.0])
    assert pulled["event_timestamp"] == [NOON + HOUR, NOON]


@pytest.mark.parametrize("which", ["latest", "all"])
def test_both_ends_of_the_range_are_inclusive(tmp_path: Path, which: str) -> None:
    """Rows at exactly the start and the end are pulled, a microsecond outside are not."""
    start, end = ENDS
    rows = [
        ("a", start - MICROSECOND, NOON, 1.0),
        ("b", start, NOON, 2.0),
        ("c", end, NOON, 3.0),
        ("d", end + MICROSECOND, NOON, 4.0),
    ]
    assert pull(scores_project(tmp_path, rows), which, start, end)["score"] == [2.0, 3.0]


@pytest.mark.parametrize("key", [None, ("user_id", "event_timestamp", "created_timestamp")])
def test_many_keys_are_pulled_whole(tmp_path: Path, key: tuple[str, ...] | None) -> None:
    """More keys than a slice holds come back once each, from a table with or without a key."""
    users = [f"u{number}" for number in range(20_001)]
    later = dict.fromkeys(users[::1000], 1.0)
    rows = [(user, NOON, NOON, 0.0) for user in users]
    rows += [(user, NOON + HOUR, NOON, score) for user, score in later.items()]
    pulled = latest(scores_project(tmp_path, rows, key)).select(["user_id", "score"]).to_pydict()
    assert len(pulled["user_id"]) == len(users)
    assert dict(zip(*pulled.values(), strict=True)) == dict.fromkeys(users, 0.0) | later


def test_a_missing_key_is_nobodys(tmp_path: Path) -> None:
    """Rows without a join key, or without an event time, are not pulled."""
    rows: Any = [(None, NOON, NOON, 1.0), ("a", None, NOON, 2.0), ("b", NOON, None, 3.0)]
    assert pull(scores_project(tmp_path, rows, key=None), "latest", *ENDS)["score"] == [3.0]


def test_an_empty_range_keeps_columns_and_types(tmp_path: Path) -> None:
    """Nothing to pull is an empty table of the same types."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)])
    table = latest(store, NOON - 2 * HOUR, NOON - HOUR)
    assert table.num_rows == 0
    assert table.schema.field("score").type == pa.float64()


@pytest.mark.parametrize("pull_latest", [False, True])
def test_what_is_materialised_is_served(tmp_path: Path, *, pull_latest: bool) -> None:
    """`materialize` brings each user's newest value of the range online."""
    rows = [
        ("a", NOON, NOON, 1.0),
        ("a", NOON + HOUR, NOON, 2.0),
        ("b", NOON + 9 * HOUR, NOON, 3.0),
    ]
    store = scores_project(tmp_path, rows)
    store.config.materialization_config.pull_latest_features = pull_latest
    store.materialize(*ENDS)
    users = [{"user_id": "a"}, {"user_id": "b"}]
    served = store.get_online_features(["scores:score"], users).to_dict()
    assert served["score"] == [2.0, None]


@pytest.mark.parametrize("pull_latest", [False, True])
def test_mapped_fields_are_materialised(tmp_path: Path, *, pull_latest: bool) -> None:
    """A mapping brings its column online; one that names a column the table lacks does nothing."""
    rows = pa.table({"uid": ["a"], "ts": [NOON], "value": [1.5], "score": [2.5]})
    write_table(tmp_path / DATABASE, "mapped", rows, ["uid", "ts"])
    mapping = {"uid": "user_id", "ts": "at", "value": "points", "gone": "score"}
    source = SQLiteSource(table="mapped", timestamp_field="at", field_mapping=mapping)
    store = project(tmp_path)
    store.config.materialization_config.pull_latest_features = pull_latest
    store.apply([USER, score_view(source, schema=fields(points=Float64, score=Float64))])
    store.materialize(*ENDS)
    references = ["scores:points", "scores:score"]
    served = store.get_online_features(references, [{"user_id": "a"}]).to_dict()
    assert (served["points"], served["score"]) == ([1.5], [2.5])


@pytest.mark.parametrize("pull_latest", [False, True])
def test_a_view_without_entities_is_materialised(tmp_path: Path, *, pull_latest: bool) -> None:
    """The one value of a view without entities goes online, by either kind of pull."""
    rows = pa.table({"event_timestamp": [NOON, NOON + HOUR], "rain": [1.0, 2.0]})
    write_table(tmp_path / DATABASE, "weather", rows, ["event_timestamp"])
    store = project(tmp_path)
    store.config.materialization_config.pull_latest_features = pull_latest
    source = SQLiteSource(table="weather", timestamp_field="event_timestamp")
    view = FeatureView(name="weather", schema=fields(rain=Float64), source=source, ttl=timedelta(0))
    store.apply([view])
    store.materialize(*ENDS)
    # Feast asks for a row of something, whatever it is.
    served = store.get_online_features(["weather:rain"], [{"anybody": 1}]).to_dict()
    assert served["rain"] == [2.0]
