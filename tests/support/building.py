"""A builder that runs until something is true, and what it leaves behind."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from live import PATIENCE_SECONDS, jetstream, with_nats
from support.batches import TABLES
from support.logs import columns_of
from support.world import DEADLINE_SECONDS, World

from oo_profile.building.builder import BuilderConfig, Step, Totals
from oo_profile.building.online_sync import OnlineSyncConfig
from oo_profile.building.service import MAX_BATCH, run_builder
from oo_profile.errors import DatabaseError, NoDatabaseError
from oo_profile.registry import open_store
from oo_profile.settings import current_settings
from oo_profile.storage.database import reading
from oo_profile.transport.connection import nats_connection
from oo_profile.transport.publisher import publish
from oo_profile.transport.signal_file import SignalLine
from oo_profile.transport.stream import CONSUMER, STREAM, ensure_stream
from oo_profile.wall_clock import wall_clock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    import pytest
    from nats.aio.client import Client
    from support.world import SignalData

PATIENT = BuilderConfig(retry_seconds=0.02, max_retry_seconds=0.1)
"""A builder that tries again soon."""

ALERT = OnlineSyncConfig(look_seconds=0.05, first_pause_seconds=0.02, longest_pause_seconds=0.1)
"""One that soon knows what became of Redis."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a consumer has still before it.

    Attributes:
        waiting: Messages that were not delivered yet.
        unacknowledged: Messages that were delivered and not acknowledged.
    """

    waiting: int
    unacknowledged: int


async def until(
    condition: Callable[[], bool],
    task: asyncio.Task[Any] | None = None,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> None:
    """Wait until a condition holds, or a task has ended, but not for ever.

    It is asked in a thread, so that it may block, and ask servers of its own accord.
    """
    async with asyncio.timeout(deadline_seconds):
        while not await asyncio.to_thread(condition) and not (task and task.done()):  # noqa: ASYNC110 - the other side is another process
            await asyncio.sleep(0.01)


def build_until(  # noqa: PLR0913 - the knobs of a builder
    world: World,
    condition: Callable[[], bool],
    *,
    meanwhile: Callable[[], Awaitable[None]] | None = None,
    clock: Callable[[], int] = wall_clock,
    online_config: OnlineSyncConfig = ALERT,
    max_batch: int = MAX_BATCH,
    on_step: Callable[[Step], None] = lambda _: None,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> Totals:
    """Run a builder until a condition holds, stop it, and return its totals.

    Args:
        world: Where.
        condition: Asked again and again.
        meanwhile: Done once beside the builder before the condition is asked.
        clock: The builder's.
        online_config: What it does while Redis is away.
        max_batch: The most messages of one batch.
        on_step: Called in the builder's thread at each step of each batch.
        deadline_seconds: How long the condition may take.
    """

    async def run() -> Totals:
        stop = asyncio.Event()
        building = asyncio.create_task(
            run_builder(
                world.settings,
                world.store,
                stop,
                clock=clock,
                config=PATIENT,
                online_config=online_config,
                max_batch=max_batch,
                on_step=on_step,
            )
        )
        try:
            if meanwhile is not None:
                await meanwhile()
            await until(condition, building, deadline_seconds)
        finally:
            stop.set()
            totals = await building
        return totals

    return asyncio.run(run())


def publish_signals(world: World, signals: Iterable[SignalData]) -> int:
    """Publish signals without building; return how many."""
    lines = [SignalLine(subject, json.dumps(data).encode()) for subject, data in signals]

    async def send(connection: Client) -> None:
        await ensure_stream(connection)
        await publish(connection, lines)

    with_nats(world.nats_url, send)
    return len(lines)


def publish_raw(world: World, messages: Sequence[tuple[bytes, bytes]]) -> None:
    """Publish pairs of subject and payload that no client library would send."""

    async def send() -> None:
        async with nats_connection(world.nats_url) as connection:
            await ensure_stream(connection)
        host, port = world.nats_url.removeprefix("nats://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b'CONNECT {"verbose":false,"headers":true}\r\n')
        for subject, payload in messages:
            writer.write(b"PUB %b %d\r\n%b\r\n" % (subject, len(payload), payload))
        writer.write(b"PING\r\n")
        await reader.readuntil(b"PONG\r\n")
        writer.close()
        await writer.wait_closed()

    asyncio.run(send())


async def consumer_info(connection: Client) -> Backlog | None:
    """Ask what the builder's consumer has before it."""
    # The client's own half a second is not enough for a server that sends 100 MB at the same time.
    reply = await connection.request(
        f"$JS.API.CONSUMER.INFO.{STREAM}.{CONSUMER}", b"", timeout=PATIENCE_SECONDS
    )
    info = json.loads(reply.data)
    return None if "error" in info else Backlog(info["num_pending"], info["num_ack_pending"])


def backlog(world: World) -> Backlog | None:
    """Tell what the builder's consumer has before it; None if there is no consumer yet."""
    return with_nats(world.nats_url, consumer_info)


def deliver_all_again(world: World) -> None:
    """Remove the consumer: the next builder makes it anew and gets the stream from its start."""

    async def remove(connection: Client) -> None:
        await jetstream(connection).delete_consumer(STREAM, CONSUMER)

    with_nats(world.nats_url, remove)


def rows(world: World, statement: str) -> list[tuple[Any, ...]]:
    """Ask the database; nothing is there yet if there is no file, or no such table."""
    try:
        with reading(world.settings.db) as connection:
            return connection.execute(statement).fetchall()
    except NoDatabaseError:
        return []
    except DatabaseError as error:
        if isinstance(error.__cause__, sqlite3.OperationalError):
            return []
        raise


def number_of(world: World, table: str) -> int:
    """Count the rows of a table."""
    return sum(count for (count,) in rows(world, f"SELECT count(*) FROM {table}"))


def all_is_acknowledged(world: World) -> bool:
    """Say whether the builder has nothing before it any more."""
    return backlog(world) == Backlog(0, 0)


def redis_has_all(world: World) -> bool:
    """Say whether Redis serves what SQLite has, and nobody is remembered as behind."""
    return number_of(world, "online_behind") == 0 and served_states(world) == stored_states(world)


def nothing_is_due(world: World) -> bool:
    """Say whether every user that has signals has an up-to-date profile."""
    return number_of(world, "profile") > 0 and number_of(world, "profile_due") == 0


def stored_states(world: World) -> dict[tuple[str, str], dict[str, object]]:
    """Return the newest state of every user and view as SQLite has it."""
    found = {}
    with reading(world.settings.db) as connection:
        users = [user for (user,) in connection.execute("SELECT DISTINCT user_id FROM signals")]
        for table in TABLES:
            for user, version in table.newest_many(connection, users).items():
                found[user, table.name] = columns_of(table.view, version.cells)
    return found


def served_states(world: World) -> dict[tuple[str, str], dict[str, object]]:
    """Return the state of every user and view as Redis serves it to Feast."""
    users = [user for (user,) in rows(world, "SELECT DISTINCT user_id FROM signals")]
    found = {}
    for table in TABLES:
        names = [field.name for field in table.view.fields()]
        answer = world.store.get_online_features(
            [f"{table.name}:{name}" for name in names],
            # At a clock of 1970 nothing is too old.
            [{"user_id": user, "now": 0.0} for user in users],
        ).to_dict()
        for place, user in enumerate(users):
            columns = {name: answer[name][place] for name in names}
            if any(value is not None for value in columns.values()):
                found[user, table.name] = columns
    return found


def with_redis(world: World, address: str, environment: pytest.MonkeyPatch) -> World:
    """Return the same world with another Redis, which need not be there yet."""
    environment.setenv("OO_REDIS", address)
    settings = current_settings()
    return World(settings, open_store(settings), address, world.nats_url)


def minutes_ago(minutes: float) -> datetime:
    """Return a recent instant, whose state no view has let expire."""
    return datetime.now(UTC) - timedelta(minutes=minutes)
