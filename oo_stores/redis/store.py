"""Feast's Redis online store, with created times, exact deletion and a fast way to write."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from feast.infra.online_stores import redis as feast_redis

from oo_stores.redis import batches, rows
from oo_stores.redis.scan import keys_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from feast import FeatureView, RepoConfig
    from redis.asyncio.client import Pipeline as AsyncPipeline
    from redis.client import Pipeline

    from oo_stores.redis.batches import FeastBatch, Write
    from oo_stores.redis.rows import HashFields, OnlineRow, RowLayout

    Progress = Callable[[int], object]

COMMANDS_PER_ROUND_TRIP = 2_000
"""Commands sent before their replies are read: enough to hide the round trip, and some 1 MB."""

P = TypeVar("P", "Pipeline", "AsyncPipeline")


class RedisOnlineStore(feast_redis.RedisOnlineStore):
    """Feast's Redis online store under the same key and value layout.

    Reads are Feast's. What differs is that a row's created time is stored beside its event time
    (`_created:<view>`), that deleting touches the named project only, and that plain rows can be
    written without protobuf (`write_rows`, `write_views`).

    Errors of redis-py pass through; after one, rows sent before it may have been written. All
    writes can be repeated.
    """

    def write_rows(self, config: RepoConfig, table: FeatureView, rows: Iterable[OnlineRow]) -> int:
        """Write plain rows of one view, the last one wins; see `write_views`."""
        return self.write_views(config, ((table, row) for row in rows))

    def write_views(
        self, config: RepoConfig, writes: Iterable[tuple[FeatureView, OnlineRow]]
    ) -> int:
        """Write plain rows of any views, and send all of an entity's in one command.

        Whatever is written last wins, unconditionally: neither event nor created times are
        compared, so only one writer at a time may write an entity. A later row of the same
        entity and view in `writes` replaces an earlier one.

        Args:
            config: The repository's; `online_store.key_ttl_seconds` is read at each call.
            writes: Each row with its view, which must be as applied (with types). Read once and
                never held as a whole. Rows of one entity that follow each other go in one HSET,
                so a reader sees all of them or none; others mostly do.

        Returns:
            How many rows were written.

        Raises:
            EntityKeyError: A row's join keys do not fit its view. After this and the next two,
                full round trips before the faulty row are written already.
            UnknownFeatureError: A row holds a feature that its view lacks.
            FeatureValueError: A value does not fit its feature's type.
        """
        layouts: dict[int, RowLayout] = {}
        views: list[FeatureView] = []  # kept, so that no id is used twice
        pending: dict[bytes, HashFields] = {}
        count = 0
        for view, row in writes:
            layout = layouts.get(id(view))
            if layout is None:
                layout = layouts[id(view)] = rows.RowLayout.of(view, config)
                views.append(view)
            key, fields = layout.key(row.join_keys), layout.hash_fields(row)
            known = pending.get(key)
            if known is not None:
                known += fields
            else:
                if len(pending) >= COMMANDS_PER_ROUND_TRIP:
                    self._send(config, pending)
                    pending = {}
                pending[key] = fields
            count += 1
        self._send(config, pending)
        return count

    def _send(self, config: RepoConfig, pending: dict[bytes, HashFields]) -> None:
        if not pending:
            return
        with self._get_client(config.online_store).pipeline(transaction=False) as pipe:
            for key, fields in pending.items():
                _queue_row(pipe, key, fields, config.online_store.key_ttl_seconds)
            pipe.execute()

    def online_write_batch(
        self,
        config: RepoConfig,
        table: FeatureView,
        data: FeastBatch,
        progress: Progress | None,
    ) -> None:
        """Write Feast's batch, created times included.

        Args:
            config: With `skip_dedup` (our default) whatever is written last wins; without, a row
                whose event time is not after the stored one is left out, as Feast does, by a
                read before the write that two writers can both pass.
            table: The view.
            data: Entity key, features, event time, created time (None: the stored one, which
                belongs to the row before, is removed).
            progress: Called with the rows done, those left out counted.
        """
        settings = config.online_store
        client = self._get_client(settings)
        event_time = rows.event_time_field(rows.stored_name(table, config))
        for chunk in batches.chunks(batches.writes(config, table, data), COMMANDS_PER_ROUND_TRIP):
            kept = chunk
            with client.pipeline(transaction=False) as pipe:
                if not settings.skip_dedup:
                    stored = _queue_reads(pipe, chunk, event_time).execute()
                    kept = batches.newer(chunk, stored)
                _queue_writes(pipe, kept, settings.key_ttl_seconds).execute()
            if progress:
                progress(len(chunk))

    async def online_write_batch_async(
        self,
        config: RepoConfig,
        table: FeatureView,
        data: FeastBatch,
        progress: Progress | None,
    ) -> None:
        """Write as `online_write_batch` does, without blocking the event loop."""
        settings = config.online_store
        client = await self._get_client_async(settings)
        event_time = rows.event_time_field(rows.stored_name(table, config))
        for chunk in batches.chunks(batches.writes(config, table, data), COMMANDS_PER_ROUND_TRIP):
            kept = chunk
            async with client.pipeline(transaction=False) as pipe:
                if not settings.skip_dedup:
                    stored = await _queue_reads(pipe, chunk, event_time).execute()
                    kept = batches.newer(chunk, stored)
                await _queue_writes(pipe, kept, settings.key_ttl_seconds).execute()
            if progress:
                progress(len(chunk))

    def delete_entity_values(self, config: RepoConfig, join_keys: list[str]) -> None:
        """Delete all entities with these join keys in the config's project, and in no other."""
        client = self._get_client(config.online_store)
        keys = list(keys_of(client, join_keys, config.project))
        for chunk in batches.chunks(keys, COMMANDS_PER_ROUND_TRIP):
            with client.pipeline(transaction=False) as pipe:
                for key in chunk:
                    pipe.delete(key)
                pipe.execute()

    def delete_table(self, config: RepoConfig, table: FeatureView) -> None:
        """Delete a view's rows and keep those of other views of the same entities.

        Args:
            config: Gives the project; no other project's keys are touched.
            table: The view; entities without it stay as they are.
        """
        client = self._get_client(config.online_store)
        name = rows.stored_name(table, config)
        event_time = rows.event_time_field(name)
        fields = [event_time, rows.created_time_field(name)]
        fields += [rows.feature_field(name, feature.name) for feature in table.features]
        keys = list(keys_of(client, table.join_keys, config.project))
        for chunk in batches.chunks(keys, COMMANDS_PER_ROUND_TRIP):
            with client.pipeline(transaction=False) as pipe:
                for key in chunk:
                    pipe.hkeys(key)
                for key, found in zip(chunk, pipe.execute(), strict=True):
                    views = {field for field in found if field.startswith(b"_ts:")}
                    if views == {event_time}:
                        # Also takes fields of features that the view once had.
                        pipe.delete(key)
                    elif event_time in views:
                        pipe.hdel(key, *fields)
                pipe.execute()

    async def close(self) -> None:
        """Close the connections; the next call opens new ones. Feast's own leaves them open."""
        sync_client, self._client = self._client, None
        async_client, self._client_async = self._client_async, None
        if sync_client is not None:
            sync_client.close()
        if async_client is not None:
            await async_client.aclose()

    def _generate_hset_keys_for_features(
        self,
        feature_view: FeatureView,
        requested_features: list[str] | None = None,
        fv_name_override: str | None = None,
    ) -> tuple[list[str], list[str | bytes]]:
        # Feast's own appends the name of the event time to the list that it is given.
        copy = list(requested_features) if requested_features else None
        return super()._generate_hset_keys_for_features(feature_view, copy, fv_name_override)


def _queue_reads(pipe: P, writes: Sequence[Write], event_time: bytes) -> P:
    for write in writes:
        _queue(pipe, "HGET", write.key, event_time)
    return pipe


def _queue_writes(pipe: P, writes: Sequence[Write], ttl_seconds: int | None) -> P:
    for write in writes:
        if write.gone:
            _queue(pipe, "HDEL", write.key, *write.gone)
        _queue_row(pipe, write.key, write.fields, ttl_seconds)
    return pipe


def _queue_row(pipe: P, key: bytes, fields: HashFields, ttl_seconds: int | None) -> None:
    _queue(pipe, "HSET", key, *fields)
    if ttl_seconds:
        _queue(pipe, "EXPIRE", key, ttl_seconds)


def _queue(pipe: P, *command: str | bytes | int) -> None:
    # redis-py's own methods are typed for text, and our keys are bytes; they add nothing else.
    pipe.execute_command(*command)  # type: ignore[no-untyped-call]
