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
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from feast.infra.online_stores.helpers import _mmh3, compute_versioned_name

from oo_stores.errors import FeatureValueError, UnknownFeatureError
from oo_stores.redis.keys import JoinKeys, key_encoder
from oo_stores.redis.values import PlainValue, encoder_for, varint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from feast import FeatureView, RepoConfig
    from numpy.typing import NDArray

FieldNames: TypeAlias = tuple[bytes, ...]
"""Names of hash fields: the created time's, the event time's, then features'."""


class HashRow(NamedTuple):
    """A row on its way to Redis.

    Args:
        names: Of its fields; one tuple for all rows of a kind, since it is sent once for all.
        values: Of these fields; an empty created time: there is none.
    """

    names: FieldNames
    values: Sequence[bytes]


class NoRows(NamedTuple):
    """Views of which an entity is to have no row.

    Args:
        views: All fields of each.
    """

    views: Sequence[FieldNames]


_MICROSECONDS = 1_000_000
_NANOSECONDS_PER_MICROSECOND = 1_000
_SECONDS_TAG, _NANOS_TAG = b"\x08", b"\x10"
_FOUR_DIGITS, _FIVE_DIGITS, _SIX_DIGITS = 1 << 21, 1 << 28, 1 << 35
"""The least numbers that need so many bytes of seven bits."""


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


class RowLayout:
    """Where a view's rows lie in Redis: what depends on the view alone, worked out once.

    Args:
        view: A view as applied, so that features and join keys have types.
        config: Gives project, key serialization and whether views are versioned.
    """

    def __init__(self, view: FeatureView, config: RepoConfig) -> None:
        self.names = KindsOfRows(stored_name(view, config))
        self.key = key_encoder(view, config)
        self.types = {field.name: field.dtype.to_value_type() for field in view.features}
        self._encoders = {name: encoder_for(kind) for name, kind in self.types.items()}
        self.whole = self.names[tuple(self.types)]

    def hash_row(self, row: OnlineRow) -> HashRow:
        """Return a row as hash fields.

        Raises:
            UnknownFeatureError: The view has no feature of that name.
            FeatureValueError: The feature's type cannot hold the value.
        """
        encoders = self._encoders
        values = [b"%d" % row.created_time_us, timestamp(row.event_time_us)]
        for name, value in row.values.items():
            encode = encoders.get(name)
            if encode is None:
                raise UnknownFeatureError(self.names.view, name, list(encoders))
            try:
                values.append(encode(value))
            except (TypeError, ValueError, struct.error) as error:
                raise FeatureValueError(self.names.view, name, value, error) from error
        return HashRow(self.names[tuple(row.values)], values)


class Layouts:
    """The layouts of the views of one call, each worked out once."""

    def __init__(self, config: RepoConfig) -> None:
        self._config = config
        self._layouts: dict[int, RowLayout] = {}
        self._views: list[FeatureView] = []  # kept, so that no id is used twice

    def of(self, view: FeatureView) -> RowLayout:
        """Return a view's layout."""
        layout = self._layouts.get(id(view))
        if layout is None:
            layout = self._layouts[id(view)] = RowLayout(view, self._config)
            self._views.append(view)
        return layout


class KindsOfRows(dict[tuple[str, ...], FieldNames]):
    """The hash fields of a view's rows by the features that they hold, worked out once a kind.

    Args:
        view: The name that the hash fields carry.
    """

    def __init__(self, view: str) -> None:
        super().__init__()
        self.view = view

    def __missing__(self, features: tuple[str, ...]) -> FieldNames:
        own = (created_time_field(self.view), event_time_field(self.view))
        fields = self[features] = (*own, *(feature_field(self.view, name) for name in features))
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


def timestamps(microseconds: Sequence[int]) -> list[bytes]:
    r"""Return many instants, each as `timestamp` does.

    >>> timestamps([1_700_000_000_500_000, 1]) == [timestamp(1_700_000_000_500_000), timestamp(1)]
    True
    """
    instants = np.array(microseconds, dtype=np.int64)
    seconds, rest = np.divmod(instants, _MICROSECONDS)
    nanos = rest * _NANOSECONDS_PER_MICROSECOND
    rows = np.empty((len(instants), 12), dtype=np.uint8)
    rows[:, 0], rows[:, 6] = _SECONDS_TAG[0], _NANOS_TAG[0]
    rows[:, 1:6], rows[:, 7:12] = _five_digits(seconds), _five_digits(nanos)
    # Where the nanoseconds have four digits of seven bits, the fourth is the last.
    short = nanos < _FIVE_DIGITS
    rows[short, 10] &= 0x7F
    usual = (seconds >= _FIVE_DIGITS) & (seconds < _SIX_DIGITS) & (nanos >= _FOUR_DIGITS)
    whole, sizes = rows.tobytes(), np.where(short, 11, 12).tolist()
    found = [whole[12 * row : 12 * row + size] for row, size in enumerate(sizes)]
    for row in np.flatnonzero(~usual).tolist():
        found[row] = timestamp(microseconds[row])
    return found


def _five_digits(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the first five bytes of numbers as varints, all but the fifth marked as not last."""
    digits = numbers[:, np.newaxis] >> np.arange(0, 35, 7) & 0x7F
    digits[:, :4] |= 0x80
    return digits
