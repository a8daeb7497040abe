"""Projects made from a seed, read through our store and through Feast's own side by side."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from feast import (
    Entity,
    FeatureService,
    FeatureStore,
    FeatureView,
    Field,
    FileSource,
    RepoConfig,
    RequestSource,
)
from feast.feature_view import DUMMY_ENTITY_ID, DUMMY_ENTITY_VAL
from feast.infra.online_stores.helpers import get_online_store_from_config
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.types import Array, Decimal, Float64, Int32, Int64, String, Uuid
from feast.value_type import ValueType
from redis import Redis
from support.parity_functions import Witness
from support.parity_values import EXOTIC, PLAIN, SCALARS, STRATEGIES, to_proto
from support.redis_repo import OURS, STOCK, Keyspace

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from feast import OnDemandFeatureView
    from feast.protos.feast.types.Value_pb2 import Value
    from feast.types import ComplexFeastType, PrimitiveFeastType

    FeastType = PrimitiveFeastType | ComplexFeastType
    FeastRow = tuple[EntityKey, dict[str, Value], datetime, datetime | None]

EVENT_TIME = datetime(2026, 7, 1, 12, 30, 15, 123_456, tzinfo=UTC)
USER = Entity(name="user", join_keys=["user_id"], value_type=ValueType.STRING)
SHOP = Entity(name="shop", join_keys=["shop_id"], value_type=ValueType.INT64)
SEAT = Entity(name="seat", join_keys=["seat_id"], value_type=ValueType.INT32)
KEY_TYPES: dict[str, FeastType] = {"user_id": String, "shop_id": Int64, "seat_id": Int32}
CLOCK = RequestSource(
    name="clock", schema=[Field(name="now", dtype=Float64), Field(name="steps", dtype=Int64)]
)
NOTE = RequestSource(name="note", schema=[Field(name="words", dtype=String)])
SHAPES: Sequence[list[Entity]] = ([USER], [SHOP], [USER, SHOP], [SEAT, USER], [])
"""The entities of a project's views, one after the other."""

TAKEN = set(PLAIN) - {Uuid, Decimal, Array(Uuid), Array(Decimal)}
"""Types of on-demand functions' inputs: Feast has no sample of the others to call them with."""


@dataclass(frozen=True, slots=True)
class Definitions:
    """What a project declares.

    Args:
        views: State views, of which the last has features of rare types.
        computed: On-demand views.
        services: Of projections, aliases and join-key maps.
    """

    views: Sequence[FeatureView]
    computed: Sequence[OnDemandFeatureView]
    services: Sequence[FeatureService]


def definitions(seed: int, folder: Path) -> Definitions:
    """Make the definitions of a seed."""
    chance = random.Random(seed)
    drawn_from = ([dict(SCALARS), PLAIN] * len(SHAPES))[: len(SHAPES)]
    drawn_from = ([dict(SCALARS), PLAIN] * len(SHAPES))[: len(SHAPES)]
    views = [
        _view(f"view{number}", entities, chance.sample(list(types), 5), folder)
        for number, (entities, types) in enumerate(zip(SHAPES, drawn_from, strict=True))
    ]
    views.append(_view("rare", [USER], chance.sample(list(EXOTIC), 12), folder))
    plain = views[:-1]
    computed = []
    for number, mode in enumerate(("python", "singleton", "pandas", "python", "pandas")):
        sources = chance.sample(plain, 1 + number % 2)
        chosen = [view[_some(chance, view, taken=TAKEN)] for view in sources]
        request = chance.choice([CLOCK, NOTE])
        computed.append(Witness(f"{mode}{number}", mode, chosen, request).view())
    return Definitions(
        views, computed, [_service(chance, number, views, computed) for number in range(4)]
    )


def _some(
    chance: random.Random, view: FeatureView, taken: Collection[FeastType] = tuple(STRATEGIES)
) -> list[str]:
    names = [feature.name for feature in view.features if feature.dtype in taken]
    if taken is TAKEN:
        # Of two sources' columns of one name Feast drops one, or gives the other's values.
        names.remove("total")
    return chance.sample(names, chance.randint(1, len(names)))


def _view(
    name: str, entities: list[Entity], types: Sequence[FeastType], folder: Path
) -> FeatureView:
    keys = [Field(name=e.join_key, dtype=KEY_TYPES[e.join_key]) for e in entities]
    features = [Field(name=f"{name}_f{n}", dtype=dtype) for n, dtype in enumerate(types)]
    return FeatureView(
        name=name,
        entities=entities,
        # "total" is a name that all views share.
        schema=[*keys, *features, Field(name="total", dtype=Int64)],
        source=FileSource(
            name="rows", path=str(folder / "rows.parquet"), timestamp_field="event_timestamp"
        ),
        ttl=timedelta(days=36_500),
    )


def _service(
    chance: random.Random,
    number: int,
    views: Sequence[FeatureView],
    computed: Sequence[OnDemandFeatureView],
) -> FeatureService:
    """Make a service of several views under their names, one renamed, and on-demand views."""
    first, second = chance.sample(list(views), 2)
    names = [name for name in _some(chance, first) if name != "total"] or [first.features[0].name]
    parts: list[Any] = [first[names]]
    if number % 2 and second.join_keys == ["user_id"]:
        renamed = second[_some(chance, second)].with_name("friends")
        parts.append(renamed.with_join_key_map({"user_id": "friend_id"}))
    elif number % 2:
        parts.append(second[_some(chance, second)].with_name("renamed"))
    parts += chance.sample(list(computed), number)
    return FeatureService(name=f"service{number}", features=parts)


@dataclass(frozen=True, slots=True)
class Row:
    """A stored row.

    Args:
        view: Name of its view.
        keys: Its join keys.
        values: Its features, None for a stored null.
        event_time: Aware.
    """

    view: str
    keys: Mapping[str, str | int]
    values: Mapping[str, Any]
    event_time: datetime = EVENT_TIME


class Pair:
    """One project, one Redis, two stores.

    Args:
        ours: Feast with our store.
        stock: Feast with its own.
        redis: The Redis, seen past both.
        declared: What is applied.

    Attributes:
        views: The state views as applied, with entity columns.
    """

    def __init__(
        self, ours: FeatureStore, stock: FeatureStore, redis: Keyspace, declared: Definitions
    ) -> None:
        self.ours, self.stock, self.redis, self.declared = ours, stock, redis, declared
        self.views: dict[str, FeatureView] = {
            view.name: stock.registry.get_feature_view(view.name, stock.project)
            for view in declared.views
        }

    def __repr__(self) -> str:
        # Hypothesis shows what it draws from, and a dataclass's fields would be 200 kB.
        return f"Pair({[service.name for service in self.declared.services]})"

    def empty(self) -> None:
        """Remove all rows."""
        self.redis.client.flushdb()

    def write(self, rows: Sequence[Row], *, by: FeatureStore | None = None) -> None:
        """Write rows by stock's store, or by that of another `FeatureStore`; a batch per view."""
        store = by or self.stock
        online = get_online_store_from_config(store.config.online_store)
        for name in {row.view: None for row in rows}:
            batch = [self._encoded(row) for row in rows if row.view == name]
            online.online_write_batch(store.config, self.views[name], batch, None)
        asyncio.run(online.close())

    def _encoded(self, row: Row) -> FeastRow:
        types = {feature.name: feature.dtype for feature in self.views[row.view].features}
        key = EntityKey(
            join_keys=list(row.keys) or [DUMMY_ENTITY_ID],
            entity_values=[
                to_proto(KEY_TYPES[name], [value])[0] for name, value in row.keys.items()
            ]
            or to_proto(String, [DUMMY_ENTITY_VAL]),
        )
        values = {name: to_proto(types[name], [v])[0] for name, v in row.values.items()}
        return key, values, row.event_time, row.event_time


def make_pair(folder: Path, address: str, declared: Definitions, **settings: object) -> Pair:
    """Apply definitions once and open both stores on them.

    Args:
        folder: For the registry.
        address: Redis, "host:port".
        declared: The definitions.
        settings: More settings of our online store.
    """
    ours, stock = (
        FeatureStore(
            config=RepoConfig(
                project="pair",
                provider="local",
                registry={"path": str(folder / "registry.db"), "cache_ttl_seconds": 0},
                online_store={"type": kind, "connection_string": address, **extra},
                repo_path=folder,
            )
        )
        for kind, extra in ((OURS, settings), (STOCK, {}))
    )
    stock.apply([USER, SHOP, SEAT, *declared.views, *declared.computed, *declared.services])
    ours.refresh_registry()  # type: ignore[no-untyped-call]
    host, port = address.split(":")
    return Pair(ours, stock, Keyspace(Redis(host=host, port=int(port))), declared)
