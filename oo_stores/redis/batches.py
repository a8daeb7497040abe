"""Feast's own write batches (protobuf messages) as hash fields, and which of them are new."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from feast.infra.online_stores.helpers import _redis_key
from feast.utils import make_tzaware
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]  # no stubs

from oo_stores.redis import rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from feast import FeatureView, RepoConfig
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey
    from feast.protos.feast.types.Value_pb2 import Value

    FeastRow: TypeAlias = tuple[EntityKey, dict[str, Value], datetime, datetime | None]
    """What `online_write_batch` is handed for a row: entity, features, event and created time."""

    FeastBatch: TypeAlias = list[FeastRow]

T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Write:
    """One row, ready to be sent.

    Args:
        key: The entity's Redis key.
        fields: Names and values of hash fields in turn.
        event_time_us: Microseconds since the epoch.
        gone: Hash fields that no longer hold: the created time of the row before, where this
            one has none.
    """

    key: bytes
    fields: rows.HashFields
    event_time_us: int
    gone: tuple[bytes, ...] = ()


def writes(config: RepoConfig, view: FeatureView, batch: FeastBatch) -> list[Write]:
    """Turn Feast's batch into hash fields, created times included."""
    names = _FieldNames(rows.stored_name(view, config))
    return [_write(config, names, row) for row in batch]


def newer(batch: Sequence[Write], stored: Sequence[bytes | None]) -> list[Write]:
    """Keep the rows whose event time is after the stored one and after those kept before them.

    This is what Feast does without `skip_dedup`: the same instant counts as a duplicate.

    Args:
        batch: Rows in the order of arrival.
        stored: For each, the `Timestamp` that Redis holds for its view, or None.
    """
    latest: dict[bytes, int] = {}
    kept = []
    for write, payload in zip(batch, stored, strict=True):
        if write.key not in latest and payload is not None:
            latest[write.key] = _microseconds_of(payload)
        if write.key not in latest or write.event_time_us > latest[write.key]:
            latest[write.key] = write.event_time_us
            kept.append(write)
    return kept


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut a sequence into pieces of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


class _FieldNames(dict[str, bytes]):
    """The hash field of each feature of a view, worked out once a batch."""

    def __init__(self, view: str) -> None:
        super().__init__()
        self.view = view
        self.event_time = rows.event_time_field(view)
        self.created_time = rows.created_time_field(view)

    def __missing__(self, feature: str) -> bytes:
        field = self[feature] = rows.feature_field(self.view, feature)
        return field


def _write(config: RepoConfig, names: _FieldNames, row: FeastRow) -> Write:
    entity_key, values, event_time, created_time = row
    event_time_us = _microseconds(event_time)
    fields = [names.event_time, rows.timestamp(event_time_us)]
    if created_time is not None:
        fields += (names.created_time, b"%d" % _microseconds(created_time))
    for name, value in values.items():
        fields += (names[name], value.SerializeToString())
    return Write(
        key=_redis_key(config.project, entity_key, config.entity_key_serialization_version),
        fields=fields,
        event_time_us=event_time_us,
        gone=() if created_time is not None else (names.created_time,),
    )


def _microseconds(instant: datetime) -> int:
    """Return microseconds since the epoch, exactly; a naive datetime is read as UTC."""
    return (make_tzaware(instant) - _EPOCH) // _MICROSECOND


def _microseconds_of(payload: bytes) -> int:
    message = Timestamp()
    message.ParseFromString(payload)
    microseconds: int = message.ToMicroseconds()
    return microseconds
