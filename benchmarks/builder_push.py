"""Stock `FeatureStore.push` of the states that the builder has written."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, PushSource, RepoConfig
from feast.data_source import PushMode
from feast.types import Array, FeastType, Float64, String
from feast.value_type import ValueType
from online_timing import at_least, show

from oo_profile.settings import redis_endpoint
from oo_profile.storage.database import reading
from oo_profile.storage.state_table import StateTable
from oo_transforms.activity import ACTIVITY_STATE

if TYPE_CHECKING:
    from oo_profile.demo.stage import Stage

ONE_BY_ONE = 200
AT_ONCE = 4000
TIMES = 20
_TYPES: dict[str, FeastType] = {
    "Float64": Float64,
    "String": String,
    "Array(Float64)": Array(Float64),
    "Array(String)": Array(String),
}


def measure(on: Stage, builder_rate: float) -> None:
    """Push states one by one, as they arise, and in one frame; compare with the builder's rate."""
    store, frame = _store(on), _states(on, AT_ONCE)
    store.push("activity", frame.iloc[:1], to=PushMode.ONLINE)
    began = time.perf_counter()
    for row in range(min(ONE_BY_ONE, len(frame))):
        store.push("activity", frame.iloc[row : row + 1], to=PushMode.ONLINE)
    single = min(ONE_BY_ONE, len(frame)) / (time.perf_counter() - began)
    began = time.perf_counter()
    store.push("activity", frame, to=PushMode.ONLINE)
    whole = len(frame) / (time.perf_counter() - began)
    print("stock FeatureStore.push to its own Redis store, states of activity_state:")
    print(f"  {'one by one, rows/s':50} {single:8.2f}")
    print(f"  {f'{len(frame):,} in one frame, rows/s':50} {whole:8.2f}")
    show("the builder's rate over one by one", builder_rate / single, at_least(TIMES))
    print(f"  {'the same over one frame':50} {builder_rate / whole:8.2f}")


def _store(on: Stage) -> FeatureStore:
    """Open a stock Feast whose view is filled by pushes."""
    host, port = redis_endpoint(on.settings.redis)
    store = FeatureStore(
        config=RepoConfig(
            project="pushed",
            provider="local",
            registry=str(on.folder / "pushed.db"),
            online_store={"type": "redis", "connection_string": f"{host}:{port}"},
            entity_key_serialization_version=3,
            repo_path=on.folder,
        )
    )
    batch = FileSource(
        name="never", path=str(on.folder / "never.parquet"), timestamp_field="event_timestamp"
    )
    user = Entity(name="user", join_keys=["user_id"], value_type=ValueType.STRING)
    view = FeatureView(
        name="activity",
        entities=[user],
        schema=[Field(name="user_id", dtype=String)]
        + [Field(name=field.name, dtype=_TYPES[field.dtype]) for field in ACTIVITY_STATE.fields()],
        source=PushSource(name="activity", batch_source=batch),
    )
    pd.DataFrame({"user_id": ["u"], "event_timestamp": [pd.Timestamp.now("UTC")]}).to_parquet(
        on.folder / "never.parquet"
    )
    store.apply([user, batch, view])
    return store


def _states(on: Stage, count: int) -> pd.DataFrame:
    table = StateTable(ACTIVITY_STATE)
    with reading(on.settings.db) as connection:
        users = table.users_after(connection, "", count)
        versions = table.newest_many(connection, users)
    names = [field.name for field in table.fields]
    rows: list[dict[str, Any]] = [
        {
            "user_id": user_id,
            "event_timestamp": pd.Timestamp(version.event_time_us, unit="us", tz="UTC"),
            **dict(zip(names, version.cells, strict=True)),
        }
        for user_id, version in versions.items()
    ]
    if not rows:
        raise SystemExit(f"no states in {json.dumps(str(on.settings.db))}")
    return pd.DataFrame(rows)
