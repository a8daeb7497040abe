"""Feast's own way to answer a request, where no plan covers it: slower, and as honest about age.

Feast resolves the request, calls the on-demand functions and makes the message. What is replaced
is how rows are read and entered: in one round trip, too old values as null, each with its status.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from feast import metrics
from feast import utils as feast_utils
from feast.infra.online_stores import redis as feast_redis
from feast.infra.online_stores.online_store import OnlineStore
from feast.protos.feast.core.PrecomputedFeatureVector_pb2 import PrecomputedFeatureVector
from feast.protos.feast.serving.ServingService_pb2 import (
    FieldStatus,
    GetOnlineFeaturesResponse,
)
from feast.protos.feast.types.Value_pb2 import Value
from feast.value_type import ValueType

from oo_stores.redis import rows
from oo_stores.redis.age import ttl_us
from oo_stores.redis.column_decoding import column_decoder_for
from oo_stores.redis.decoding import decode, decoder_for, is_scalar
from oo_stores.redis.hash_reads import HashFields
from oo_stores.redis.plan.compile import used_name
from oo_stores.redis.plan.model import StoredColumn, ViewPlan
from oo_stores.redis.plan.stored import Replies, StoredRows
from oo_stores.redis.versions import restore_versions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from feast import FeatureView, RepoConfig
    from feast.infra.registry.base_registry import BaseRegistry
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey

    from oo_stores.redis.age import Instants
    from oo_stores.redis.hash_reads import HashRead, Meanwhile, Reply

    Grouped = Sequence[tuple[FeatureView, list[str]]]
    """Views, each with what is read of it."""

    Read = Callable[[RepoConfig, Sequence[HashRead], Meanwhile | None], list[Reply]]
    ReadAsync = Callable[[RepoConfig, Sequence[HashRead], Meanwhile | None], Awaitable[list[Reply]]]

_VECTOR = "vector"


@dataclass(frozen=True, slots=True)
class _View:
    """A view's part in a request.

    Args:
        view: As Feast resolved it.
        plan: Where its rows lie in a reply.
        columns: Its features.
        reads: One for each distinct entity.
        index: For each row the number of its entity.
    """

    view: FeatureView
    plan: ViewPlan
    columns: tuple[StoredColumn, ...]
    reads: list[HashRead]
    index: list[int]


class FeastPath(feast_redis.RedisOnlineStore):
    """Feast's store for one request.

    Args:
        read: Reads hashes.
        read_async: Does so without blocking the event loop.
        now: The request's clock; None for stock semantics.
        registry: Knows the versions of views.
    """

    def __init__(
        self, read: Read, read_async: ReadAsync, now: Instants | None, registry: BaseRegistry
    ) -> None:
        super().__init__()
        self._registry = registry
        self._read = read
        self._read_async = read_async
        self._now = now
        self.statuses: dict[tuple[str, str], Sequence[FieldStatus.ValueType]] = {}
        """Of what was read, a column each, by view and feature; none with stock semantics."""

    def _read_features_per_fv(  # noqa: PLR0913, PLR0917  Feast's signature
        self,
        config: RepoConfig,
        grouped_refs: Grouped,
        join_key_values: Any,  # noqa: ANN401  handed on to Feast, here and below
        entity_name_to_join_key_map: Any,  # noqa: ANN401
        online_features_response: GetOnlineFeaturesResponse,
        full_feature_names: bool,  # noqa: FBT001
        include_feature_view_version_metadata: bool,  # noqa: FBT001
    ) -> None:
        views = self._views(config, grouped_refs, join_key_values, entity_name_to_join_key_map)
        replies = self._read(config, _reads(views), None)
        names = full_feature_names, include_feature_view_version_metadata
        self._enter(views, replies, online_features_response, *names)

    async def _read_features_per_fv_async(  # noqa: PLR0913, PLR0917  Feast's signature
        self,
        config: RepoConfig,
        grouped_refs: Grouped,
        join_key_values: Any,  # noqa: ANN401
        entity_name_to_join_key_map: Any,  # noqa: ANN401
        online_features_response: GetOnlineFeaturesResponse,
        full_feature_names: bool,  # noqa: FBT001
        include_feature_view_version_metadata: bool,  # noqa: FBT001
    ) -> None:
        views = self._views(config, grouped_refs, join_key_values, entity_name_to_join_key_map)
        replies = await self._read_async(config, _reads(views), None)
        names = full_feature_names, include_feature_view_version_metadata
        self._enter(views, replies, online_features_response, *names)

    def _views(
        self,
        config: RepoConfig,
        grouped_refs: Grouped,
        join_key_values: Any,  # noqa: ANN401
        entity_names: Any,  # noqa: ANN401
    ) -> list[_View]:
        return [
            self._view(config, grouped, join_key_values, entity_names) for grouped in grouped_refs
        ]

    def _view(
        self,
        config: RepoConfig,
        grouped: tuple[FeatureView, list[str]],
        join_key_values: Any,  # noqa: ANN401
        entity_names: Any,  # noqa: ANN401
    ) -> _View:
        view, features = grouped
        restore_versions([view], config, self._registry, config.project)
        entities, places, count = feast_utils._get_unique_entities(  # noqa: SLF001
            view, join_key_values, entity_names
        )
        keys = self._generate_redis_keys_for_entities(
            config,
            feast_utils._get_entity_key_protos(entities),  # noqa: SLF001
        )
        stored_name = rows.stored_name(view, config)
        fields = HashFields.of(
            [
                *(rows.feature_field(stored_name, feature) for feature in features),
                rows.event_time_field(stored_name),
            ]
        )
        index = [0] * count
        for number, destinations in enumerate(places):
            for row in destinations:
                index[row] = number
        plan = ViewPlan(
            entity=0,
            event_time=len(features),
            # An on-demand view that is written to the store has no TTL.
            ttl_us=ttl_us(getattr(view, "ttl", None)),
            shown_name=view.projection.name_alias or view.projection.name,
            version=getattr(view, "current_version_number", 0) or 0,
        )
        return _View(view, plan, _columns(view, features), [(k, fields) for k in keys], index)

    def _enter(
        self,
        views: Sequence[_View],
        replies: Sequence[Reply],
        response: GetOnlineFeaturesResponse,
        full_names: bool,  # noqa: FBT001
        versions: bool,  # noqa: FBT001
    ) -> None:
        start = 0
        for view in views:
            end = start + len(view.reads)
            stored = StoredRows.of(view.plan, Replies(replies[start:end]), view.index, self._now)
            used = used_name(view.view)
            for column in view.columns:
                name = f"{used}__{column.name}" if full_names else column.name
                response.metadata.feature_names.val.append(name)
                vector = stored.vector(column)
                response.results.append(vector)
                if self._now is not None:
                    self.statuses[used, column.name] = list(vector.statuses)
            if versions:
                _enter_version(view.plan, response)
            _count(view, response)
            start = end

    def read_precomputed_vectors(
        self,
        config: RepoConfig,
        feature_service_name: str,
        project: str,
        entity_keys: list[EntityKey],
    ) -> list[bytes | None]:
        """Read the vectors of a precomputed service; None where there is none.

        Raises:
            OnlineServerError: Redis did not do what it was asked. Feast's own hides that.
        """
        del project
        reads = self._vector_reads(config, feature_service_name, entity_keys)
        return [_bytes(reply) for reply in self._read(config, reads, None)]

    async def read_precomputed_vectors_async(
        self,
        config: RepoConfig,
        feature_service_name: str,
        project: str,
        entity_keys: list[EntityKey],
    ) -> list[bytes | None]:
        """Read as `read_precomputed_vectors` does, without blocking the event loop."""
        del project
        reads = self._vector_reads(config, feature_service_name, entity_keys)
        return [_bytes(reply) for reply in await self._read_async(config, reads, None)]

    def _vector_reads(
        self, config: RepoConfig, service: str, entity_keys: list[EntityKey]
    ) -> list[HashRead]:
        fields = HashFields.of([rows.feature_field(f"__precomputed__{service}", _VECTOR)])
        keys = self._generate_redis_keys_for_entities(config, entity_keys)
        return [(key, fields) for key in keys]

    def _try_precomputed_fast_path(  # type: ignore[override]  # a static method there
        self,
        blobs: list[bytes | None],
        expected_feature_names: list[str],
        online_features_response: GetOnlineFeaturesResponse,
        *others: Any,  # noqa: ANN401  handed on to Feast
    ) -> bool:
        before = len(online_features_response.results)
        entered: bool = OnlineStore._try_precomputed_fast_path(  # noqa: SLF001
            blobs, expected_feature_names, online_features_response, *others
        )
        if entered and self._now is not None:
            _, _, entities, grouped, *_ = others
            vectors = online_features_response.results[before:]
            _withhold(vectors, blobs, entities, grouped, self._now)
        return entered


def _reads(views: Sequence[_View]) -> list[HashRead]:
    return [read for view in views for read in view.reads]


def _columns(view: FeatureView, features: Sequence[str]) -> tuple[StoredColumn, ...]:
    types = {field.name: field.dtype.to_value_type() for field in view.features}
    return tuple(
        StoredColumn(
            name=feature,
            view=0,
            position=position,
            decode=decoder_for(types.get(feature, ValueType.UNKNOWN)),
            decode_column=column_decoder_for(types.get(feature, ValueType.UNKNOWN)),
            is_scalar=is_scalar(types.get(feature, ValueType.UNKNOWN)),
        )
        for position, feature in enumerate(features)
    )


def _enter_version(plan: ViewPlan, response: GetOnlineFeaturesResponse) -> None:
    known = response.metadata.feature_view_metadata
    if all(entry.name != plan.shown_name for entry in known):
        known.add(name=plan.shown_name, version=plan.version)


def _count(view: _View, response: GetOnlineFeaturesResponse) -> None:
    """Tell Feast's metrics how many values are there; they pass over it where they are off."""
    vectors = response.results[len(response.results) - len(view.columns) :]
    statuses = [status for vector in vectors for status in vector.statuses]
    present = statuses.count(FieldStatus.PRESENT)
    metrics.track_feature_statuses(view.view.name, present, len(statuses) - present)


def _bytes(reply: Reply) -> bytes | None:
    value = decode(reply[0])
    return value if isinstance(value, bytes) else None


def _withhold(
    vectors: Sequence[GetOnlineFeaturesResponse.FeatureVector],
    blobs: Sequence[bytes | None],
    entities: Sequence[Sequence[int]],
    grouped: Grouped,
    now: Instants,
) -> None:
    """Make null what is too old in the columns of a precomputed service, and tell why.

    Args:
        vectors: The columns, in the order of `grouped`.
        blobs: The stored vectors of the distinct entities.
        entities: The rows of each of them.
        grouped: The service's views, each with its features.
        now: The clock.
    """
    for blob, places in zip(blobs, entities, strict=True):
        times = PrecomputedFeatureVector.FromString(blob or b"").fv_timestamps
        times_us = {
            t.feature_view_name: t.event_timestamp.ToMicroseconds()
            for t in times
            # Stock says 1970 for a view without a row.
            if t.event_timestamp.ByteSize()
        }
        columns = iter(vectors)
        for view, features in grouped:
            written = times_us.get(used_name(view))
            ttl = ttl_us(view.ttl)
            for _, vector in zip(features, columns, strict=False):
                for row in places:
                    instant = now if isinstance(now, int) else now[row]
                    age = None if written is None else instant - written
                    vector.statuses[row] = _status(vector.values[row], age, ttl)
                    if vector.statuses[row] == FieldStatus.OUTSIDE_MAX_AGE:
                        vector.values[row].CopyFrom(Value())


def _status(value: Value, age_us: int | None, ttl_us: int) -> FieldStatus.ValueType:
    if age_us is None:
        return FieldStatus.NOT_FOUND
    if ttl_us and age_us > ttl_us:
        return FieldStatus.OUTSIDE_MAX_AGE
    return FieldStatus.NULL_VALUE if value.WhichOneof("val") is None else FieldStatus.PRESENT
