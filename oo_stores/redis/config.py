"""Settings of the online store."""

from __future__ import annotations

from typing import Literal

from feast.infra.online_stores import redis as feast_redis
from pydantic import ConfigDict, field_validator

from oo_stores.errors import ConnectionStringError
from oo_stores.settings import resolve

DEFAULT_CONNECTION_STRING = "localhost:6379"


class RedisOnlineStoreConfig(feast_redis.RedisOnlineStoreConfig):
    """Feast's Redis settings, with an address that a deploy sets in the environment.

    Everything that Feast's class takes is taken (Sentinel, Cluster, TLS, passwords). What
    differs:

    Args:
        type: `oo_stores.redis.RedisOnlineStore`.
        connection_string: `host:port[,host:port...][,parameter=value...]`. The yaml may name a
            variable, `${NAME}` or `${NAME:-localhost:6380}`. Default `localhost:6379`.
        skip_dedup: Write without reading first. Default True: a late signal changes state
            under an unchanged event time, and Feast's check takes that for a duplicate.
    """

    # An enum does not survive yaml.safe_dump, which Feast does with a dumped config; and the
    # connection string holds a password, which no error message may show.
    model_config = ConfigDict(
        use_enum_values=True, validate_default=True, hide_input_in_errors=True
    )

    # Feast's own class names its own type, a literal too; every subclass in Feast overrides it.
    type: Literal["oo_stores.redis.RedisOnlineStore"] = "oo_stores.redis.RedisOnlineStore"  # type: ignore[assignment]
    skip_dedup: bool = True

    @field_validator("connection_string", mode="before")
    @classmethod
    def _resolve_connection_string(cls, value: str | None) -> str:
        resolved = resolve(value, default=DEFAULT_CONNECTION_STRING)
        _check_addresses(resolved)
        return resolved


def _check_addresses(connection_string: str) -> None:
    """Refuse a connection string without a `host:port`, or with a part that is neither.

    Raises:
        ConnectionStringError: It says which part; never what stands before an `@` or after the
            first parameter, since that may be a password.
    """
    parts = connection_string.split(",")
    addresses = [part for part in parts if "=" not in part]
    for number, part in enumerate(parts, start=1):
        if "=" in part:
            continue
        host, _, port = part.rpartition(":")
        if not host or ":" in host or not port.isdigit():
            leading = number <= _leading(parts)
            shown = repr(part.rpartition("@")[2]) if leading else "a part after a parameter"
            raise ConnectionStringError(
                f"Part {number} of the Redis connection string is {shown}; "
                "host:port[,host:port...][,parameter=value...] is needed, without a scheme and "
                "without commas in values. Correct it in feature_store.yaml or the environment."
            )
    if not addresses:
        raise ConnectionStringError(
            "The Redis connection string has parameters only; it begins with host:port. "
            "Correct it in feature_store.yaml or the environment."
        )


def _leading(parts: list[str]) -> int:
    """Return how many parts stand before the first parameter."""
    return next((i for i, part in enumerate(parts) if "=" in part), len(parts))


# Feast looks for the store in the module of its config class, and finds both in this package.
RedisOnlineStoreConfig.__module__ = "oo_stores.redis"
