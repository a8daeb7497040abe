"""`get_online_features` and its asynchronous twin: by a plan where one covers the request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from feast import metrics

from oo_stores.redis.age import Instants, WallClock, request_clock
from oo_stores.redis.feast_path import FeastPath
from oo_stores.redis.feast_withheld import withhold_in
from oo_stores.redis.plan import Reading, ReadPlans, UncoveredRequestError, columns_of

if TYPE_CHECKING:
    from feast import RepoConfig
    from feast.infra.registry.base_registry import BaseRegistry
    from feast.online_response import OnlineResponse

    from oo_stores.redis.feast_path import Read, ReadAsync
    from oo_stores.redis.hash_reads import Meanwhile
    from oo_stores.redis.plan import Asked


class OnlineReader:
    """Answers the requests of one store.

    Args:
        read: Reads hashes.
        read_async: Does so without blocking the event loop.
        wall_clock: The clock of requests that bring none.
    """

    def __init__(self, read: Read, read_async: ReadAsync, wall_clock: WallClock) -> None:
        self._read = read
        self._read_async = read_async
        self._wall_clock = wall_clock
        self._plans = ReadPlans()

    def get(
        self, asked: Asked, config: RepoConfig, registry: BaseRegistry, entity_rows: object
    ) -> OnlineResponse:
        """Answer a request; see `RedisOnlineStore.get_online_features`."""
        reading, now = self._begin(asked, config, registry, entity_rows)
        if reading is None:
            path = FeastPath(self._read, self._read_async, now, registry)
            response = path.get_online_features(**_arguments(asked, config, registry, entity_rows))
            return withhold_in(response, asked, registry, path.statuses)
        return reading.response(self._read(config, reading.reads, _meanwhile(reading)), now)

    async def get_async(
        self, asked: Asked, config: RepoConfig, registry: BaseRegistry, entity_rows: object
    ) -> OnlineResponse:
        """Answer a request without blocking the event loop."""
        reading, now = self._begin(asked, config, registry, entity_rows)
        if reading is None:
            path = FeastPath(self._read, self._read_async, now, registry)
            arguments = _arguments(asked, config, registry, entity_rows)
            response = await path.get_online_features_async(**arguments)
            return withhold_in(response, asked, registry, path.statuses)
        replies = await self._read_async(config, reading.reads, _meanwhile(reading))
        return reading.response(replies, now)

    def _begin(
        self, asked: Asked, config: RepoConfig, registry: BaseRegistry, entity_rows: object
    ) -> tuple[Reading | None, Instants | None]:
        """Return a request's reading, None if no plan covers it, and its clock."""
        settings = config.online_store
        plan = self._plans.plan(asked, config, registry)
        try:
            columns = columns_of(entity_rows)
        except UncoveredRequestError:
            return None, None if settings.stock_semantics else self._wall_clock()
        now: Instants | None = None
        if not settings.stock_semantics:
            needs_clock = plan is None or plan.has_ttl
            column = settings.ttl_clock
            now = request_clock(columns, column, self._wall_clock) if needs_clock else 0
        if plan is None or metrics._config.online_features:  # noqa: SLF001  as Feast asks it
            return None, now
        try:
            return Reading.of(plan, columns), now
        except UncoveredRequestError:
            return None, now


def _meanwhile(reading: Reading) -> Meanwhile | None:
    return reading.prepare if reading.plan.on_demand else None


def _arguments(
    asked: Asked, config: RepoConfig, registry: BaseRegistry, entity_rows: object
) -> dict[str, Any]:
    return {
        "config": config,
        "features": asked.features,
        "entity_rows": entity_rows,
        "registry": registry,
        "project": asked.project,
        "full_feature_names": asked.full_names,
        "include_feature_view_version_metadata": asked.version_metadata,
    }
