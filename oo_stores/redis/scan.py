"""All keys of some entities in one project.

Feast looks for keys that begin with the join keys and end with the project's name. So it also
finds those of a project whose name merely ends the same (`oo` and `foo`), and deletes them too.
Here what lies between is read, and the rest is compared.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from feast.infra.key_encoding_utils import deserialize_entity_key
from feast.infra.online_stores.helpers import _redis_key_prefix
from feast.value_type import ValueType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feast import RepoConfig
    from redis import Redis
    from redis.cluster import RedisCluster

    from oo_stores.redis.keys import JoinKeys

_SCAN_COUNT = 1_000
_GLOB = b"*?[]\\"
_STRING = ValueType.STRING.value
_value_head = struct.Struct("<II")


def keys_of(client: Redis | RedisCluster, join_keys: list[str], project: str) -> Iterator[bytes]:
    """Yield the Redis keys of all entities with these join keys in this project.

    Args:
        client: Where to look.
        join_keys: In any order.
        project: The project's exact name.
    """
    prefix, suffix = _redis_key_prefix(join_keys), project.encode()
    pattern = _literal(prefix) + b"*" + _literal(suffix)
    for key in client.scan_iter(match=pattern, count=_SCAN_COUNT):
        if _project_of(key, len(prefix), len(join_keys)) == suffix:
            yield key


def entities_of(
    client: Redis | RedisCluster, join_keys: list[str], config: RepoConfig
) -> Iterator[JoinKeys]:
    """Yield all entities with these join keys in the config's project.

    Args:
        client: Where to look.
        join_keys: In any order.
        config: Gives the project and the version of the key serialization.
    """
    begin = len(_redis_key_prefix(join_keys))
    for key in keys_of(client, join_keys, config.project):
        kind, size = _value_head.unpack_from(key, begin)
        if len(join_keys) == 1 and kind == _STRING:
            # Feast would build a message for it, which takes ten times as long.
            text = key[begin + _value_head.size : begin + _value_head.size + size]
            yield {join_keys[0]: text.decode()}
        else:
            yield _join_keys_of(key, config)


def _join_keys_of(key: bytes, config: RepoConfig) -> JoinKeys:
    entity = key[: len(key) - len(config.project.encode())]
    message = deserialize_entity_key(entity, config.entity_key_serialization_version)
    values = (getattr(value, value.WhichOneof("val")) for value in message.entity_values)
    return dict(zip(message.join_keys, values, strict=True))


def _project_of(key: bytes, offset: int, values: int) -> bytes | None:
    """Return what follows the values of an entity key, or None if they do not fit."""
    for _ in range(values):
        if offset + _value_head.size > len(key):
            return None
        _, size = _value_head.unpack_from(key, offset)
        offset += _value_head.size + size
    return key[offset:]


def _literal(text: bytes) -> bytes:
    """Escape what Redis takes for wildcards; lengths inside a key may look like one."""
    return b"".join(b"\\" + bytes((c,)) if c in _GLOB else bytes((c,)) for c in text)
