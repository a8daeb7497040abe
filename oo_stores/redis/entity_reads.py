"""Rows of one view by entity key, for who has a store and no `FeatureStore`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from feast.protos.feast.types.Value_pb2 import Value

from oo_stores.redis import rows
from oo_stores.redis.age import ttl_us
from oo_stores.redis.decoding import micros_of
from oo_stores.redis.hash_reads import HashFields

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from feast import FeatureView, RepoConfig

    from oo_stores.redis.hash_reads import HashRead, Reply

EntityRow: TypeAlias = "tuple[datetime | None, dict[str, Value] | None]"
"""Event time and features of an entity; None and None for one without a row."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class EntityRead:
    """How a view's rows are read and what they become.

    Args:
        features: Names, in the order of the fields.
        fields: Of a row: the features, then the event time.
        ttl_us: How old a value may be; 0: any age.
        is_stock: Whether an unknown entity has nulls of 1970, as in stock.
    """

    features: tuple[str, ...]
    fields: HashFields
    ttl_us: int
    is_stock: bool

    @classmethod
    def of(
        cls, view: FeatureView, features: Sequence[str] | None, config: RepoConfig
    ) -> EntityRead:
        """Work out how to read features of a view, all of them if None or none are named.

        Where the config has a `ttl_clock`, the clock comes with requests; there is none here, and
        values of any age are given, with their event times.
        """
        settings = config.online_store
        name = rows.stored_name(view, config)
        names = tuple(features or (feature.name for feature in view.features))
        fields = [rows.feature_field(name, feature) for feature in names]
        ages = not settings.stock_semantics and settings.ttl_clock is None
        return cls(
            features=names,
            fields=HashFields.of([*fields, rows.event_time_field(name)]),
            # On-demand views that are written to the store have no TTL.
            ttl_us=ttl_us(getattr(view, "ttl", None)) if ages else 0,
            is_stock=settings.stock_semantics,
        )

    def reads(self, keys: Iterable[bytes]) -> list[HashRead]:
        """Return what to read for Redis keys."""
        return [(key, self.fields) for key in keys]

    def rows(self, replies: Iterable[Reply], now_us: int) -> list[EntityRow]:
        """Return the rows in the order of the keys.

        Args:
            replies: Of `reads`.
            now_us: The clock, microseconds since the epoch.
        """
        return [self._row(reply, now_us) for reply in replies]

    def _row(self, reply: Reply, now_us: int) -> EntityRow:
        *payloads, event_time = reply
        if event_time is None and not self.is_stock:
            return None, None
        written_us = micros_of(event_time or b"")
        if self.ttl_us and now_us - written_us > self.ttl_us:
            payloads = [None] * len(payloads)
        values = [Value.FromString(payload or b"") for payload in payloads]
        written = _EPOCH + timedelta(microseconds=written_us)
        return written, dict(zip(self.features, values, strict=True))
