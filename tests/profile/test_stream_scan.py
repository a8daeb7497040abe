"""All that lies in the stream is read, and what is erased is gone from the server's files too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from live import with_nats

from oo_profile.errors import StreamRefusedError
from oo_profile.transport.connection import nats_connection
from oo_profile.transport.erasing import erase_many
from oo_profile.transport.publisher import publish
from oo_profile.transport.signal_file import SignalLine
from oo_profile.transport.stream import ensure_stream
from oo_profile.transport.stream_scan import BATCH, scan_stream

if TYPE_CHECKING:
    from nats.aio.client import Client

    from oo_profile.development.servers import NatsServer

pytestmark = pytest.mark.live


async def fill(connection: Client, count: int) -> None:
    """Publish signals of as many users."""
    await ensure_stream(connection)
    lines = (json.dumps({"user_id": f"user-{number}-"}).encode() for number in range(1, count + 1))
    await publish(connection, (SignalLine("signals.app.session", line) for line in lines))


async def sequences(url: str, first: int, last: int) -> list[int]:
    """Read a part of the stream."""
    async with nats_connection(url) as connection:
        batches = [batch async for batch in scan_stream(connection, first, last)]
    return [stored.message.sequence for batch in batches for stored in batch]


def test_every_message_is_read_once_and_in_order(nats_url: str) -> None:
    """However many requests it takes, from and to any sequence, without what was erased."""
    count = 2 * BATCH + 7

    async def work(connection: Client) -> None:
        await fill(connection, count)
        assert await sequences(nats_url, 1, count) == list(range(1, count + 1))
        assert await sequences(nats_url, 5, BATCH) == list(range(5, BATCH + 1))
        assert await erase_many(connection, [1, 7, BATCH]) == 3
        left = sorted({*range(1, count + 1)} - {1, 7, BATCH})
        assert await sequences(nats_url, 0, 10 * count) == left

    with_nats(nats_url, work)


def test_an_empty_stream_has_nothing_to_read(nats_url: str) -> None:
    """It is no error."""

    async def work(connection: Client) -> None:
        await ensure_stream(connection)
        assert await sequences(nats_url, 1, 100) == []

    with_nats(nats_url, work)


def test_without_a_stream_there_is_an_error(nats_url: str) -> None:
    """It names the request that was refused."""
    with pytest.raises(StreamRefusedError, match=r"CONSUMER\.CREATE"):
        with_nats(nats_url, lambda _: sequences(nats_url, 1, 100))


def test_what_is_erased_is_overwritten(nats_url: str, nats_server: NatsServer) -> None:
    """Its bytes are in no file of the server; erasing it again is no error, and does nothing."""

    async def work(connection: Client) -> None:
        await fill(connection, 20)
        assert _files_with(nats_server, b"user-13-") > 0
        assert await erase_many(connection, [13]) == 1
        assert await erase_many(connection, [13, 999]) == 0

    with_nats(nats_url, work)
    assert _files_with(nats_server, b"user-13-") == 0
    assert _files_with(nats_server, b"user-12-") > 0


def _files_with(server: NatsServer, needle: bytes) -> int:
    files = [path for path in server.folder.rglob("*") if path.is_file()]
    return sum(needle in path.read_bytes() for path in files)
