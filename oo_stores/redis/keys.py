"""The Redis key of an entity: Feast's entity key, then the project's name.

`feast.infra.key_encoding_utils.serialize_entity_key` is the reference. What it writes before the
values depends on the view alone, so it is made once per view, and no message is built per row.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
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

KeyEncoder: TypeAlias = Callable[[JoinKeys], bytes]
"""Returns an entity's Redis key; raises EntityKeyError."""

ValueEncoder: TypeAlias = Callable[[str | int], bytes]
"""Returns the part of a Redis key that a join key's value makes."""

_uint32 = struct.Struct("<I").pack
_int32 = struct.Struct("<i").pack
_int64 = struct.Struct("<q").pack
_LAST_VERSION_OF_32_BITS = 1


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
    names = [column.name for column in columns]
    encoders = [(column.name, _value_encoder(view, column, version)) for column in columns]
    if not columns and view.entities != [DUMMY_ENTITY_NAME]:
        raise EntityKeyError(view.name, "its join keys have no types. Take the view as applied.")
    prefix = serialize_entity_key_prefix(names, version)
    project = config.project.encode()
    known = set(names)
    entityless = known == {DUMMY_ENTITY_ID}

    def encode(join_keys: JoinKeys) -> bytes:
        if entityless and not join_keys:
            join_keys = {DUMMY_ENTITY_ID: DUMMY_ENTITY_VAL}
        if join_keys.keys() != known:
            raise EntityKeyError(view.name, f"{dict(join_keys)}, since it is keyed by {names}")
        try:
            values = [value(join_keys[name]) for name, value in encoders]
        except (TypeError, ValueError, struct.error) as error:
            raise EntityKeyError(view.name, f"{dict(join_keys)}, since {error}") from error
        return b"".join((prefix, *values, project))

    return encode


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
    return _uint32(type_number) + _uint32(len(content)) + content


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
    return sized(ValueType.STRING.value, str(value).encode())


def _int32_value(value: str | int) -> bytes:
    return sized(ValueType.INT32.value, _int32(int(value)))


def _int64_wide(value: str | int) -> bytes:
    return sized(ValueType.INT64.value, _int64(int(value)))


def _int64_narrow(value: str | int) -> bytes:
    # Versions 0 and 1 kept four bytes of an Int64.
    return sized(ValueType.INT64.value, _int32(int(value)))
