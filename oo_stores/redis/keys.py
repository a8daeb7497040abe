"""The Redis key of an entity: Feast's entity key, then the project's name.

`feast.infra.key_encoding_utils.serialize_entity_key` is the reference. What it writes before the
values depends on the view alone, so it is made once per view, and no message is built per row.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, TypeAlias

from feast.feature_view import DUMMY_ENTITY_ID, DUMMY_ENTITY_NAME, DUMMY_ENTITY_VAL
from feast.infra.key_encoding_utils import serialize_entity_key_prefix
from feast.value_type import ValueType

from oo_stores.errors import EntityKeyError

if TYPE_CHECKING:
    from feast import FeatureView, Field, RepoConfig

JoinKeys: TypeAlias = Mapping[str, str | int]
"""An entity by its join keys."""

ValueEncoder: TypeAlias = Callable[[str | int], bytes]
"""Returns the part of a Redis key that a join key's value makes."""

_uint32 = struct.Struct("<I").pack
_int32 = struct.Struct("<i").pack
_int64 = struct.Struct("<q").pack
_LAST_VERSION_OF_32_BITS = 1
_STRING = _uint32(ValueType.STRING.value)


def key_encoder(view: FeatureView, config: RepoConfig) -> KeyEncoder:
    """Return the function from a view's join keys to the Redis key.

    A value is cast to the type that the view declares for its join key, so that 5 and "5" are
    one customer.

    Args:
        view: A view as applied; one without entities takes empty join keys.
        config: Gives project and version of the key serialization.

    Raises:
        EntityKeyError: The view's join keys have no type yet, or one that plain rows lack.
    """
    version = config.entity_key_serialization_version
    columns = sorted(view.entity_columns, key=attrgetter("name"))
    encoders = {column.name: _value_encoder(view, column, version) for column in columns}
    if not columns and view.entities != [DUMMY_ENTITY_NAME]:
        raise EntityKeyError(view.name, "its join keys have no types. Take the view as applied.")
    prefix = serialize_entity_key_prefix(list(encoders), version)
    return KeyEncoder(view.name, encoders, prefix, config.project.encode())


class KeyEncoder:
    """Turns the join keys of a view's entities into their Redis keys.

    Args:
        view: The view's name, for errors.
        encoders: What each join key's value makes, in the order of the key.
        prefix: What stands before the values.
        project: What stands behind them.
    """

    def __init__(
        self, view: str, encoders: Mapping[str, ValueEncoder], prefix: bytes, project: bytes
    ) -> None:
        self._view = view
        self._encoders = encoders
        self._prefix = prefix
        self._project = project
        self._entityless = encoders.keys() == {DUMMY_ENTITY_ID}

    def __call__(self, join_keys: JoinKeys) -> bytes:
        """Return the Redis key of an entity.

        Raises:
            EntityKeyError: The join keys do not fit the view.
        """
        (key,) = self.many({name: (value,) for name, value in join_keys.items()})
        return key

    def many(self, join_keys: Mapping[str, Sequence[str | int]]) -> list[bytes]:
        """Return the Redis keys of entities that come column by column.

        Raises:
            EntityKeyError: A join key is missing or not known, or a value does not fit.
        """
        if self._entityless and not join_keys:
            join_keys = {DUMMY_ENTITY_ID: (DUMMY_ENTITY_VAL,)}
        if join_keys.keys() != self._encoders.keys():
            raise EntityKeyError(
                self._view, f"{_shown(join_keys)}, since it is keyed by {list(self._encoders)}"
            )
        prefix, project = self._prefix, self._project
        try:
            parts = [list(map(encode, join_keys[name])) for name, encode in self._encoders.items()]
        except (TypeError, ValueError, struct.error) as error:
            raise EntityKeyError(self._view, f"{_shown(join_keys)}, since {error}") from error
        if len(parts) == 1:
            return [prefix + part + project for part in parts[0]]
        return [b"".join((prefix, *values, project)) for values in zip(*parts, strict=True)]


def _shown(join_keys: Mapping[str, Sequence[str | int]]) -> dict[str, object]:
    """Show join keys, those of a single entity as it has them."""
    return {name: column[0] if len(column) == 1 else column for name, column in join_keys.items()}


def value_encoder(value_type: ValueType, version: int) -> ValueEncoder | None:
    """Return the function from a join key's value to its part of a Redis key.

    Args:
        value_type: Of the join key.
        version: Of the key serialization.

    Returns:
        The function, which casts what it is given; None for a type that plain rows lack.
    """
    encoders: dict[ValueType, ValueEncoder] = {
        ValueType.STRING: _string,
        ValueType.INT32: _int32_value,
        ValueType.INT64: _int64_narrow if version <= _LAST_VERSION_OF_32_BITS else _int64_wide,
    }
    return encoders.get(value_type)


def sized(type_number: int, content: bytes) -> bytes:
    """Return a part of a Redis key: the number of a value's type, its size and its bytes."""
    return _head(type_number, len(content)) + content


@lru_cache(maxsize=256)
def _head(type_number: int, size: int) -> bytes:
    return _uint32(type_number) + _uint32(size)


def _value_encoder(view: FeatureView, column: Field, version: int) -> ValueEncoder:
    encoder = value_encoder(column.dtype.to_value_type(), version)
    if encoder is None:
        raise EntityKeyError(
            view.name,
            f"its join key {column.name!r} is {column.dtype}, and plain rows take String, Int64 "
            "and Int32. Use FeatureStore.write_to_online_store for this view.",
        )
    return encoder


def _string(value: str | int) -> bytes:
    content = str(value).encode()
    return b"%b%b%b" % (_STRING, _uint32(len(content)), content)


def _int32_value(value: str | int) -> bytes:
    return sized(ValueType.INT32.value, _int32(int(value)))


def _int64_wide(value: str | int) -> bytes:
    return sized(ValueType.INT64.value, _int64(int(value)))


def _int64_narrow(value: str | int) -> bytes:
    # Versions 0 and 1 kept four bytes of an Int64.
    return sized(ValueType.INT64.value, _int32(int(value)))
