"""The builder with everything that it needs, opened and closed in one place."""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from typing import TYPE_CHECKING

from nats import errors as nats_errors

from oo_profile.building import replay
from oo_profile.building.batch import BatchWriter
from oo_profile.building.builder import Builder, BuilderConfig, Step, Totals
from oo_profile.building.late_tails import TailCorrector
from oo_profile.building.mending import StateMender
from oo_profile.building.observer import BuilderObserver, Surroundings
from oo_profile.building.online import OnlineWriter
from oo_profile.building.online_sync import OnlineSync, OnlineSyncConfig
from oo_profile.building.poison import PoisonProof
from oo_profile.building.profile_features import ProfileFeatures
from oo_profile.building.profile_table import ProfileTable
from oo_profile.building.stream_eraser import StreamEraser
from oo_profile.errors import DatabaseError
from oo_profile.insight.events import EventLog
from oo_profile.storage.database import connect
from oo_profile.transport.connection import connect_to_nats
from oo_profile.transport.puller import Puller
from oo_profile.transport.restoring import Restorer
from oo_profile.transport.stream import (
    ACK_WAIT,
    CONSUMER,
    STREAM,
    StreamState,
    ensure_consumer,
    ensure_stream,
)
from oo_profile.wall_clock import wall_clock
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from datetime import timedelta

    from feast import FeatureStore
    from nats.aio.client import Client

    from oo_profile.settings import Settings
    from oo_profile.storage.database import Synchronous

MAX_BATCH = 4000
"""Messages of a batch when there are that many: larger ones gain little and cost latency."""

_log = EventLog(__name__)


async def run_builder(  # noqa: PLR0913 - the knobs of an entry point
    settings: Settings,
    store: FeatureStore,
    stop: asyncio.Event,
    *,
    clock: Callable[[], int] = wall_clock,
    config: BuilderConfig | None = None,
    online_config: OnlineSyncConfig | None = None,
    max_batch: int = MAX_BATCH,
    synchronous: Synchronous = "FULL",
    ack_wait: timedelta = ACK_WAIT,
    observer: BuilderObserver | None = None,
    on_batch: Callable[[Totals], None] = lambda _: None,
    on_step: Callable[[Step], None] = lambda _: None,
) -> Totals:
    """Build profiles until `stop` is set, then finish the batch at hand.

    Args:
        settings: Where the database and NATS are.
        store: Feast with the definitions applied; it says where Redis is.
        stop: Set to end.
        clock: Tells the present, for the profile table.
        config: The builder's knobs.
        online_config: Those of what it does while Redis is away, and after.
        max_batch: The most messages of one batch.
        synchronous: How durable a commit is.
        ack_wait: After which NATS delivers again what a killed builder had.
        observer: Is told what happens.
        on_batch: Called after each acknowledged batch.
        on_step: Called at each step of each batch.

    Returns:
        What was done.

    Raises:
        ProfileError: The database, NATS, the stream or the registry is not as needed.
    """
    observer = observer or BuilderObserver()
    # First what changes nothing: a registry that does not fit is refused before any table is made.
    features, online = ProfileFeatures(store), OnlineWriter(store)
    with (
        contextlib.closing(connect(settings.db, synchronous=synchronous)) as database,
        contextlib.closing(
            OnlineSync(
                database,
                STATE_VIEWS,
                online,
                online_config,
                on_caught_up=functools.partial(on_step, Step.CAUGHT_UP),
            )
        ) as sync,
    ):
        _make_tables(settings, database, sync)
        profiles = ProfileTable(database, STATE_VIEWS, features)
        async with connect_to_nats(settings, name="oo-builder") as nats:
            prepare = functools.partial(_prepare, nats, ack_wait)
            stream = await prepare()
            writer = BatchWriter(database, STATE_VIEWS, stream.created_at)
            puller = Puller(nats, STREAM, CONSUMER, max_batch)
            builder = Builder(
                config or BuilderConfig(),
                puller,
                PoisonProof(writer),
                sync,
                profiles,
                tails=TailCorrector(database, STATE_VIEWS),
                mender=StateMender(database, STATE_VIEWS),
                eraser=StreamEraser(nats, puller),
                restorer=Restorer(nats, prepare, writer.continue_with),
                clock=clock,
                observer=observer,
                on_batch=on_batch,
                on_step=on_step,
            )
            _log.info("builder.started", database=settings.db, stream=STREAM)
            async with observer.watching(Surroundings(nats, online, settings.db)):
                await builder.run(stop)
            await _flush(nats)
    _log.info("builder.stopped", handled=builder.totals.handled)
    return builder.totals


async def _prepare(nats: Client, ack_wait: timedelta) -> StreamState:
    stream = await ensure_stream(nats)
    await ensure_consumer(nats, ack_wait=ack_wait)
    return stream


def _make_tables(settings: Settings, database: sqlite3.Connection, sync: OnlineSync) -> None:
    """Make what is missing; unlike a batch it is not tried again: at the start somebody watches."""
    try:
        made = replay.make_tables(database, STATE_VIEWS)
        # A new view is served from the start on, unless Redis is away.
        while any(made.values()) and sync.catch_up():
            pass
    except sqlite3.Error as error:
        raise DatabaseError(settings.db, error) from error
    for view, rows in made.items():
        _log.info("builder.table_made", view=view, rows=rows)


async def _flush(nats: Client) -> None:
    """See to it that acknowledgements have left; without a server they cannot."""
    try:
        await nats.flush()
    except (TimeoutError, nats_errors.Error) as error:
        # Nothing is lost: those messages come again, and are duplicates then.
        _log.warning("builder.acknowledgements_not_sent", reason=str(error))
