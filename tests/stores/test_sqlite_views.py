"""Several views, entities, mappings and on-demand views in one retrieval."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pytest
from feast import Entity, FeatureService, FeatureView, FileSource, RequestSource
from feast.errors import RequestDataNotFoundInEntityDfException
from feast.on_demand_feature_view import OnDemandFeatureView, on_demand_feature_view
from feast.types import Array, Float64, Int64, String
from feast.value_type import ValueType
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
    scores_project,
)

from oo_stores.errors import SourceError
from oo_stores.sqlite import SQLiteSource, write_table

if TYPE_CHECKING:
    from pathlib import Path

SHOP = Entity(name="shop", join_keys=["shop_id"], value_type=ValueType.INT64)


def table(folder: Path, name: str, key: list[str], **columns: list[Any]) -> SQLiteSource:
    """Write a table with the given columns and return its source."""
    write_table(folder / DATABASE, name, pa.table(columns), [*key, "event_timestamp"])
    return SQLiteSource(table=name, timestamp_field="event_timestamp")


def asked(**columns: list[Any]) -> pd.DataFrame:
    """Return entity rows at noon."""
    rows = len(next(iter(columns.values())))
    return pd.DataFrame({**columns, "event_timestamp": [NOON] * rows})


def test_views_of_several_entities_are_joined_side_by_side(tmp_path: Path) -> None:
    """Each view is looked up by its own keys, in any order of the key's columns."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0), ("b", NOON, NOON, 2.0)])
    visits = table(
        tmp_path,
        "visits",
        ["shop_id", "user_id"],
        user_id=["a", "b"],
        shop_id=[7, 8],
        event_timestamp=[NOON, NOON],
        visits=[70, 80],
    )
    schema = fields(user_id=String, shop_id=Int64, visits=Int64)
    view = FeatureView(name="visits", entities=[USER, SHOP], schema=schema, source=visits)
    store.apply([SHOP, view])
    rows = asked(shop_id=[8, 7, 7], user_id=["b", "a", "b"])
    found = answer(store.get_historical_features(rows, ["scores:score", "visits:visits"]))
    assert found["score"] == [2.0, 1.0, 2.0]
    assert found["visits"] == [80, 70, None]


def test_full_names_keep_apart_features_of_one_name(tmp_path: Path) -> None:
    """With full names two views over one table may give the same feature."""
    store = scores_project(tmp_path, [("a", NOON - 2 * HOUR, NOON, 1.0)])
    store.apply([score_view(name="fresh", ttl=HOUR)])
    references = ["scores:score", "fresh:score"]
    job = store.get_historical_features(asked(user_id=["a"]), references, full_feature_names=True)
    assert answer(job)["scores__score"] == [1.0]
    assert answer(job)["fresh__score"] == [None]


def test_one_view_under_two_names_reads_two_keys(tmp_path: Path) -> None:
    """A join-key map looks the same view up by another column of the entity rows."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0), ("b", NOON, NOON, 2.0)])
    view = store.get_feature_view("scores")
    sender = view.with_name("sender").with_join_key_map({"user_id": "sender_id"})
    receiver = view.with_name("receiver").with_join_key_map({"user_id": "receiver_id"})
    store.apply([FeatureService(name="pair", features=[sender, receiver])])
    job = store.get_historical_features(
        asked(sender_id=["a", "b"], receiver_id=["b", "x"]),
        store.get_feature_service("pair"),
        full_feature_names=True,
    )
    assert answer(job)["sender__score"] == [1.0, 2.0]
    assert answer(job)["receiver__score"] == [2.0, None]


def test_two_keys_of_a_view_may_be_read_from_one_column(tmp_path: Path) -> None:
    """A join-key map may give both the same name; both have to match all the same."""
    source = table(
        tmp_path,
        "trust",
        ["user_id", "friend_id"],
        user_id=["a", "b", "b"],
        friend_id=["a", "a", "b"],
        event_timestamp=[NOON, NOON, NOON - HOUR],
        trust=[1.0, 2.0, 3.0],
    )
    friend = Entity(name="friend", join_keys=["friend_id"], value_type=ValueType.STRING)
    schema = fields(user_id=String, friend_id=String, trust=Float64)
    view = FeatureView(name="trust", entities=[USER, friend], schema=schema, source=source)
    own = view.with_name("own").with_join_key_map({"user_id": "id", "friend_id": "id"})
    store = project(tmp_path)
    store.apply([USER, friend, view, FeatureService(name="self", features=[own])])
    rows = asked(id=["a", "b", "x"])
    job = store.get_historical_features(rows, store.get_feature_service("self"))
    assert answer(job)["trust"] == [1.0, 3.0, None]


def test_mapped_fields_are_read_from_their_columns(tmp_path: Path) -> None:
    """Key, times and features go by mapped names; a mapping of no column does nothing."""
    instants = pa.array([NOON, NOON], pa.timestamp("us", tz="UTC"))
    rows = pa.table(
        {
            "uid": ["a", "a"],
            "ts_1": instants,
            "made": pa.array([NOON, NOON + HOUR], pa.timestamp("us", tz="UTC")),
            "value": [1.0, 2.0],
        }
    )
    write_table(tmp_path / DATABASE, "score", rows, ["uid", "ts_1", "made"])
    source = score_source(
        timestamp_field="ts",
        created_timestamp_column="created",
        field_mapping={
            "uid": "user_id",
            "ts_1": "ts",
            "made": "created",
            "gone": "score",
            "value": "score",
        },
    )
    store = project(tmp_path)
    store.apply([USER, score_view(source)])
    job = store.get_historical_features(asked(user_id=["a"]), ["scores:score"])
    assert answer(job)["score"] == [2.0]


def test_a_view_without_entities_has_one_value_at_a_time(tmp_path: Path) -> None:
    """Every entity row gets the newest value, whoever it is."""
    source = table(
        tmp_path, "weather", [], event_timestamp=[NOON - HOUR, NOON + HOUR], rain=[1.0, 2.0]
    )
    store = project(tmp_path)
    store.apply([FeatureView(name="weather", schema=fields(rain=Float64), source=source)])
    job = store.get_historical_features(asked(user_id=["a", "b"]), ["weather:rain"])
    assert answer(job)["rain"] == [1.0, 1.0]


def test_whole_numbers_beside_a_missing_key_still_match(tmp_path: Path) -> None:
    """Integers that became floats, since one is missing, find text keys all the same."""
    store = scores_project(tmp_path, [("5", NOON, NOON, 1.0)])
    job = store.get_historical_features(asked(user_id=[5, None]), ["scores:score"])
    assert answer(job)["score"] == [1.0, None]


def test_a_feature_without_a_match_keeps_its_type(tmp_path: Path) -> None:
    """Types come from the table alone: an empty list column and a missing float stay typed."""
    source = table(
        tmp_path,
        "score",
        ["user_id"],
        user_id=["a"],
        event_timestamp=[NOON],
        score=[1.0],
        sizes=[[1, 2]],
    )
    store = project(tmp_path)
    schema = fields(user_id=String, score=Float64, sizes=Array(Int64))
    store.apply([USER, score_view(source, schema=schema)])
    references = ["scores:score", "scores:sizes"]
    found = store.get_historical_features(asked(user_id=["x"]), references)
    assert found.to_arrow().schema.field("score").type == pa.float64()
    assert found.to_arrow().schema.field("sizes").type == pa.list_(pa.int64())
    assert found.to_df()["score"].isna().tolist() == [True]


# Feast says so on each apply of an on-demand view, and offers no switch.
experimental = pytest.mark.filterwarnings("ignore:On demand feature view is an experimental")


def doubled_view(source: FeatureView) -> OnDemandFeatureView:
    """Return an on-demand view over a state view and request data."""
    clock = RequestSource(name="clock", schema=fields(factor=Float64))

    @on_demand_feature_view(sources=[source, clock], schema=fields(times=Float64), mode="python")  # type: ignore[untyped-decorator]
    def doubled(inputs: dict[str, list[Any]]) -> dict[str, list[Any]]:
        pairs = zip(inputs["scores__score"], inputs["factor"], strict=True)
        return {"times": [(score or 0.0) * factor for score, factor in pairs]}

    view: OnDemandFeatureView = doubled
    return view


@experimental
def test_on_demand_views_are_computed_from_what_held(tmp_path: Path) -> None:
    """An on-demand view sees the joined state and the entity rows' request data."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 2.0)])
    store.apply([doubled_view(store.get_feature_view("scores"))])
    rows = asked(user_id=["a", "x"], factor=[3.0, 3.0])
    job = store.get_historical_features(rows, ["doubled:times"])
    assert answer(job)["times"] == [6.0, 0.0]


@experimental
def test_missing_request_data_is_refused(tmp_path: Path) -> None:
    """Feast's own error names the column that an on-demand view needs."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 2.0)])
    store.apply([doubled_view(store.get_feature_view("scores"))])
    with pytest.raises(RequestDataNotFoundInEntityDfException, match="factor"):
        store.get_historical_features(asked(user_id=["a"]), ["doubled:times"])


def test_a_feature_may_not_take_an_entity_column(tmp_path: Path) -> None:
    """A label called like a feature is refused with the way out, which works."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 2.0)])
    rows = asked(user_id=["a"], score=[9.0])
    with pytest.raises(SourceError, match="full_feature_names=True"):
        store.get_historical_features(rows, ["scores:score"])
    found = answer(store.get_historical_features(rows, ["scores:score"], full_feature_names=True))
    assert (found["score"], found["scores__score"]) == ([9.0], [2.0])


def test_a_view_over_another_kind_of_source_is_refused(tmp_path: Path) -> None:
    """A source of another store can be applied, and is named when it is asked for."""
    store = project(tmp_path)
    source = FileSource(path="x.parquet", timestamp_field="event_timestamp")
    store.apply([USER, score_view(source=None, name="scores", ttl=timedelta(0))])
    schema = fields(user_id=String, gain=Float64)
    store.apply([FeatureView(name="gains", entities=[USER], schema=schema, source=source)])
    with pytest.raises(SourceError, match="'gains' reads a FileSource"):
        store.get_historical_features(asked(user_id=["a"]), ["gains:gain"])
