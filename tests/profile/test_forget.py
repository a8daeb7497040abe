"""Of a person who is forgotten nothing is left anywhere, while the builder runs and he goes on."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import redis
from live import jetstream, with_nats
from support.batches import database, message, writer
from support.building import (
    PATIENT,
    Backlog,
    backlog,
    build_until,
    minutes_ago,
    number_of,
    publish_raw,
    publish_signals,
    rows,
    served_states,
    stored_states,
    until,
)
from support.logs import assert_same_columns
from support.payloads import RECEIVED_US, TAUGHT_FIELDS, payload
from support.payloads import message as data_of
from support.world import signal

from oo_profile.building.online import OnlineWriter
from oo_profile.building.online_sync import OnlineSync
from oo_profile.building.service import run_builder
from oo_profile.storage import tombstones
from oo_profile.storage.database import reading
from oo_profile.transport.connection import nats_connection
from oo_profile.transport.publisher import publish
from oo_profile.transport.signal_file import SignalLine
from oo_profile.transport.stream import STREAM
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nats.aio.client import Client
    from support.world import SignalData, World

    from oo_profile.development.servers import NatsServer

pytestmark = pytest.mark.live

ADA = "ada-5f2c81"
OTHERS = [f"user-{number}" for number in range(40)]
SESSION = b"signals.app.session"


def signals_of(user_id: str, count: int = 30) -> list[SignalData]:
    """Make signals of every subject, the newest first, so that they come late."""
    subjects = list(TAUGHT_FIELDS)
    return [
        signal(
            subject.removeprefix("signals."),
            user_id,
            minutes_ago(number),
            f"{user_id}/{number}",
            **TAUGHT_FIELDS[subject],
        )
        for number, subject in enumerate((subjects * count)[:count])
    ]


def bad_messages() -> list[tuple[bytes, bytes]]:
    """Make messages that are no signals and name her, in several ways."""
    good = data_of("signals.app.session", user_id=ADA)
    return [
        (SESSION, payload("signals.app.session", user_id=ADA, duration_seconds=-1)),
        (SESSION, payload("signals.app.session", user_id=ADA, note="x" * 70_000)),
        (SESSION, json.dumps(good).encode()[:-20]),
        (SESSION, json.dumps(good).replace("ada", "\\u0061da").encode() + b"}"),
        (SESSION, f"from {ADA}: hello".encode()),
        (f"signals.of.{ADA}".encode(), b"{}"),
    ]


def everywhere(world: World, nats_server: NatsServer) -> Iterator[tuple[str, bytes]]:
    """Give name and bytes of whatever may hold an id."""
    for folder in (world.settings.db.parent, nats_server.folder):
        for path in folder.rglob("*"):
            if path.is_file():
                yield str(path), path.read_bytes()
    host, port = world.redis_address.split(":")
    with redis.Redis(host=host, port=int(port)) as client:
        for key in client.scan_iter():
            yield "a key of Redis", key
            for field, value in client.hgetall(key).items() if client.type(key) == b"hash" else ():
                yield "a value in Redis", field + value
    for stored in with_nats(world.nats_url, stream_messages):
        yield "a message of the stream", stored


async def stream_messages(connection: Client) -> list[bytes]:
    """Read all that is in the stream."""
    manager = jetstream(connection)
    state = (await manager.stream_info(STREAM)).state
    found = []
    for sequence in range(state.first_seq, state.last_seq + 1):
        with suppress(Exception):  # one that was erased
            raw = await manager.get_msg(STREAM, sequence)
            found.append(f"{raw.subject} {raw.headers}".encode() + (raw.data or b""))
    return found


def places_naming(world: World, nats_server: NatsServer, user_id: str) -> list[str]:
    """List the places where the bytes of an id are."""
    spellings = (user_id.encode(), user_id.replace("ada", "\\u0061da").encode())
    return [
        name
        for name, content in everywhere(world, nats_server)
        if any(spelling in content for spelling in spellings)
    ]


async def keep_sending(world: World, ends: asyncio.Event) -> int:
    """Send signals of hers and of others until told to end; return how many of others."""
    sent = 0
    async with nats_connection(world.nats_url) as connection:
        while not ends.is_set():
            pair = [
                signal("app.session", user, minutes_ago(0), f"live{sent}", duration_seconds=9)
                for user in (ADA, OTHERS[sent % len(OTHERS)])
            ]
            lines = [SignalLine(subject, json.dumps(data).encode()) for subject, data in pair]
            await publish(connection, lines)
            sent += 1
            # As people do, and no faster than the builder erases.
            await asyncio.sleep(0.1)
    return sent


async def forget_beside_a_builder(
    world: World, nats_server: NatsServer
) -> tuple[dict[str, Any], list[str], int]:
    """Forget her while a builder runs; return the receipt, what names her, what others sent."""
    stop, ends = asyncio.Event(), asyncio.Event()
    building = asyncio.create_task(run_builder(world.settings, world.store, stop, config=PATIENT))
    await until(lambda: backlog(world) == Backlog(0, 0), building)
    sending = asyncio.create_task(keep_sending(world, ends))
    try:
        result = await asyncio.to_thread(world.oo, "forget", ADA, "--yes", "--json")
        ends.set()
        sent = await sending
        await until(lambda: backlog(world) == Backlog(0, 0), building)
        left = await asyncio.to_thread(places_naming, world, nats_server, ADA)
    finally:
        ends.set()
        stop.set()
        await building
    return json.loads(result.stdout), left, sent


def test_nothing_is_left_of_a_person_who_is_forgotten(
    world: World, nats_server: NatsServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Database, log, Redis, stream and its files are without her; of the others all is there."""
    hers, others = signals_of(ADA), [each for user in OTHERS for each in signals_of(user, 9)]
    publish_signals(world, [*others, *hers, *hers])
    publish_raw(world, [*bad_messages(), (SESSION, b'{"user_id": "user-1"')])
    build_until(world, lambda: number_of(world, "signals") == len(hers) + len(others))
    caplog.clear()
    receipt, left, sent = asyncio.run(forget_beside_a_builder(world, nats_server))
    assert left == []
    removed = receipt["removed"]
    assert removed["database"]["signals"] >= len(hers)
    assert removed["database"]["rejected_signals"] == len(bad_messages())
    assert removed["stream"]["erased"] >= 2 * len(hers) + len(bad_messages())
    assert removed["redis"] == 1
    assert receipt["left"] == []
    assert ADA not in json.dumps(receipt)
    assert ADA not in caplog.text
    assert number_of(world, "signals") == len(others) + sent
    assert number_of(world, "rejected_signals") == 1
    served, stored = served_states(world), stored_states(world)
    assert served.keys() == stored.keys()
    for key, columns in stored.items():
        assert_same_columns(served[key], columns)


def test_a_batch_under_way_leaves_nothing_in_redis(world: World) -> None:
    """Whoever is forgotten between its commit and Redis is deleted there again."""
    online = OnlineWriter(world.store)
    with (
        database(world.settings.db) as connection,
        closing(OnlineSync(connection, STATE_VIEWS, online)) as sync,
    ):
        since = sync.commits_of_others()
        sent = [message(*signal_, number, RECEIVED_US) for number, signal_ in enumerate(both(), 1)]
        newest = writer(connection).write(sent).newest
        with database(world.settings.db) as other:
            tombstones.set_until(other, ADA, tombstones.FOR_GOOD, os.urandom)
        sync.finish(newest, sync.start(newest), since)
    assert {user for user, _ in stored_states(world)} == {ADA, "bob"}
    assert set(online.users()) == {"bob"}


def test_a_reader_is_named_and_the_rest_is_done(world: World) -> None:
    """The log is not emptied under it; once it has ended, a second run is clean."""
    with database(world.settings.db) as connection:
        sent = [message(*signal_, number, RECEIVED_US) for number, signal_ in enumerate(both(), 1)]
        writer(connection).write(sent)
    arguments = ("forget", ADA, "--yes", "--no-stream", "--wait", "0.05")
    with reading(world.settings.db) as reader:
        reader.execute("SELECT count(*) FROM signals").fetchone()
        told = world.oo(*arguments, code=1).stdout
        assert "the write-ahead log was not emptied" in told
    again = world.oo(*arguments, "--json", code=1).stdout
    assert json.loads(again)["left"] == [
        "the stream was left out: run `oo forget` again without --no-stream"
    ]
    assert rows(world, "SELECT DISTINCT user_id FROM signals") == [("bob",)]


def test_who_returns_is_built_again(world: World) -> None:
    """What she sends from then on is stored; what she had sent before stays out, read again too."""
    publish_signals(world, signals_of(ADA, 5))
    build_until(world, lambda: number_of(world, "signals") == 5)
    assert "is not forgotten" in world.oo("unforget", ADA, code=1).stderr
    assert "Nothing is left." in world.oo("forget", ADA, "--yes").stdout
    publish_signals(world, signals_of(ADA, 5))
    world.oo("unforget", ADA)
    now = datetime.now(UTC)
    publish_signals(world, [signal("mood.logged", ADA, now, "anew", score=5)])
    build_until(world, lambda: number_of(world, "signals") == 1)
    assert rows(world, "SELECT event_id FROM signals") == [("anew",)]
    assert served_states(world) == stored_states(world)


def both() -> list[tuple[str, dict[str, Any]]]:
    """Make a session of hers and one of somebody else."""
    subject = "signals.app.session"
    return [(subject, data_of(subject, user_id=user)) for user in (ADA, "bob")]
