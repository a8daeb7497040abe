"""Rows as Redis has them, whatever their age and whatever is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from feast.protos.feast.types.Value_pb2 import Value
from feast.type_map import feast_value_type_to_python_type
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # no stubs
from redis.exceptions import ResponseError

from oo_stores.redis import rows
from oo_stores.redis.decoding import micros_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feast import FeatureView, RepoConfig

    from oo_stores.redis.connections import Client
    from oo_stores.redis.hash_reads import Reply
    from oo_stores.redis.keys import JoinKeys


@dataclass(frozen=True, slots=True)
class StoredRow:
    """What is stored of one entity in one view.

    Attributes:
        values: Features by name. One that is not stored is left out; what is no `Value` comes as
            the bytes that are there.
        event_time_us: Microseconds; None if it is not stored or cannot be read.
        created_time_us: The same.
        is_hash: Whether the entity's key is what it must be; if not, the row has nothing else.
    """

    values: dict[str, Any]
    event_time_us: int | None
    created_time_us: int | None
    is_hash: bool = True


class StoredRows:
    """Reads rows of any views.

    Args:
        config: Gives project, key serialization and whether views are versioned.
    """

    def __init__(self, config: RepoConfig) -> None:
        self._layouts = rows.Layouts(config)

    def read(
        self, client: Client, asked: Sequence[tuple[FeatureView, JoinKeys]]
    ) -> list[StoredRow | None]:
        """Read the rows of these views and entities in one round trip; None: nothing is there."""
        wanted = []
        for view, join_keys in asked:
            layout = self._layouts.of(view)
            wanted.append((layout.key(join_keys), layout.whole))
        with client.pipeline(transaction=False) as pipe:
            for key, names in wanted:
                pipe.execute_command("HMGET", key, *names)
            replies = pipe.execute(raise_on_error=False)
        return [
            _row(tuple(self._layouts.of(view).types), reply)
            for (view, _), reply in zip(asked, replies, strict=True)
        ]


def _row(features: Sequence[str], reply: Reply | Exception) -> StoredRow | None:
    if isinstance(reply, ResponseError) and str(reply).startswith("WRONGTYPE"):
        return StoredRow({}, None, None, is_hash=False)
    if isinstance(reply, Exception):
        raise reply
    created, event, *payloads = reply
    if all(payload is None for payload in reply):
        return None
    values = {
        name: _value(payload)
        for name, payload in zip(features, payloads, strict=True)
        if payload is not None
    }
    return StoredRow(values, _event_us(event), _created_us(created))


def _value(payload: bytes) -> Any:  # noqa: ANN401  whatever a feature may hold
    try:
        return feast_value_type_to_python_type(Value.FromString(payload))
    except DecodeError:
        return payload


def _event_us(payload: bytes | None) -> int | None:
    try:
        return None if payload is None else micros_of(payload)
    except DecodeError:
        return None


def _created_us(digits: bytes | None) -> int | None:
    try:
        return None if digits is None else int(digits)
    except ValueError:
        return None
