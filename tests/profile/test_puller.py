"""Messages are fetched as they come, never more than asked for, and again after every mishap."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from live import PATIENCE_SECONDS, jetstream, with_nats
from support.building import Backlog, consumer_info
from support.events import captured

from oo_profile.development.ports import free_port
from oo_profile.development.servers import NatsServer
from oo_profile.transport.connection import nats_connection
from oo_profile.transport.puller import MAX_BYTES, Puller
from oo_profile.transport.stream import CONSUMER, STREAM, ensure_consumer, ensure_stream
from oo_transforms.clock import to_micros

if TYPE_CHECKING:
    from pathlib import Path

    from nats.aio.client import Client

    from oo_profile.transport.message import Message

pytestmark = pytest.mark.live

LONG = 300.0
"""Seconds that no test waits for."""


async def ready(connection: Client) -> None:
    """Make the stream and the consumer."""
    await ensure_stream(connection)
    await ensure_consumer(connection)


async def started(connection: Client, batch: int = 10, *, expires_seconds: float = LONG) -> Puller:
    """Make a puller that is ready to take."""
    await ready(connection)
    puller = Puller(connection, STREAM, CONSUMER, batch, expires_seconds=expires_seconds)
    await puller.start()
    return puller


async def send(connection: Client, count: int, size: int = 1) -> None:
    """Publish messages and see them stored."""
    stream = jetstream(connection)
    for number in range(count):
        await stream.publish("signals.x", str(number).encode().rjust(size))


async def take_all(puller: Puller, count: int) -> list[Message]:
    """Take until so many messages have come, acknowledging each batch."""
    taken: list[Message] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(taken) < count:
            batch = await puller.take(1.0)
            assert len(batch) <= puller.batch
            await puller.acknowledge(batch)
            taken += batch
    return taken


async def left(connection: Client) -> Backlog:
    """Tell what the consumer has still before it."""
    info = await consumer_info(connection)
    assert info is not None
    return info


def numbers(messages: list[Message]) -> list[int]:
    """Read what was sent."""
    return [int(message.payload) for message in messages]


def test_when_it_is_quiet_a_message_comes_alone(nats_url: str) -> None:
    """Nobody waits for a batch to be full: each message is taken when it is there."""

    async def law(connection: Client) -> None:
        puller = await started(connection, batch=1000)
        for number in range(5):
            waiting = asyncio.create_task(puller.take(LONG))
            await jetstream(connection).publish("signals.x", str(number).encode())
            assert numbers(await waiting) == [number]

    with_nats(nats_url, law)


def test_without_messages_nothing_is_taken(nats_url: str) -> None:
    """A take that is given no time, or a little, ends with an empty list."""

    async def law(connection: Client) -> None:
        puller = await started(connection)
        assert await puller.take(0) == []
        assert await puller.take(0.01) == []

    with_nats(nats_url, law)


def test_all_come_once_and_in_order(nats_url: str) -> None:
    """Behind by many batches, they come one after another, none larger than a batch."""

    async def law(connection: Client) -> None:
        await ready(connection)
        await send(connection, 95)
        puller = await started(connection)
        assert numbers(await take_all(puller, 95)) == list(range(95))
        assert await puller.take(0) == []
        await connection.flush()
        assert await left(connection) == Backlog(0, 0)

    with_nats(nats_url, law)


def test_who_does_not_take_is_not_sent_more(nats_url: str) -> None:
    """With many waiting, at most two batches are ahead of the reader."""

    async def law(connection: Client) -> None:
        await ready(connection)
        await send(connection, 200)
        puller = await started(connection)
        taken = await puller.take(LONG)
        for _ in range(50):
            info = await left(connection)
            assert info.unacknowledged <= len(taken) + 2 * puller.batch
            assert info.waiting > 0

    with_nats(nats_url, law)


def test_large_messages_are_bounded_by_their_bytes(nats_url: str) -> None:
    """Messages near the server's limit come in order, and never more than fits the bound."""

    async def law(connection: Client) -> None:
        await ready(connection)
        size, count = 1_000_000, 130
        await send(connection, count, size)
        puller = await started(connection, batch=1000)
        taken: list[int] = []
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(taken) < count:
                batch = await puller.take(1.0)
                assert len(batch) * size <= 3 * MAX_BYTES
                taken += numbers(batch)
                info = await left(connection)
                assert (info.unacknowledged - len(taken)) * size <= 3 * MAX_BYTES
        assert taken == list(range(count))

    with_nats(nats_url, law)


def test_a_request_that_expired_is_made_again(nats_url: str) -> None:
    """After the server has ended a request, the next message comes without a further take."""

    async def law(connection: Client) -> None:
        puller = await started(connection, expires_seconds=0.1)
        assert await puller.take(0.5) == []
        waiting = asyncio.create_task(puller.take(LONG))
        assert await first_done(waiting, 0.5) is None
        await send(connection, 1)
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert numbers(await waiting) == [0]

    with_nats(nats_url, law)


async def first_done(task: asyncio.Task[list[Message]], seconds: float) -> list[Message] | None:
    """Return what a task gave if it was done in time, else None and let it go on."""
    done, _ = await asyncio.wait([task], timeout=seconds)
    return task.result() if done else None


def test_after_a_restart_of_the_server_it_asks_again(tmp_path: Path) -> None:
    """The server forgets requests; the puller does not wait until they would have expired."""
    server = NatsServer(tmp_path, port=free_port())

    async def law(connection: Client) -> None:
        puller = await started(connection)
        await send(connection, 1)
        assert numbers(await take_all(puller, 1)) == [0]
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        async with asyncio.timeout(PATIENCE_SECONDS), nats_connection(server.url) as other:
            await send(other, 1)
            assert numbers(await take_all(puller, 1)) == [0]

    with server:
        with_nats(server.url, law)


def test_without_its_consumer_it_says_so_once_and_goes_on(
    nats_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A consumer that somebody deletes is a line in the log; made anew, it is pulled from."""

    async def law(connection: Client) -> None:
        puller = await started(connection)
        assert await puller.take(0.05) == []
        await jetstream(connection).delete_consumer(STREAM, CONSUMER)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(refusals(caplog)) < 2:
                assert await puller.take(0.01) == []
        for _ in range(20):
            assert await puller.take(0.01) == []
        assert refusals(caplog) == [
            "409 Consumer Deleted",
            "503 no consumer answers",
        ]
        await ensure_consumer(connection)
        await send(connection, 1)
        assert numbers(await take_all(puller, 1)) == [0]

    with_nats(nats_url, law)


def refusals(caplog: pytest.LogCaptureFixture) -> list[object]:
    """List the server's answers that were refusals, as logged."""
    return [event.context["answer"] for event in captured(caplog, "puller.refused")]


def test_what_was_fetched_and_not_taken_is_handed_back(nats_url: str) -> None:
    """A second puller gets it at once, and what the first one took stays with the first."""

    async def law(connection: Client) -> None:
        await ready(connection)
        await send(connection, 20)
        first = await started(connection)
        taken = numbers(await first.take(LONG))
        while (await left(connection)).unacknowledged < 20:
            taken += numbers(await first.take(0)) if len(taken) < 10 else []
        await first.stop()
        second = await started(connection)
        async with asyncio.timeout(PATIENCE_SECONDS):
            rest = numbers(await take_all(second, 20 - len(taken)))
        assert sorted(taken + rest) == list(range(20))

    with_nats(nats_url, law)


def test_any_bytes_may_stand_for_a_subject(nats_url: str) -> None:
    """A subject or a header that is no UTF-8 does not block what comes behind it."""

    async def law(connection: Client) -> None:
        puller = await started(connection)
        header = b"NATS/1.0 408 \xff\xfe\r\n\r\n"
        host, port = nats_url.removeprefix("nats://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b'CONNECT {"verbose":false,"headers":true}\r\n')
        writer.write(b"PUB signals.\xff.\xc3\xa9 1\r\n1\r\n")
        writer.write(b"HPUB signals.x %d %d\r\n%b2\r\n" % (len(header), len(header) + 1, header))
        writer.write(b"PUB signals.x 1\r\n3\r\nPING\r\n")
        await reader.readuntil(b"PONG\r\n")
        writer.close()
        taken = await take_all(puller, 3)
        assert [message.subject for message in taken] == [
            "signals.\\xff.é",
            "signals.x",
            "signals.x",
        ]
        assert numbers(taken) == [1, 2, 3]

    with_nats(nats_url, law)


def test_sequence_and_time_are_those_of_the_stream(nats_url: str) -> None:
    """A message says where and when the stream took it, at the second delivery as at the first."""

    async def law(connection: Client) -> None:
        puller = await started(connection)
        await send(connection, 3)
        first = await puller.take(LONG)
        await puller.hand_back(first)
        again = await puller.take(LONG)
        for message in (*first, *again):
            body = json.dumps({"seq": message.sequence}).encode()
            reply = await connection.request(
                f"$JS.API.STREAM.MSG.GET.{STREAM}", body, timeout=PATIENCE_SECONDS
            )
            stored = json.loads(reply.data)["message"]
            assert message.received_us == to_micros(datetime.fromisoformat(stored["time"]))
        assert [m.received_us for m in again][: len(first)] == [m.received_us for m in first]

    with_nats(nats_url, law)
