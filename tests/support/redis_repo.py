"""A small Feast project on Redis, with our store or with Feast's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig
from feast.infra.online_stores.helpers import get_online_store_from_config
from feast.types import Array, Bool, Float32, Float64, Int32, Int64, PrimitiveFeastType, String
from feast.value_type import ValueType
from live import PATIENCE_SECONDS
from redis import Redis

if TYPE_CHECKING:
    from pathlib import Path

    from oo_stores.redis import RedisOnlineStore
    from oo_stores.redis.values import PlainValue

PROJECT = "shop"
OURS = "oo_stores.redis.RedisOnlineStore"
STOCK = "redis"
PATIENT = {
    "connect_timeout_seconds": PATIENCE_SECONDS,
    "read_timeout_seconds": PATIENCE_SECONDS,
}
"""Of our store: on a busy machine Redis answers late, which is no test's business."""

USER = Entity(name="user", join_keys=["user_id"], value_type=ValueType.STRING)
SHOP = Entity(name="shop", join_keys=["shop_id"], value_type=ValueType.INT64)

HABIT_TYPES: dict[str, PrimitiveFeastType | Array] = {
    "visits": Float64,
    "orders": Int64,
    "city": String,
    "is_member": Bool,
    "by_hour": Array(Float64),
    "basket_sizes": Array(Int64),
    "brands": Array(String),
    "score": Float32,
    "level": Int32,
}
HABIT: dict[str, PlainValue] = {
    "visits": 2.5,
    "orders": -7,
    "city": "Zürich",
    "is_member": True,
    "by_hour": [0.0, 1.5, -2.25],
    "basket_sizes": [1, 300],
    "brands": ["a", ""],
    "score": 0.5,
    "level": 3,
}
"""One value of each type that the views hold."""


@dataclass(frozen=True, slots=True)
class Keyspace:
    """What Redis holds, seen past any store.

    Args:
        client: A plain client.
    """

    client: Redis

    def keys(self) -> list[bytes]:
        """Return all keys."""
        return list(self.client.scan_iter())

    def only_key(self) -> bytes:
        """Return the key, of which there is one."""
        (key,) = self.keys()
        return key

    def hash(self, key: bytes) -> dict[bytes, bytes]:
        """Return the fields of a hash."""
        return cast("dict[bytes, bytes]", self.client.execute_command("HGETALL", key))  # type: ignore[no-untyped-call]

    def hashes(self) -> dict[bytes, dict[bytes, bytes]]:
        """Return all hashes."""
        return {key: self.hash(key) for key in self.keys()}

    def put(self, key: bytes, field: bytes, value: bytes) -> None:
        """Set a field of a hash."""
        self.client.execute_command("HSET", key, field, value)  # type: ignore[no-untyped-call]

    def ttl(self, key: bytes) -> int:
        """Return a key's remaining seconds, -1 for one that stays."""
        return cast("int", self.client.ttl(key))

    def script_calls(self) -> int:
        """Return how many runs of a script by its digest the server has seen."""
        statistics = cast("dict[str, dict[str, int]]", self.client.info("commandstats"))
        return statistics.get("cmdstat_evalsha", {"calls": 0})["calls"]


@dataclass(frozen=True, slots=True)
class Project:
    """An applied project and its store.

    Args:
        feast: Feast's entrance.
        online: A store of the configured type; Feast keeps one of its own.
        redis: The same Redis, seen past both.
    """

    feast: FeatureStore
    online: RedisOnlineStore
    redis: Keyspace

    @property
    def config(self) -> RepoConfig:
        """The configuration that store calls take."""
        return self.feast.config

    def view(self, name: str) -> FeatureView:
        """Return a view as applied."""
        return self.feast.get_feature_view(name)

    def read(self, view: str, entity: dict[str, object]) -> dict[str, object]:
        """Return an entity's features by the public call, without its join keys."""
        names = [field.name for field in self.view(view).features]
        answer = self.feast.get_online_features([f"{view}:{name}" for name in names], [entity])
        columns: dict[str, list[object]] = answer.to_dict()
        return {name: columns[name][0] for name in names}


def make_project(
    folder: Path, address: str, *, store: str = OURS, name: str = PROJECT, **settings: object
) -> Project:
    """Apply the project and return it.

    Args:
        folder: For its registry; projects of several stores each have their own.
        address: Redis, "host:port".
        store: Type of the online store.
        name: Of the project.
        settings: More settings of the online store; ours is patient by default.
    """
    folder.mkdir(parents=True, exist_ok=True)
    patience = PATIENT if store == OURS else {}
    config = RepoConfig(
        project=name,
        provider="local",
        registry=str(folder / "registry.db"),
        online_store={"type": store, "connection_string": address, **patience, **settings},
        repo_path=folder,
    )
    feast = FeatureStore(config=config)
    feast.apply([USER, SHOP, *_views(folder)])
    online = get_online_store_from_config(config.online_store)
    host, port = address.split(":")
    return Project(
        feast=feast,
        online=cast("RedisOnlineStore", online),
        redis=Keyspace(Redis(host=host, port=int(port))),
    )


def _views(folder: Path) -> list[FeatureView]:
    source = FileSource(
        name="sales",
        path=str(folder / "sales.parquet"),
        timestamp_field="at",
        created_timestamp_column="made",
    )
    habit = [Field(name=name, dtype=dtype) for name, dtype in HABIT_TYPES.items()]
    return [
        _view("habit", [USER], [Field(name="user_id", dtype=String), *habit], source),
        _view(
            "mood",
            [USER],
            [Field(name="user_id", dtype=String), Field(name="joy", dtype=Float64)],
            source,
        ),
        _view(
            "stock",
            [SHOP],
            [Field(name="shop_id", dtype=Int64), Field(name="items", dtype=Int64)],
            source,
        ),
        _view(
            "loyalty",
            [USER, SHOP],
            [
                Field(name="user_id", dtype=String),
                Field(name="shop_id", dtype=Int64),
                Field(name="points", dtype=Int64),
            ],
            source,
        ),
        _view("weather", [], [Field(name="rain", dtype=Float64)], source),
    ]


def _view(
    name: str, entities: list[Entity], schema: list[Field], source: FileSource
) -> FeatureView:
    return FeatureView(
        name=name,
        entities=entities,
        schema=schema,
        source=source,
        ttl=timedelta(days=36500),
        online=True,
    )
