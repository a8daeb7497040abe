"""Plain rows of a feature view, and the hash fields that they become.

A row lies in its entity's Redis hash, beside the rows of other views, in Feast's own layout:

| hash field                            | value                                              |
|---------------------------------------|----------------------------------------------------|
| murmur3-32 of `<view>:<feature>`, LE  | the feature as a serialized `Value`                 |
| `_ts:<view>`                          | the event time as a serialized protobuf `Timestamp` |
| `_created:<view>`                     | the created time, microseconds in decimal digits    |

The last one is ours; Feast's own clients ignore it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from feast.infra.online_stores.helpers import _mmh3, compute_versioned_name

from oo_stores.errors import FeatureValueError, UnknownFeatureError
from oo_stores.redis.keys import JoinKeys, KeyEncoder, key_encoder
from oo_stores.redis.values import Encoder, PlainValue, encoder_for, varint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from feast import FeatureView, RepoConfig

HashFields: TypeAlias = list[bytes]
"""Names and values of hash fields in turn, as HSET takes them."""

_MICROSECONDS = 1_000_000
_NANOSECONDS_PER_MICROSECOND = 1_000
_SECONDS_TAG, _NANOS_TAG = b"\x08", b"\x10"


@dataclass(frozen=True, slots=True)
class OnlineRow:
    """One version of one entity's features in a view.

    Args:
        join_keys: The entity, by the view's join keys; empty for a view without entities.
        values: Features by name; one that is left out keeps what is stored, None stores null.
        event_time_us: Event time, microseconds since the epoch, UTC.
        created_time_us: When this version was made, microseconds since the epoch, UTC.
    """

    join_keys: JoinKeys
    values: Mapping[str, PlainValue]
    event_time_us: int
    created_time_us: int


@dataclass(frozen=True, slots=True)
class RowLayout:
    """Where a view's rows lie in Redis: what depends on the view alone, worked out once."""

    view: str
    key: KeyEncoder
    event_time_field: bytes
    created_time_field: bytes
    features: Mapping[str, tuple[bytes, Encoder]]

    @classmethod
    def of(cls, view: FeatureView, config: RepoConfig) -> RowLayout:
        """Work out the layout of a view.

        Args:
            view: A view as applied, so that features and join keys have types.
            config: Gives project, key serialization and whether views are versioned.
        """
        name = stored_name(view, config)
        return cls(
            view=name,
            key=key_encoder(view, config),
            event_time_field=event_time_field(name),
            created_time_field=created_time_field(name),
            features={
                field.name: (
                    feature_field(name, field.name),
                    encoder_for(field.dtype.to_value_type()),
                )
                for field in view.features
            },
        )

    def hash_fields(self, row: OnlineRow) -> HashFields:
        """Return a row as hash fields.

        Raises:
            UnknownFeatureError: The view has no feature of that name.
            FeatureValueError: The feature's type cannot hold the value.
        """
        features = self.features
        fields = [
            self.event_time_field,
            timestamp(row.event_time_us),
            self.created_time_field,
            b"%d" % row.created_time_us,
        ]
        for name, value in row.values.items():
            try:
                field, encode = features[name]
            except KeyError:
                raise UnknownFeatureError(self.view, name, list(features)) from None
            try:
                fields += (field, encode(value))
            except (TypeError, ValueError, struct.error) as error:
                raise FeatureValueError(self.view, name, value, error) from error
        return fields


def stored_name(view: FeatureView, config: RepoConfig) -> str:
    """Return the name that a view's hash fields carry, with its version where these are on."""
    versioned: bool = config.registry.enable_online_feature_view_versioning
    return compute_versioned_name(view, versioned)


def feature_field(view: str, feature: str) -> bytes:
    """Return the name of the hash field of a feature."""
    field: bytes = _mmh3(f"{view}:{feature}")
    return field


def event_time_field(view: str) -> bytes:
    """Return the name of the hash field of a view's event time."""
    return f"_ts:{view}".encode()


def created_time_field(view: str) -> bytes:
    """Return the name of the hash field of a view's created time."""
    return f"_created:{view}".encode()


def timestamp(microseconds: int) -> bytes:
    r"""Return an instant as a serialized protobuf `Timestamp`.

    Args:
        microseconds: Since the epoch, UTC; negative before 1970.

    >>> timestamp(1_000_001)
    b'\x08\x01\x10\xe8\x07'
    """
    seconds, rest = divmod(microseconds, _MICROSECONDS)
    payload = _SECONDS_TAG + varint(seconds) if seconds else b""
    if rest:
        payload += _NANOS_TAG + varint(rest * _NANOSECONDS_PER_MICROSECOND)
    return payload
