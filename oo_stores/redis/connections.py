"""From the settings to a client of redis-py: standalone, Sentinel or Cluster, blocking or not.

Feast's connection string is taken as Feast takes it. Added are time-outs, a limit to redis-py's
own retries (which take some seconds by default), and that user and password are texts whatever
they look like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from feast.infra.online_stores.redis import RedisOnlineStore as FeastRedisOnlineStore
from redis import Redis
from redis import asyncio as redis_asyncio
from redis.asyncio.cluster import ClusterNode as AsyncClusterNode
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry
from redis.sentinel import Sentinel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oo_stores.redis.config import RedisOnlineStoreConfig

Client: TypeAlias = "Redis | RedisCluster"
"""What blocks while Redis works."""

AsyncClient: TypeAlias = "redis_asyncio.Redis | redis_asyncio.RedisCluster"
"""What lets the event loop go on meanwhile."""

_TEXTS = ("username", "password")


def connect(settings: RedisOnlineStoreConfig) -> Client:
    """Return a client; standalone and Sentinel connect at the first request, Cluster now."""
    nodes, parameters = _parsed(settings, settings.connection_string)
    retry = Retry(NoBackoff(), settings.retries, (RedisConnectionError,))
    if settings.redis_type == "redis_cluster":
        startup = [ClusterNode(host, port) for host, port in nodes]  # type: ignore[no-untyped-call]
        return RedisCluster(startup_nodes=startup, retry=retry, **parameters)
    if settings.redis_type == "redis_sentinel":
        asked = _to_sentinels(parameters, retry)
        sentinel = Sentinel(nodes, sentinel_kwargs=asked, retry=retry, **parameters)  # type: ignore[no-untyped-call]
        master: Redis = sentinel.master_for(settings.sentinel_master)  # type: ignore[no-untyped-call]
        return master
    (host, port), *_ = nodes
    return Redis(host=host, port=port, retry=retry, **parameters)


def connect_async(settings: RedisOnlineStoreConfig) -> AsyncClient:
    """Return a client for the running event loop, which connects at its first request."""
    nodes, parameters = _parsed(settings, settings.connection_string)
    retry = AsyncRetry(NoBackoff(), settings.retries, (RedisConnectionError,))
    if settings.redis_type == "redis_cluster":
        startup = [AsyncClusterNode(host, port) for host, port in nodes]
        return redis_asyncio.RedisCluster(startup_nodes=startup, retry=retry, **parameters)
    if settings.redis_type == "redis_sentinel":
        asked = _to_sentinels(parameters, retry)
        sentinel = redis_asyncio.Sentinel(nodes, sentinel_kwargs=asked, retry=retry, **parameters)  # type: ignore[no-untyped-call]
        master: redis_asyncio.Redis = sentinel.master_for(settings.sentinel_master)
        return master
    (host, port), *_ = nodes
    return redis_asyncio.Redis(host=host, port=port, retry=retry, **parameters)


def replica_settings(settings: RedisOnlineStoreConfig) -> RedisOnlineStoreConfig:
    """Return the settings of the replica to fall back on, a standalone one."""
    return settings.model_copy(
        update={"connection_string": settings.replica_connection_string, "redis_type": "redis"}
    )


def server_name(settings: RedisOnlineStoreConfig) -> str:
    """Return what an error calls the server: its addresses, without any password.

    >>> from oo_stores.redis import RedisOnlineStoreConfig
    >>> server_name(RedisOnlineStoreConfig(connection_string="h:1,password=x"))
    'Redis at h:1'
    """
    addresses = ",".join(p for p in settings.connection_string.split(",") if "=" not in p)
    if settings.redis_type == "redis_cluster":
        return f"Redis Cluster at {addresses}"
    if settings.redis_type == "redis_sentinel":
        return f"Redis {settings.sentinel_master!r} of the Sentinels at {addresses}"
    return f"Redis at {addresses}"


def _parsed(
    settings: RedisOnlineStoreConfig, connection_string: str
) -> tuple[list[tuple[str, int]], dict[str, Any]]:
    """Return addresses, and what redis-py's client takes beside them."""
    nodes, parameters = FeastRedisOnlineStore._parse_connection_string(connection_string)  # noqa: SLF001  Feast's only parser
    # Feast reads values as JSON, but a password of digits is a text.
    raw = dict(part.split("=", 1) for part in connection_string.split(",") if "=" in part)
    texts = {name: raw[name] for name in _TEXTS if name in raw}
    time_outs = {
        "socket_connect_timeout": settings.connect_timeout_seconds,
        "socket_timeout": settings.read_timeout_seconds,
    }
    addresses = [(node["host"], int(node["port"])) for node in nodes]
    return addresses, {**time_outs, **parameters, **texts}


def _to_sentinels(parameters: Mapping[str, Any], retry: object) -> dict[str, Any]:
    """Return how Sentinels are asked: as redis-py does by default, but with our retries."""
    return {k: v for k, v in parameters.items() if k.startswith("socket_")} | {"retry": retry}
