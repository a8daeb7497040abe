"""Settings of the online store."""

from __future__ import annotations

from typing import Literal

from feast.infra.online_stores import redis as feast_redis
from pydantic import ConfigDict, NonNegativeInt, PositiveFloat, field_validator, model_validator

from oo_stores.errors import ConnectionStringError
from oo_stores.settings import resolve, resolve_optional

DEFAULT_CONNECTION_STRING = "localhost:6379"


class RedisOnlineStoreConfig(feast_redis.RedisOnlineStoreConfig):
    """Feast's Redis settings, with time-outs, a replica, and values from the environment.

    Everything that Feast's class takes is taken (Sentinel, Cluster, TLS, passwords). Every text
    may name variables, `${NAME}` or `${NAME:-fallback}`, and one that comes to nothing counts as
    not written. What differs:

    Args:
        type: `oo_stores.redis.RedisOnlineStore`.
        connection_string: `host:port[,host:port...][,parameter=value...]`; parameters are those
            of redis-py's client, and win over the settings below. Default `localhost:6379`.
        skip_dedup: Write unconditionally, whatever is stored. Default False: an older event time
            never replaces a newer one, and at equal event times the later created time wins.
        connect_timeout_seconds: How long a connection may take. Default 1.
        read_timeout_seconds: How long Redis may be silent when an answer is due. Default 2.
        retries: How often a request is sent again over a new connection when its own breaks.
            Never after a time-out. Default 1.
        replica_connection_string: Where reads go while the server of `connection_string` does
            not serve them. Default: nowhere.
        ttl_clock: The request column (Unix seconds) to which the age of stored values is
            counted, so that old data can be replayed. Default: the wall clock, which also holds
            where a request does not bring the column.
        stock_semantics: Read as Feast's own store does: values of any age, all called present.
            Default False.
    """

    # An enum does not survive yaml.safe_dump, which Feast does with a dumped config; and the
    # connection string holds a password, which no error message may show.
    model_config = ConfigDict(
        use_enum_values=True, validate_default=True, hide_input_in_errors=True
    )

    # Feast's own class names its own type, a literal too; every subclass in Feast overrides it.
    type: Literal["oo_stores.redis.RedisOnlineStore"] = "oo_stores.redis.RedisOnlineStore"  # type: ignore[assignment]
    connect_timeout_seconds: PositiveFloat = 1.0
    read_timeout_seconds: PositiveFloat = 2.0
    retries: NonNegativeInt = 1
    replica_connection_string: str | None = None
    ttl_clock: str | None = None
    stock_semantics: bool = False

    @model_validator(mode="before")
    @classmethod
    def _resolve_variables(cls, values: object) -> object:
        if not isinstance(values, dict):
            return values
        resolved = {
            name: resolve_optional(value) if isinstance(value, str) and "${" in value else value
            for name, value in values.items()
        }
        # What came to nothing is left to the default.
        return {n: v for n, v in resolved.items() if v is not None or values[n] is None}

    @field_validator("connection_string", mode="before")
    @classmethod
    def _check_connection_string(cls, value: str | None) -> str:
        resolved = resolve(value, default=DEFAULT_CONNECTION_STRING)
        _check_addresses(resolved)
        return resolved

    @field_validator("replica_connection_string")
    @classmethod
    def _check_replica_connection_string(cls, value: str | None) -> str | None:
        if value:
            _check_addresses(value)
        return value or None


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
        if not host or ":" in host or "@" in host or not port.isdigit():
            leading = number <= _leading(parts)
            shown = repr(part.rpartition("@")[2]) if leading else "a part after a parameter"
            raise ConnectionStringError(
                f"Part {number} of the Redis connection string is {shown}; "
                "host:port[,host:port...][,parameter=value...] is needed, without a scheme, "
                "without anything before an @ and without commas in values. "
                "Correct it in feature_store.yaml or the environment."
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
