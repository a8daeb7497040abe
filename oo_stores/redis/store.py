"""Feast's Redis online store, with an atomic decision of what is newest and a fast way to write."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from feast.infra.online_stores import redis as feast_redis

from oo_stores.redis import columns, rows
from oo_stores.redis.age import WallClock, wall_clock_us
from oo_stores.redis.batches import BatchEncoder
from oo_stores.redis.clients import Clients
from oo_stores.redis.entity_reads import EntityRead
from oo_stores.redis.failures import answered_by
from oo_stores.redis.fallback import ReadFallback
from oo_stores.redis.fill_mark import FillMark, mark_key
from oo_stores.redis.hash_reads import read_hashes, read_hashes_async
from oo_stores.redis.keys import key_encoder
from oo_stores.redis.notes import Notes
from oo_stores.redis.overlap import Overlapped
from oo_stores.redis.persistence import rewrite_files
from oo_stores.redis.plan import Asked
from oo_stores.redis.reader import OnlineReader
from oo_stores.redis.repairs import Repairs
from oo_stores.redis.rounds import (
    ROWS_PER_ROUND_TRIP,
    keys_per_call,
    rows_per_round_trip,
    send_rounds,
)
from oo_stores.redis.scan import keys_of
from oo_stores.redis.writes import (
    Command,
    checked,
    chunks,
    deletions,
    send,
    send_async,
    unchecked,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence

    from feast import FeatureService, FeatureView, RepoConfig
    from feast.infra.registry.base_registry import BaseRegistry
    from feast.online_response import OnlineResponse
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey

    from oo_stores.redis.batches import FeastBatch
    from oo_stores.redis.columns import OnlineColumns, PackedRows
    from oo_stores.redis.config import RedisOnlineStoreConfig
    from oo_stores.redis.connections import AsyncClient, Client
    from oo_stores.redis.entity_reads import EntityRow
    from oo_stores.redis.hash_reads import HashRead, Meanwhile, Reply
    from oo_stores.redis.keys import JoinKeys
    from oo_stores.redis.persistence import Rewritten
    from oo_stores.redis.rows import HashRow, OnlineRow
    from oo_stores.redis.writes import Rows

    Progress = Callable[[int], object]
    EntityRows = list[dict[str, object]] | Mapping[str, Sequence[object]]

T = TypeVar("T")


class RedisOnlineStore(feast_redis.RedisOnlineStore):
    """Feast's Redis online store under the same key and value layout.

    What differs in writing: a row's created time is stored beside its event time
    (`_created:<view>`); Redis itself decides, atomically, which of two rows is newer, so that any
    number of writers may write at once; deleting touches the named project only; and plain rows
    can be written without protobuf (`write_rows`, `write_views`).

    Every request ends within the time-outs of the settings, with an answer or an
    `OnlineServerError`; after one, rows sent before it may have been written. All writes can be
    repeated.
    """

    def __init__(self, wall_clock: WallClock = wall_clock_us) -> None:
        super().__init__()
        self._clients = Clients()
        self._fallback = ReadFallback(self._clients)
        self._wall_clock = wall_clock
        self._reader = OnlineReader(self._read_hashes, self._read_hashes_async, wall_clock)

    def write_rows(self, config: RepoConfig, table: FeatureView, rows: Iterable[OnlineRow]) -> int:
        """Write plain rows of one view; see `write_views`."""
        return self.write_views(config, ((table, row) for row in rows))

    def write_views(
        self, config: RepoConfig, writes: Iterable[tuple[FeatureView, OnlineRow]]
    ) -> int:
        """Write plain rows of any views, where they are not older than what is stored.

        A row counts as newer by its event time, and at the same event time if its created time
        is not earlier; so the same row may be written again. Redis decides for each row.

        Args:
            config: The repository's; `online_store.key_ttl_seconds` is read at each call.
            writes: Each row with its view, which must be as applied (with types). Read once and
                never held as a whole. Rows of one entity that follow each other, up to a hundred,
                go in one call, so a reader sees all of them or none; others mostly do.

        Returns:
            How many rows were written; the others were older than what is stored.

        Raises:
            EntityKeyError: A row's join keys do not fit its view. After this and the next two,
                full round trips before the faulty row are written already.
            UnknownFeatureError: A row holds a feature that its view lacks.
            FeatureValueError: A value does not fit its feature's type.
            OnlineServerError: Redis did not do what it was asked.
        """
        layouts = rows.Layouts(config)

        def keyed() -> Iterator[tuple[bytes, HashRow]]:
            for view, row in writes:
                layout = layouts.of(view)
                yield layout.key(row.join_keys), layout.hash_row(row)

        return send_rounds(keyed(), partial(self._send, config.online_store))

    def write_columns(
        self, config: RepoConfig, writes: Iterable[tuple[FeatureView, OnlineColumns]]
    ) -> int:
        """Write rows that come column by column; else as `write_views` does, errors included.

        Args:
            config: As for `write_views`.
            writes: Each view with its rows, all held at once. Rows of one entity go in one call,
                up to a hundred.
        """
        return self.write_packed(config, self.pack_columns(config, writes))

    def pack_columns(
        self, config: RepoConfig, writes: Iterable[tuple[FeatureView, OnlineColumns]]
    ) -> PackedRows:
        """Encode rows that come column by column, for `write_packed`; no server is asked.

        Args:
            config: As for `write_views`.
            writes: As for `write_columns`.

        Raises:
            EntityKeyError: As `write_views` does; likewise UnknownFeatureError, FeatureValueError.
        """
        return tuple(columns.keyed_rows(config, writes))

    def write_packed(self, config: RepoConfig, packed: PackedRows) -> int:
        """Write rows that are encoded, where they are not older than what is stored.

        Returns:
            How many were written.

        Raises:
            OnlineServerError: Some may be written; the same call may be made again.
        """
        send_some = partial(self._send, config.online_store)
        return send_rounds(packed, send_some, rows_per_round_trip(len(packed)))

    def repairs(self, config: RepoConfig) -> Repairs:
        """Return what reads rows as they are stored, and puts others in their place."""
        return Repairs(config, partial(self._get_client, config.online_store))

    def fill_mark(self, config: RepoConfig) -> FillMark:
        """Return what tells whether this project's Redis lost what it had."""
        return FillMark(config, partial(self._get_client, config.online_store))

    def notes(self, config: RepoConfig) -> Notes:
        """Return what reads and writes texts beside the entities."""
        return Notes(config, partial(self._get_client, config.online_store))

    def _send(self, settings: RedisOnlineStoreConfig, pending: Rows) -> int:
        if not pending:
            return 0
        with answered_by(settings):
            answers = send(self._get_client(settings), _commands(settings, pending))
        return sum(map(len, pending.values())) if settings.skip_dedup else _total(answers)

    def online_write_batch(
        self,
        config: RepoConfig,
        table: FeatureView,
        data: FeastBatch,
        progress: Progress | None,
    ) -> None:
        """Write Feast's batch, where its rows are not older than what is stored.

        Rows are taken one by one, so it does not matter whether two rows of an entity come in one
        batch or in two. One without created time is written unless its event time is earlier, and
        the stored created time, which belongs to the row before, goes.

        Args:
            config: `online_store.key_ttl_seconds` is read at each call. With `skip_dedup`
                whatever is written last wins.
            table: The view.
            data: Entity key, features, event time, created time or None.
            progress: Called with the rows done, older ones counted.

        Raises:
            FeatureValueError: A row has no event time; round trips before it are written already.
            OnlineServerError: Redis did not do what it was asked.
        """
        settings = config.online_store
        encoder = BatchEncoder(config, table)
        with Overlapped(progress or _ignore) as sending:
            for end in range(
                ROWS_PER_ROUND_TRIP, len(data) + ROWS_PER_ROUND_TRIP, ROWS_PER_ROUND_TRIP
            ):
                chunk = data[end - ROWS_PER_ROUND_TRIP : end]
                work = partial(self._send_all, settings, encoder.rows_by_key(chunk), len(chunk))
                (sending.finish if end >= len(data) else sending.start)(work)

    def _send_all(self, settings: RedisOnlineStoreConfig, pending: Rows, count: int) -> int:
        self._send(settings, pending)
        return count

    async def online_write_batch_async(
        self,
        config: RepoConfig,
        table: FeatureView,
        data: FeastBatch,
        progress: Progress | None,
    ) -> None:
        """Write as `online_write_batch` does, without blocking the event loop."""
        settings = config.online_store
        encoder = BatchEncoder(config, table)
        for chunk in chunks(data, ROWS_PER_ROUND_TRIP):
            commands = _commands(settings, encoder.rows_by_key(chunk))
            with answered_by(settings):
                await send_async(await self._get_client_async(settings), commands)
            if progress:
                progress(len(chunk))

    def delete_entity_values(self, config: RepoConfig, join_keys: list[str]) -> None:
        """Delete all entities with these join keys in the config's project, and in no other."""
        settings = config.online_store
        with answered_by(settings):
            client = self._get_client(settings)
            client.delete(mark_key(config.project))
            keys = list(keys_of(client, join_keys, config.project))
            for chunk in chunks(keys, ROWS_PER_ROUND_TRIP):
                send(client, [Command(("DEL", key)) for key in chunk])

    def delete_entities(
        self, config: RepoConfig, table: FeatureView, entities: Iterable[JoinKeys]
    ) -> int:
        """Delete some entities with everything that is stored of them, in this project only.

        Args:
            config: Gives project and server.
            table: A view of these entities, as applied; other views of theirs go too.
            entities: Their join keys.

        Returns:
            How many were there.

        Raises:
            EntityKeyError: Join keys do not fit the view; nothing was deleted.
            OnlineServerError: Some may be deleted; the same call may be made again.
        """
        keys = list(map(key_encoder(table, config), entities))
        deleted = 0
        with answered_by(config.online_store):
            client = self._get_client(config.online_store)
            for chunk in chunks(keys, ROWS_PER_ROUND_TRIP):
                deleted += _total(send(client, [Command(("DEL", key)) for key in chunk]))
        return deleted

    def rewrite_files(self, config: RepoConfig) -> Rewritten:
        """Let the server write anew what it keeps on disk, where deleted values are still.

        Raises:
            OnlineServerError: It did not do what it was asked.
        """
        with answered_by(config.online_store):
            return rewrite_files(self._get_client(config.online_store))

    def delete_table(self, config: RepoConfig, table: FeatureView) -> None:
        """Delete a view's rows and keep those of other views of the same entities.

        Args:
            config: Gives the project; no other project's keys are touched.
            table: The view; entities without it stay as they are.
        """
        settings = config.online_store
        name = rows.stored_name(table, config)
        fields = [rows.event_time_field(name), rows.created_time_field(name)]
        fields += [rows.feature_field(name, feature.name) for feature in table.features]
        with answered_by(settings):
            client = self._get_client(settings)
            client.delete(mark_key(config.project))
            keys = list(keys_of(client, table.join_keys, config.project))
            for chunk in chunks(keys, ROWS_PER_ROUND_TRIP):
                send(client, deletions(chunk, fields, keys_per_call=keys_per_call(settings)))

    def get_online_features(  # noqa: PLR0913, PLR0917  Feast's signature, here and below
        self,
        config: RepoConfig,
        features: list[str] | FeatureService,
        entity_rows: EntityRows,
        registry: BaseRegistry,
        project: str,
        full_feature_names: bool = False,  # noqa: FBT001, FBT002
        include_feature_view_version_metadata: bool = False,  # noqa: FBT001, FBT002
    ) -> OnlineResponse:
        """Read features of some entities in one round trip, as `FeatureStore` asks for them.

        What the registry and the features decide is worked out once and kept until the registry
        changes. A value older than its view's TTL is null, its status `OUTSIDE_MAX_AGE`; an
        unknown entity's is `NOT_FOUND`, a stored null `NULL_VALUE`. On-demand functions see None
        in all three.

        Args:
            config: The repository's.
            features: References, or a service as applied; columns come in this order.
            entity_rows: A list of rows or a mapping of columns: join keys, and request data,
                which is cast to its source's type.
            registry: Looked at for changes at each call.
            project: Of the features.
            full_feature_names: Call features `<view>__<feature>`.
            include_feature_view_version_metadata: Tell the views' versions in the proto.

        Raises:
            RequestDataError: Request data, or the `ttl_clock`, is not of its type.
            OnDemandOutputError: A function's column has not one value for each row.
            OnlineServerError: Redis did not do what it was asked.
            KeyError: Join keys are missing, or a view lacks a feature.
            Exception: Whatever else Feast refuses, and what on-demand functions raise.
        """
        asked = Asked(features, project, full_feature_names, include_feature_view_version_metadata)
        return self._reader.get(asked, config, registry, entity_rows)

    async def get_online_features_async(  # noqa: PLR0913, PLR0917
        self,
        config: RepoConfig,
        features: list[str] | FeatureService,
        entity_rows: EntityRows,
        registry: BaseRegistry,
        project: str,
        full_feature_names: bool = False,  # noqa: FBT001, FBT002
        include_feature_view_version_metadata: bool = False,  # noqa: FBT001, FBT002
    ) -> OnlineResponse:
        """Read as `get_online_features` does, without blocking the event loop."""
        asked = Asked(features, project, full_feature_names, include_feature_view_version_metadata)
        return await self._reader.get_async(asked, config, registry, entity_rows)

    def online_read(
        self,
        config: RepoConfig,
        table: FeatureView,
        entity_keys: list[EntityKey],
        requested_features: list[str] | None = None,
    ) -> list[EntityRow]:
        """Read one view's rows, without a registry and without on-demand functions.

        Args:
            config: The repository's.
            table: The view.
            entity_keys: Of the rows, which come in this order.
            requested_features: Names; None: all of the view.

        Returns:
            Event time and features of each entity; None and None for an unknown one. Values past
            the view's TTL by the wall clock are null and keep their time; with a `ttl_clock`,
            which only requests bring, they are given whatever their age.

        Raises:
            OnlineServerError: Redis did not do what it was asked.
        """
        read = EntityRead.of(table, requested_features, config)
        keys = self._generate_redis_keys_for_entities(config, entity_keys)
        return read.rows(self._read_hashes(config, read.reads(keys)), self._wall_clock())

    async def online_read_async(
        self,
        config: RepoConfig,
        table: FeatureView,
        entity_keys: list[EntityKey],
        requested_features: list[str] | None = None,
    ) -> list[EntityRow]:
        """Read as `online_read` does, without blocking the event loop."""
        read = EntityRead.of(table, requested_features, config)
        keys = self._generate_redis_keys_for_entities(config, entity_keys)
        replies = await self._read_hashes_async(config, read.reads(keys))
        return read.rows(replies, self._wall_clock())

    def _read_hashes(
        self, config: RepoConfig, reads: Sequence[HashRead], meanwhile: Meanwhile | None = None
    ) -> list[Reply]:
        return self._reading(
            config.online_store, lambda client: read_hashes(client, reads, meanwhile)
        )

    async def _read_hashes_async(
        self, config: RepoConfig, reads: Sequence[HashRead], meanwhile: Meanwhile | None = None
    ) -> list[Reply]:
        return await self._reading_async(
            config.online_store, lambda client: read_hashes_async(client, reads, meanwhile)
        )

    # Feast's names, under which its own methods look for the clients; ours has settings of ours.
    def _get_client(self, online_store_config: RedisOnlineStoreConfig) -> Client:  # type: ignore[override]
        return self._clients.get(online_store_config)

    async def _get_client_async(self, online_store_config: RedisOnlineStoreConfig) -> AsyncClient:  # type: ignore[override]
        return await self._clients.get_async(online_store_config)

    def _reading(self, settings: RedisOnlineStoreConfig, work: Callable[[Client], T]) -> T:
        """Run a read on the server that serves reads now; see `ReadFallback.run`."""
        return self._fallback.run(settings, work)

    async def _reading_async(
        self, settings: RedisOnlineStoreConfig, work: Callable[[AsyncClient], Awaitable[T]]
    ) -> T:
        return await self._fallback.run_async(settings, work)

    def ping(self, config: RepoConfig) -> None:
        """Ask whether Redis is there, without reading or writing anything.

        Raises:
            OnlineServerError: It does not answer, or not to this user.
        """
        with answered_by(config.online_store):
            self._clients.get(config.online_store).ping()

    async def close(self) -> None:
        """Close the connections; the next call opens new ones. Feast's own leaves them open."""
        await self._clients.close()

    def _generate_hset_keys_for_features(
        self,
        feature_view: FeatureView,
        requested_features: list[str] | None = None,
        fv_name_override: str | None = None,
    ) -> tuple[list[str], list[str | bytes]]:
        # Feast's own appends the name of the event time to the list that it is given.
        copy = list(requested_features) if requested_features else None
        return super()._generate_hset_keys_for_features(feature_view, copy, fv_name_override)


def _commands(settings: RedisOnlineStoreConfig, pending: Rows) -> list[Command]:
    if settings.skip_dedup:
        return unchecked(pending, settings.key_ttl_seconds)
    return checked(pending, settings.key_ttl_seconds, keys_per_call=keys_per_call(settings))


def _total(answers: Iterable[object]) -> int:
    return sum(answer for answer in answers if isinstance(answer, int))


def _ignore(count: int) -> None:
    """Tell nobody."""
