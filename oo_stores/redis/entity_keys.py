"""The Redis keys of Feast's own entity messages.

Feast's `serialize_entity_key` works out for each row what depends on the join keys' names alone,
which is most of it for an entity with one join key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from feast.feature_view import DUMMY_ENTITY_ID, DUMMY_ENTITY_VAL
from feast.infra.key_encoding_utils import serialize_entity_key, serialize_entity_key_prefix
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.value_type import ValueType

from oo_stores.redis.keys import sized

if TYPE_CHECKING:
    from feast import RepoConfig

_CURRENT_VERSION = 3
_NOBODY = EntityKey(join_keys=[DUMMY_ENTITY_ID], entity_values=[Value(string_val=DUMMY_ENTITY_VAL)])
"""The entity of a view without entities, under which it is read."""
_STRING, _INT64 = ValueType.STRING.value, ValueType.INT64.value


class EntityKeys:
    """Encodes the entity messages of one write.

    Args:
        config: Gives the project and the version of the key serialization.
    """

    def __init__(self, config: RepoConfig) -> None:
        self._version = config.entity_key_serialization_version
        self._project = config.project.encode()
        self._prefixes: dict[str, bytes] = {}

    def encode(self, entity_key: EntityKey) -> bytes:
        """Return an entity's Redis key, byte for byte Feast's own.

        Only where a view without entities is written by `write_to_online_store`, Feast's own
        would be one that no read asks for.
        """
        values = entity_key.entity_values
        if len(values) == 1 and self._version == _CURRENT_VERSION:
            value = values[0]
            kind = value.WhichOneof("val")
            if kind == "string_val":
                content = sized(_STRING, value.string_val.encode())
                return self._prefix(entity_key.join_keys[0]) + content + self._project
            if kind == "int64_val":
                content = sized(_INT64, value.int64_val.to_bytes(8, "little", signed=True))
                return self._prefix(entity_key.join_keys[0]) + content + self._project
        known = entity_key if entity_key.join_keys else _NOBODY
        return serialize_entity_key(known, self._version) + self._project

    def _prefix(self, join_key: str) -> bytes:
        prefix = self._prefixes.get(join_key)
        if prefix is None:
            prefix = self._prefixes[join_key] = serialize_entity_key_prefix([join_key])
        return prefix
