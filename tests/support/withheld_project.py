"""A project with outputs that are withheld, in SQLite and Redis, with a user for each case."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
from feast import FeatureStore, FeatureView, RepoConfig, RequestSource
from feast.on_demand_feature_view import on_demand_feature_view
from feast.types import Float64, Int64, String
from redis import Redis
from support.redis_repo import OURS
from support.sqlite_repo import DATABASE, HOUR, NOON, USER, fields

from oo_stores.sqlite import SQLiteSource, write_table

if TYPE_CHECKING:
    from pathlib import Path

CLOCK = RequestSource(name="clock", schema=fields(now=Float64))
WRITTEN = {"fresh": 0, "old": 3, "empty": 0, "half": 0}
"""Users, and how many hours before noon their rows are of."""

USERS = [*WRITTEN, "nobody"]
FEATURES = ["warm:warmth", "warm:told", "mixed:word_or", "mixed:seven"]


def withheld_project(folder: Path, address: str) -> FeatureStore:
    """Apply the project and fill both stores.

    The row of "empty" holds nothing but nulls, and that of "half" one value of two in `steps`.
    """
    host, port = address.split(":")
    Redis(host=host, port=int(port)).flushdb()
    store = FeatureStore(
        config=RepoConfig(
            project="withheld",
            provider="local",
            registry=str(folder / "registry.db"),
            online_store={"type": OURS, "connection_string": address, "ttl_clock": "now"},
            offline_store={"type": "oo_stores.sqlite.SQLiteOfflineStore", "path": DATABASE},
            entity_key_serialization_version=3,
            repo_path=folder,
        )
    )
    times = pa.array([NOON - h * HOUR for h in WRITTEN.values()], pa.timestamp("us", tz="UTC"))
    keys = {"user_id": pa.array(list(WRITTEN)), "event_timestamp": times}
    heat = {"temperature": pa.array([1.5, 2.5, None, 3.5])}
    steps = {"steps": pa.array([1, 2, None, None], pa.int64()), "word": ["a", "b", None, "d"]}
    for name, columns in (("heat", heat), ("steps", steps)):
        write_table(folder / DATABASE, name, pa.table({**keys, **columns}), ["user_id"])
    views = [_view("heat", temperature=Float64), _view("steps", 0, steps=Int64, word=String)]
    store.apply([USER, *views, *_computed(*views)])
    store.materialize(NOON - 9 * HOUR, NOON)
    return store


def _view(name: str, ttl_hours: int = 1, **types: Any) -> FeatureView:  # noqa: ANN401 - Feast's types
    return FeatureView(
        name=name,
        entities=[USER],
        schema=fields(user_id=String, **types),
        source=SQLiteSource(table=name, timestamp_field="event_timestamp"),
        ttl=timedelta(hours=ttl_hours),
    )


def _computed(heat: FeatureView, steps: FeatureView) -> list[Any]:
    @on_demand_feature_view(  # type: ignore[untyped-decorator]  # Feast's, here and below
        sources=[heat, CLOCK],
        schema=fields(warmth=Float64, told=Float64),
        mode="python",
        tags={"withheld_outputs": "warmth, nothing"},
    )
    def warm(inputs: dict[str, Any]) -> dict[str, Any]:
        warmth = [-1.0 if value is None else value for value in inputs["temperature"]]
        return {"warmth": warmth, "told": warmth}

    @on_demand_feature_view(  # type: ignore[untyped-decorator]
        sources=[heat, steps, CLOCK],
        schema=fields(word_or=String, seven=Int64),
        mode="pandas",
        tags={"withheld_outputs": "word_or,seven"},
    )
    def mixed(inputs: pd.DataFrame) -> pd.DataFrame:
        words = [word if isinstance(word, str) else "?" for word in inputs["word"]]
        return pd.DataFrame({"word_or": words, "seven": [7] * len(words)})

    return [warm, mixed]
