"""Feast's own write batches, of protobuf messages, as rows of hash fields."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from oo_stores.errors import FeatureValueError
from oo_stores.redis import rows
from oo_stores.redis.entity_keys import EntityKeys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feast import FeatureView, RepoConfig
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey
    from feast.protos.feast.types.Value_pb2 import Value

    from oo_stores.redis.rows import HashRow

    FeastRow: TypeAlias = tuple[EntityKey, dict[str, Value], datetime, datetime | None]
    """What `online_write_batch` is handed for a row: entity, features, event and created time."""

    FeastBatch: TypeAlias = Sequence[FeastRow]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_SECONDS, _MICROSECONDS = 86_400, 1_000_000


class BatchEncoder:
    """Turns rows of Feast's batches for one view into hash fields.

    Args:
        config: Gives project, key serialization and whether views are versioned.
        view: The view.
    """

    def __init__(self, config: RepoConfig, view: FeatureView) -> None:
        self._keys = EntityKeys(config)
        self._names = rows.KindsOfRows(rows.stored_name(view, config))

    def rows_by_key(self, batch: Sequence[FeastRow]) -> dict[bytes, list[HashRow]]:
        """Return the rows of each Redis key, in the order of the batch.

        Raises:
            FeatureValueError: A row has no event time.
        """
        by_key: dict[bytes, list[HashRow]] = {}
        for row in batch:
            by_key.setdefault(self._keys.encode(row[0]), []).append(self._hash_row(row))
        return by_key

    def _hash_row(self, row: FeastRow) -> HashRow:
        _, features, event_time, created_time = row
        if _is_nat(event_time):
            reason = "a row needs an event time; fill it in, or leave the row out"
            raise FeatureValueError(self._names.view, "event time", event_time, reason)
        values = [
            _created(created_time),
            rows.timestamp(_microseconds(event_time)),
        ]
        values += [value.SerializeToString() for value in features.values()]
        return rows.HashRow(self._names[tuple(features)], values)


def _created(instant: datetime | None) -> bytes:
    return b"" if instant is None or _is_nat(instant) else b"%d" % _microseconds(instant)


def _is_nat(instant: datetime) -> bool:
    # pandas' NaT is the one instant that differs from itself.
    return instant != instant  # noqa: PLR0124


def _microseconds(instant: datetime) -> int:
    """Return microseconds since the epoch, exactly; a naive datetime is read as UTC."""
    aware = instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    age = aware - _EPOCH
    # A third of what dividing by a microsecond costs, which goes through larger integers.
    return (age.days * _DAY_SECONDS + age.seconds) * _MICROSECONDS + age.microseconds
