"""The same feature views over Feast's offline stores and ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from feast import (
    Entity,
    FeatureStore,
    FeatureView,
    Field,
    FileSource,
    OnDemandFeatureView,
    RepoConfig,
    RequestSource,
)
from feast.on_demand_feature_view import on_demand_feature_view
from feast.types import Float64, String
from feast.value_type import ValueType
from offline_history import FEATURES, FLOATS, TABLE

from oo_stores.sqlite import SQLiteSource

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from feast.data_source import DataSource

OURS, DUCKDB, DASK = "oo_stores.sqlite", "DuckDB", "Dask"
DATABASE, PARQUET = "history.db", "history.parquet"
REQUESTED = [f"r{number}" for number in range(4)]
VIEWS = 4
_TYPES = {
    OURS: {"type": "oo_stores.sqlite.SQLiteOfflineStore", "path": DATABASE},
    DUCKDB: {"type": "duckdb"},
    DASK: {"type": "dask"},
}
_TIMES: dict[str, Any] = {
    "timestamp_field": "event_timestamp",
    "created_timestamp_column": "created_timestamp",
}
_USER = Entity(name="user", join_keys=["user_id"], value_type=ValueType.STRING)


def project(folder: Path, kind: str) -> FeatureStore:
    """Return a store of that kind over the history in a folder, its registry as it is."""
    return FeatureStore(
        config=RepoConfig(
            project="offline",
            provider="local",
            registry=str(folder / f"{kind}.registry"),
            online_store={"type": "sqlite", "path": str(folder / f"{kind}.online")},
            offline_store=_TYPES[kind],
            repo_path=folder,
        )
    )


def source(folder: Path, kind: str, table: str = TABLE) -> DataSource:
    """Return the history as that kind of store reads it."""
    if kind == OURS:
        return SQLiteSource(table=table, **_TIMES)
    return FileSource(path=str(folder / PARQUET), **_TIMES)


def applied(folder: Path, kind: str, ttl: timedelta) -> FeatureStore:
    """Return a store with the view `one`; ours also with the views that only it is asked for."""
    store = project(folder, kind)
    one = _view("one", source(folder, kind), ttl)
    views: list[FeatureView | OnDemandFeatureView] = [one]
    if kind == OURS:
        views += [_view(f"same_{n}", source(folder, kind), ttl) for n in range(VIEWS)]
        views += [_view(f"table_{n}", source(folder, kind, _table(n)), ttl) for n in range(VIEWS)]
        views.append(_on_demand(one))
    store.apply([_USER, *views])
    return store


def references(*views: str) -> list[str]:
    """Return all features of views."""
    return [f"{view}:{feature}" for view in views for feature in FEATURES]


def _table(number: int) -> str:
    return f"{TABLE}_{number}" if number else TABLE


def _view(name: str, read: DataSource, ttl: timedelta) -> FeatureView:
    fields = [Field(name=feature, dtype=Float64) for feature in FLOATS]
    fields += [Field(name="user_id", dtype=String), Field(name="label", dtype=String)]
    return FeatureView(name=name, entities=[_USER], schema=fields, source=read, ttl=ttl)


def _on_demand(one: FeatureView) -> OnDemandFeatureView:
    """Return a view of ten inputs: six features, and four columns of the request."""
    request = RequestSource(
        name="request", schema=[Field(name=name, dtype=Float64) for name in REQUESTED]
    )

    @on_demand_feature_view(  # type: ignore[untyped-decorator]
        sources=[one, request], schema=[Field(name="total", dtype=Float64)], mode="python"
    )
    def summed(inputs: dict[str, Any]) -> dict[str, Any]:
        names = ["f0", "f1", "f2", "f3", "f4", "f5", "r0", "r1", "r2", "r3"]
        rows = zip(*(inputs[name] for name in names), strict=True)
        return {"total": [sum(value or 0.0 for value in row) for row in rows]}

    view: OnDemandFeatureView = summed
    return view
