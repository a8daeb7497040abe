"""One Redis and one registry, read through our store, through Feast's own and by bare redis-py."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from feast import FeatureStore, RepoConfig
from feast.infra.online_stores.helpers import _mmh3, _redis_key, get_online_store_from_config
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.type_map import python_values_to_proto_values
from feast.value_type import ValueType
from redis import Redis

from oo_profile.registry import state_views
from oo_profile.settings import redis_endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from feast import FeatureView, Field
    from feast.infra.online_stores.online_store import OnlineStore
    from feast.protos.feast.types.Value_pb2 import Value

    from oo_profile.demo.stage import Stage

    FeastRow = tuple[EntityKey, dict[str, Value], datetime, datetime | None]

USERS = 200
NAMES = ("docs", "feat", "fix", "test")


@dataclass(frozen=True, slots=True)
class Peers:
    """The three ways to read.

    Args:
        ours: Feast with our store.
        stock: Feast with its own, on the same registry.
        client: Of the same Redis.
        views: The state views.
        now: When every row's event was.
    """

    ours: FeatureStore
    stock: FeatureStore
    client: Redis
    views: Mapping[str, FeatureView]
    now: datetime

    def hmget(self, key: bytes, fields: Sequence[bytes]) -> object:
        """Read fields of a hash by bare redis-py."""
        # Its `hmget` is typed for text, and keys are bytes.
        return self.client.hmget(key, fields)  # type: ignore[arg-type]

    def key(self, user_id: str) -> bytes:
        """Return the Redis key of a user."""
        key: bytes = _redis_key(self.ours.project, entity_key(user_id))
        return key

    def fields(self, columns: Sequence[tuple[str, str]]) -> list[bytes]:
        """Return the hash fields of columns (view, name) and of their views' event times."""
        stamps = [f"_ts:{view}".encode() for view in dict.fromkeys(view for view, _ in columns)]
        return [_mmh3(f"{view}:{name}") for view, name in columns] + stamps


def peers(on: Stage, ours: FeatureStore, seed: int) -> Peers:
    """Open Feast with its own store beside ours, and write users with values from a seed."""
    host, port = redis_endpoint(on.settings.redis)
    config = RepoConfig(
        project=ours.config.project,
        provider="local",
        registry=ours.config.registry.model_dump(exclude_none=True),
        online_store={"type": "redis", "connection_string": f"{host}:{port}"},
        entity_key_serialization_version=ours.config.entity_key_serialization_version,
        repo_path=ours.config.repo_path,
    )
    now = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
    found = Peers(
        ours, FeatureStore(config=config), Redis(host=host, port=port), state_views(ours), now
    )
    online = online_store(found.stock)
    chance = random.Random(seed)
    for view in found.views.values():
        rows = [row(view, user_id(number), chance, now) for number in range(USERS)]
        online.online_write_batch(config, view, rows, None)
    return found


def online_store(store: FeatureStore) -> OnlineStore:
    """Return a store of the type that is configured."""
    return get_online_store_from_config(store.config.online_store)


def user_id(number: int) -> str:
    """Return the id of a user."""
    return f"bench-{number:06}"


def entity_key(user_id: str) -> EntityKey:
    """Return the entity key of a user."""
    values = python_values_to_proto_values([user_id], ValueType.STRING)
    return EntityKey(join_keys=["user_id"], entity_values=values)


def row(view: FeatureView, user_id: str, chance: random.Random, at: datetime) -> FeastRow:
    """Make a row of a view with any values of its types, as Feast hands it to a store."""
    values = {
        field.name: python_values_to_proto_values(
            [_value(field, chance)], field.dtype.to_value_type()
        )[0]
        for field in view.features
    }
    return entity_key(user_id), values, at, at


def _value(field: Field, chance: random.Random) -> Any:  # noqa: ANN401 - of the field's type
    dtype = str(field.dtype)
    if dtype == "String":
        return chance.choice(NAMES)
    if dtype == "Array(String)":
        return list(NAMES)
    if dtype.startswith("Array"):
        # Hours, weekdays, or one number for each name.
        size = 24 if "hour" in field.name else 7 if "weekday" in field.name else len(NAMES)
        return [chance.random() * 9 for _ in range(size)]
    return chance.random() * 9
