"""What is published is in the stream: all of it, in order, acknowledged, or an error says what."""

from __future__ import annotations

import asyncio
import itertools
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import nats
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from live import jetstream, with_nats

from oo_profile.development.ports import free_port
from oo_profile.development.servers import NatsServer
from oo_profile.errors import (
    BatchRefusedError,
    PublishError,
    PublishStoppedError,
    SignalLineError,
)
from oo_profile.transport.connection import nats_connection
from oo_profile.transport.publisher import (
    MAX_BATCH,
    PublishReport,
    RetryPolicy,
    publish,
)
from oo_profile.transport.signal_file import SignalLine
from oo_profile.transport.stream import STREAM, STREAM_CONFIG, ensure_stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nats.aio.client import Client

pytestmark = pytest.mark.live

IMPATIENT = RetryPolicy(
    tries=3, first_pause=timedelta(milliseconds=1), ack_wait=timedelta(seconds=0.2)
)


def signals(count: int, start: int = 0) -> list[SignalLine]:
    """Return numbered signals on two subjects."""
    return [SignalLine(f"signals.s{n % 2}", b'{"n":%d}' % n) for n in range(start, start + count)]


async def stored(connection: Client) -> list[SignalLine]:
    """Return what is in the stream, in its order."""
    subscription = await jetstream(connection).subscribe("signals.>", ordered_consumer=True)
    info = await jetstream(connection).stream_info(STREAM)
    messages = [await subscription.next_msg(timeout=10) for _ in range(info.state.messages)]
    await subscription.unsubscribe()
    return [SignalLine(message.subject, message.data) for message in messages]


async def count_stored(connection: Client) -> int:
    """Return how many messages are in the stream."""
    return (await jetstream(connection).stream_info(STREAM)).state.messages


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    lines=st.lists(
        st.builds(SignalLine, st.sampled_from(["signals.a", "signals.b.c"]), st.binary())
    ),
    batch_size=st.integers(1, 5),
)
def test_the_stream_holds_what_was_given(
    nats_url: str, lines: list[SignalLine], batch_size: int
) -> None:
    """Any bytes in batches of any size arrive once, in order and unchanged."""

    async def law(connection: Client) -> None:
        await ensure_stream(connection)
        await jetstream(connection).purge_stream(STREAM)
        report = await publish(connection, lines, batch_size=batch_size)
        assert report == PublishReport(len(lines), -(-len(lines) // batch_size), sent_again=0)
        assert await stored(connection) == lines

    with_nats(nats_url, law)


def test_progress_adds_up_to_what_is_acknowledged(nats_url: str) -> None:
    """Each batch is told once it is in the stream; batches are as large as the server takes."""

    async def law(connection: Client) -> None:
        await ensure_stream(connection)
        told: list[int] = []
        await publish(connection, signals(2500), progress=told.append)
        assert told == [MAX_BATCH, MAX_BATCH, 500]
        assert await count_stored(connection) == 2500

    with_nats(nats_url, law)


def test_large_messages_go_in_smaller_batches(nats_url: str) -> None:
    """A batch ends before it weighs more than the server should hold aside."""

    async def law(connection: Client) -> None:
        await ensure_stream(connection)
        line = SignalLine("signals.x", b"x" * 900_000)
        assert (await publish(connection, [line] * 9)).batches == 3
        assert await count_stored(connection) == 9

    with_nats(nats_url, law)


def test_no_message_id_is_set(nats_url: str) -> None:
    """Two users' signals of the same content are two messages."""

    async def law(connection: Client) -> None:
        await ensure_stream(connection)
        await publish(connection, [SignalLine("signals.x", b"{}")] * 2)
        message = await jetstream(connection).get_msg(STREAM, 2)
        assert "Nats-Msg-Id" not in (message.headers or {})

    with_nats(nats_url, law)


def test_what_reading_raises_comes_through_after_whole_batches(nats_url: str) -> None:
    """A malformed line stops at the batch before it; nothing of its own batch is sent."""

    def lines() -> Iterator[SignalLine]:
        yield from signals(25)
        raise SignalLineError("f", 26, "broken")

    async def law(connection: Client) -> None:
        await ensure_stream(connection)
        with pytest.raises(SignalLineError, match="f:26"):
            await publish(connection, lines(), batch_size=10)
        assert await stored(connection) == signals(20)

    with_nats(nats_url, law)


def test_a_stream_that_takes_no_batches_is_an_error_at_once(nats_url: str) -> None:
    """What the server refuses for good is not tried again, and nothing is stored."""

    async def law(connection: Client) -> None:
        body = json.dumps({**STREAM_CONFIG, "allow_atomic": False}).encode()
        await connection.request(f"$JS.API.STREAM.CREATE.{STREAM}", body)
        with pytest.raises(BatchRefusedError, match="atomic publish is disabled") as caught:
            await publish(connection, signals(3))
        assert (caught.value.accepted, caught.value.resume_at) == (0, 1)
        assert await count_stored(connection) == 0

    with_nats(nats_url, law)


def test_a_message_too_large_for_nats_is_named(nats_url: str) -> None:
    """The error has its position, size and the limit; the batches before it are stored."""
    lines = [*signals(10), SignalLine("signals.x", b"x" * (1 << 20)), *signals(3)]

    async def law(connection: Client) -> None:
        await ensure_stream(connection)
        with pytest.raises(BatchRefusedError, match=r"signal 11 .* has 1048576 bytes") as caught:
            await publish(connection, lines, batch_size=5)
        assert caught.value.accepted == await count_stored(connection) == 10

    with_nats(nats_url, law)


def test_a_full_stream_refuses_whole_batches_and_drops_nothing(nats_url: str) -> None:
    """What does not fit is an error that says where to go on; what is stored stays."""

    async def law(connection: Client) -> None:
        body = json.dumps({**STREAM_CONFIG, "max_msgs": 15}).encode()
        await connection.request(f"$JS.API.STREAM.CREATE.{STREAM}", body)
        with pytest.raises(PublishError, match="go on from signal 11 ") as caught:
            await publish(connection, signals(30), batch_size=10, retry=IMPATIENT)
        assert (caught.value.accepted, await stored(connection)) == (10, signals(10))

    with_nats(nats_url, law)


@pytest.mark.parametrize("size", [0, MAX_BATCH + 1])
def test_a_batch_size_the_server_would_not_take_is_refused(nats_url: str, size: int) -> None:
    """The limits are said before anything is sent."""

    async def law(connection: Client) -> None:
        await ensure_stream(connection)
        with pytest.raises(ValueError, match=f"batch_size={size}: a batch has 1 to 1000"):
            await publish(connection, signals(1), batch_size=size)
        assert await count_stored(connection) == 0

    with_nats(nats_url, law)


def test_pauses_grow_up_to_their_bound() -> None:
    """The pause doubles from try to try until the longest, and the tries are bounded."""
    policy = RetryPolicy(tries=9, longest_pause=timedelta(seconds=2))
    assert list(policy.pauses()) == [0.1, 0.2, 0.4, 0.8, 1.6, 2, 2, 2]
    assert list(RetryPolicy(tries=1).pauses()) == []


def stop_before(server: NatsServer, lines: list[SignalLine], position: int) -> Iterator[SignalLine]:
    """Give signals, and stop the server when those up to a position have been taken."""
    yield from lines[:position]
    server.stop()
    yield from lines[position:]


async def patient_connection(url: str) -> Client:
    """Return a connection that looks for its server again at once and forever."""
    return await nats.connect(
        url, reconnect_time_wait=0.02, max_reconnect_attempts=-1, error_cb=ignore
    )


async def ignore(error: Exception) -> None:
    """Take no notice of what the client says while its server is away."""
    del error


def test_a_server_that_comes_back_gets_everything(tmp_path: Path) -> None:
    """A batch without acknowledgement is sent again until it has one; nothing is lost."""
    lines = signals(50)
    server = NatsServer(tmp_path, port=free_port())

    class Restarting(RetryPolicy):
        def pauses(self) -> Iterator[float]:
            server.start()
            yield from itertools.repeat(0.02, 200)

    async def law() -> None:
        connection = await patient_connection(server.url)
        await ensure_stream(connection)
        reader = stop_before(server, lines, 25)
        retry = Restarting(ack_wait=timedelta(seconds=0.3))
        report = await publish(connection, reader, batch_size=10, retry=retry)
        assert (report.published, report.batches) == (50, 5)
        assert report.sent_again >= 10
        assert list(dict.fromkeys(await stored(connection))) == lines
        await connection.close()

    with server:
        asyncio.run(law())


def test_a_server_that_stays_away_is_given_up(tmp_path: Path) -> None:
    """After the last try the error says how many were accepted, and those are in the stream."""
    server = NatsServer(tmp_path, port=free_port())

    async def law() -> None:
        async with nats_connection(server.url) as connection:
            await ensure_stream(connection)
            reader = stop_before(server, signals(50), 25)
            await publish(connection, reader, batch_size=10, retry=IMPATIENT)

    with server, pytest.raises(PublishStoppedError, match="acknowledgement in 3 tries") as caught:
        asyncio.run(law())
    assert (caught.value.accepted, caught.value.resume_at) == (20, 21)
    with server:
        assert with_nats(server.url, stored)[:20] == signals(20)


def test_a_closed_connection_is_given_up_at_once(nats_url: str) -> None:
    """On a connection that was closed no try is made again."""

    async def law(connection: Client) -> None:
        await ensure_stream(connection)
        await connection.close()
        with pytest.raises(PublishStoppedError, match="the connection is closed"):
            await publish(connection, signals(1))

    with_nats(nats_url, law)
    assert with_nats(nats_url, count_stored) == 0
