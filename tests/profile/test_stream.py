"""The stream of signals keeps its promises, or says which of them it cannot."""

from __future__ import annotations

import asyncio
import json
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from live import jetstream, with_nats

from oo_profile.development.ports import free_port
from oo_profile.development.servers import nats_binary
from oo_profile.errors import NoNatsError, StreamMismatchError, StreamRefusedError
from oo_profile.transport.connection import nats_connection
from oo_profile.transport.stream import (
    CONSUMER,
    STREAM,
    STREAM_CONFIG,
    StreamState,
    ensure_consumer,
    ensure_stream,
)

if TYPE_CHECKING:
    from nats.aio.client import Client

pytestmark = pytest.mark.live

DAY = 86_400 * 1_000_000_000  # in nanoseconds, as the server counts


async def make_stream(connection: Client, **changes: object) -> None:
    """Make the stream with other settings than ours."""
    body = json.dumps({**STREAM_CONFIG, **changes}).encode()
    reply = await connection.request(f"$JS.API.STREAM.CREATE.{changes.get('name', STREAM)}", body)
    assert "error" not in json.loads(reply.data)


async def stream_config(connection: Client) -> dict[str, object]:
    """Return the settings the server has for the stream."""
    reply = await connection.request(f"$JS.API.STREAM.INFO.{STREAM}", b"")
    config: dict[str, object] = json.loads(reply.data)["config"]
    return config


def found(state: StreamState) -> tuple[bool, tuple[str, ...], int]:
    """Return what was made, what was changed and how many messages are there."""
    return state.created, state.updated, state.messages


def test_a_missing_stream_is_made_with_every_promise(nats_url: str) -> None:
    """The new stream keeps signals on disk for 30 days and refuses rather than drops."""

    async def law(connection: Client) -> None:
        assert found(await ensure_stream(connection)) == (True, (), 0)
        config = await stream_config(connection)
        assert config["subjects"] == ["signals.>"]
        assert (config["storage"], config["retention"]) == ("file", "limits")
        assert (config["discard"], config["max_age"]) == ("new", 30 * DAY)
        assert config["allow_atomic"] is True

    with_nats(nats_url, law)


def test_making_sure_twice_changes_nothing(nats_url: str) -> None:
    """The second call finds the stream with its messages and leaves it alone."""

    async def law(connection: Client) -> None:
        first = await ensure_stream(connection)
        await jetstream(connection).publish("signals.x", b"{}")
        before = await stream_config(connection)
        second = await ensure_stream(connection)
        assert found(second) == (False, (), 1)
        assert second.created_at == first.created_at
        assert await stream_config(connection) == before

    with_nats(nats_url, law)


def test_processes_that_start_together_share_one_stream(nats_url: str) -> None:
    """Of many that make sure at once none fails."""

    async def law(connection: Client) -> None:
        states = await asyncio.gather(*(ensure_stream(connection) for _ in range(20)))
        assert {state.messages for state in states} == {0}

    with_nats(nats_url, law)


def test_what_loses_nothing_is_brought_up_to_date(nats_url: str) -> None:
    """Atomic batches, refusing when full and a longer memory are switched on, signals stay."""

    async def law(connection: Client) -> None:
        await make_stream(connection, allow_atomic=False, discard="old", max_age=DAY)
        await jetstream(connection).publish("signals.x", b"{}")
        first = await ensure_stream(connection)
        assert found(first) == (False, ("discard", "max_age", "allow_atomic"), 1)
        second = await ensure_stream(connection)
        assert found(second) == (False, (), 1)
        assert datetime.fromisoformat(first.created_at).tzinfo == UTC
        assert second.created_at == first.created_at

    with_nats(nats_url, law)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"storage": "memory"}, 'storage is "memory", expected "file"'),
        ({"retention": "workqueue"}, 'retention is "workqueue", expected "limits"'),
        ({"subjects": ["signals.task.>"]}, r'subjects is \["signals.task.>"\], expected'),
        ({"max_age": 0}, "max_age is unlimited, expected 30 days"),
        ({"max_age": 60 * DAY}, "max_age is 60 days, 0:00:00, expected 30 days"),
        ({"no_ack": True, "allow_atomic": False}, "no_ack is true, expected false"),
        ({"max_msgs_per_subject": 5}, "max_msgs_per_subject is 5, expected -1"),
    ],
)
def test_other_settings_are_named_and_left_alone(
    nats_url: str, changes: dict[str, object], said: str
) -> None:
    """A stream whose settings need a decision is refused, with what is and what is expected."""

    async def law(connection: Client) -> None:
        await make_stream(connection, **changes)
        before = await stream_config(connection)
        with pytest.raises(StreamMismatchError, match=said):
            await ensure_stream(connection)
        assert await stream_config(connection) == before

    with_nats(nats_url, law)


def test_subjects_of_another_stream_are_refused(nats_url: str) -> None:
    """When another stream has the subjects, the server's reason is shown and none is made."""

    async def law(connection: Client) -> None:
        await make_stream(connection, name="OTHER")
        with pytest.raises(StreamRefusedError, match="subjects overlap"):
            await ensure_stream(connection)
        assert [s.config.name for s in await jetstream(connection).streams_info()] == ["OTHER"]

    with_nats(nats_url, law)


def test_a_nats_without_jetstream_is_named_as_such() -> None:
    """The error says that JetStream is not enabled, not that something timed out."""
    port = free_port()
    command = [str(nats_binary()), "-a", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        while "Server is ready" not in (line := server.stderr.readline()):
            assert line
        try:
            with pytest.raises(StreamRefusedError, match="JetStream is not enabled"):
                with_nats(f"nats://127.0.0.1:{port}", ensure_stream)
        finally:
            server.terminate()


def test_nobody_at_the_address_is_said_at_once() -> None:
    """Without a NATS the error names the address, without its password, and what to do."""

    async def connect() -> None:
        async with nats_connection(f"nats://me:secret@127.0.0.1:{free_port()}"):
            pass

    with pytest.raises(NoNatsError, match=r"no NATS answers at nats://127\S+ .*oo up") as caught:
        asyncio.run(connect())
    assert "secret" not in str(caught.value)


def test_the_consumer_delivers_until_acknowledged(nats_url: str) -> None:
    """The durable consumer is made once, with explicit acknowledgement and no last delivery."""

    async def law(connection: Client) -> None:
        await ensure_stream(connection)
        await ensure_consumer(connection)
        await ensure_consumer(connection)
        [info] = await jetstream(connection).consumers_info(STREAM)
        assert (info.name, info.config.durable_name) == (CONSUMER, CONSUMER)
        assert (info.config.ack_policy, info.config.max_deliver) == ("explicit", -1)
        assert (info.config.ack_wait, info.config.max_ack_pending) == (30, 28_000)

    with_nats(nats_url, law)


def test_a_consumer_needs_its_stream(nats_url: str) -> None:
    """Without the stream the consumer is refused with the server's reason."""
    with pytest.raises(StreamRefusedError, match="stream not found"):
        with_nats(nats_url, ensure_consumer)
