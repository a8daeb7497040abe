"""A project with a case of each promise of the online store, on any store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
from feast import (
    Entity,
    FeatureService,
    FeatureStore,
    FeatureView,
    Field,
    FileSource,
    PushSource,
    RepoConfig,
    RequestSource,
)
from feast.on_demand_feature_view import on_demand_feature_view
from feast.types import Array, Bytes, Float64, Int64, String
from feast.value_type import ValueType
from redis import Redis
from support.redis_repo import OURS, Keyspace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
USER = Entity(name="user", join_keys=["user_id"], value_type=ValueType.STRING)
SHOP = Entity(name="shop", join_keys=["shop_id"], value_type=ValueType.INT64)
CLOCK = RequestSource(name="clock", schema=[Field(name="now", dtype=Float64)])
PRICE = RequestSource(name="price", schema=[Field(name="due", dtype=Float64)])


@dataclass(frozen=True, slots=True)
class Contract:
    """The applied project.

    Args:
        feast: Feast's entrance.
        redis: The same Redis, seen past it.
        folder: Of its registry.
    """

    feast: FeatureStore
    redis: Keyspace
    folder: Path

    def write(
        self,
        view: str,
        at: datetime = NOW,
        *,
        made: datetime | None = None,
        **row: object,
    ) -> None:
        """Write one row by the public call."""
        columns = {**row, "event_timestamp": at, "created": made or at}
        frame = pd.DataFrame({name: [value] for name, value in columns.items()})
        self.feast.write_to_online_store(view, frame)

    def read(self, *features: str, **row: object) -> dict[str, Any]:
        """Read one row by the public call, without its keys; expects one value a column."""
        answer = self.feast.get_online_features(list(features), [row])
        return {
            name: value
            for name, (value,) in answer.to_dict().items()
            if name not in {"user_id", "shop_id"}
        }

    def empty(self) -> None:
        """Remove all rows."""
        self.redis.client.flushdb()

    def refresh(self) -> None:
        """Read the registry anew."""
        self.feast.refresh_registry()  # type: ignore[no-untyped-call]

    def delete_view(self, name: str) -> None:
        """Delete a view, with the services that may hold it."""
        gone: list[Any] = [self.feast.get_feature_view(name), *self.feast.list_feature_services()]
        self.feast.apply([], objects_to_delete=gone, partial=False)

    def statuses(self, *features: str, **row: object) -> list[int]:
        """Return the status of each feature of one row, in the order asked."""
        answer = self.feast.get_online_features(list(features), [row]).proto
        by_name = dict(zip(answer.metadata.feature_names.val, answer.results, strict=True))
        return [by_name[reference.split(":")[1]].statuses[0] for reference in features]


def contract(
    folder: Path,
    address: str,
    *,
    kind: str = OURS,
    registry: Mapping[str, object] | None = None,
    **settings: object,
) -> Contract:
    """Apply the project.

    Args:
        folder: For its registry.
        address: Redis, "host:port".
        kind: Type of the online store.
        registry: More settings of the registry.
        settings: More settings of the online store.
    """
    found = opened(folder, address, kind=kind, registry=registry, **settings)
    found.feast.apply(objects(folder))
    return found


def opened(
    folder: Path,
    address: str,
    *,
    kind: str = OURS,
    registry: Mapping[str, object] | None = None,
    **settings: object,
) -> Contract:
    """Open the project as it was applied; see `contract`."""
    config = RepoConfig(
        project="contract",
        provider="local",
        registry={"path": str(folder / "registry.db"), "cache_ttl_seconds": 0, **(registry or {})},
        online_store={"type": kind, "connection_string": address, **settings},
        repo_path=folder,
    )
    host, port = address.split(":")
    return Contract(FeatureStore(config=config), Keyspace(Redis(host=host, port=int(port))), folder)


def objects(folder: Path) -> list[Any]:
    """Return everything that is applied."""
    source = FileSource(
        name="rows",
        path=str(folder / "rows.parquet"),
        timestamp_field="event_timestamp",
        created_timestamp_column="created",
    )
    habit = view(
        "habit",
        [USER],
        source,
        visits=Float64,
        orders=Int64,
        brands=Array(String),
        picture=Bytes,
    )
    mood = view("mood", [USER], PushSource(name="moods", batch_source=source), joy=Float64)
    brief = view("brief", [USER], source, ttl=HOUR, heat=Float64)
    lasting = view("lasting", [USER], source, ttl=timedelta(0), height=Float64)
    shelf = view("shelf", [SHOP], source, items=Int64)
    weather = view("weather", [], source, rain=Float64)
    computed = _computed(habit, brief)
    services = [
        FeatureService(name="ordered", features=[mood, habit[["orders", "visits"]], shelf]),
        FeatureService(
            name="friends",
            features=[
                mood,
                habit[["visits"]].with_name("friend").with_join_key_map({"user_id": "friend_id"}),
            ],
        ),
    ]
    views = [habit, mood, brief, lasting, shelf, weather]
    return [USER, SHOP, *views, *computed, *services]


def view(
    name: str,
    entities: list[Entity],
    source: FileSource | PushSource,
    *,
    ttl: timedelta = timedelta(days=36_500),
    **features: Any,  # noqa: ANN401 - Feast's types have no common class
) -> FeatureView:
    """Return a view of these features."""
    types = {"user_id": String, "shop_id": Int64}
    keys = [Field(name=e.join_key, dtype=types[e.join_key]) for e in entities]
    schema = keys + [Field(name=feature, dtype=dtype) for feature, dtype in features.items()]
    return FeatureView(name=name, entities=entities, schema=schema, source=source, ttl=ttl)


def _computed(habit: FeatureView, brief: FeatureView) -> list[Any]:
    @on_demand_feature_view(  # type: ignore[untyped-decorator]
        sources=[habit[["visits"]], CLOCK],
        schema=[Field(name="columns", dtype=String), Field(name="twice", dtype=Float64)],
        mode="python",
    )
    def seen(inputs: dict[str, Any]) -> dict[str, Any]:
        names = ",".join(sorted(name for name in inputs if not name.startswith("_ts:")))
        visits = inputs["visits"]
        return {
            "columns": [names] * len(visits),
            "twice": [-1.0 if v is None else 2 * v for v in visits],
        }

    @on_demand_feature_view(  # type: ignore[untyped-decorator]
        sources=[brief, CLOCK], schema=[Field(name="warmth", dtype=Float64)], mode="python"
    )
    def warm(inputs: dict[str, Any]) -> dict[str, Any]:
        return {"warmth": [-1.0 if heat is None else heat for heat in inputs["brief__heat"]]}

    @on_demand_feature_view(  # type: ignore[untyped-decorator]
        sources=[habit[["visits"]], PRICE],
        schema=[Field(name="price_type", dtype=String), Field(name="price", dtype=Float64)],
        mode="python",
    )
    def priced(inputs: dict[str, Any]) -> dict[str, Any]:
        import numpy as np  # noqa: PLC0415 - Feast rebuilds the function from its source

        price = [0.0 if due is None else due for due in inputs["due"]]
        return {
            "price_type": [f"{type(due).__name__} {due}" for due in inputs["due"]],
            # `apply` calls with one row, and takes an ndarray for an array feature.
            "price": np.array(price) if len(price) > 1 else price,
        }

    return [seen, warm, priced]
