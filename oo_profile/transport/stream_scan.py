"""Every message that lies in the stream, whoever has read it already."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from nats import errors as nats_errors

from oo_profile.errors import NoNatsError, StreamError
from oo_profile.transport.deliveries import deliver_directly
from oo_profile.transport.message import ACK_PREFIX, Message
from oo_profile.transport.stream import STREAM, request_api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from nats.aio.client import Client
    from nats.aio.msg import Msg

BATCH: Final = 2000
"""Messages that are asked for at a time."""

BATCH_BYTES: Final = 8 << 20  # 8 MiB

_Arrived: TypeAlias = tuple[str, str, bytes, bytes]
"""Subject, reply subject, headers and payload."""

_PATIENCE_SECONDS = 30.0
_UNUSED_NANOS = 60 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as it lies in the stream.

    Attributes:
        message: Subject, payload, sequence and time.
        headers: What came beside it, as it came.
    """

    message: Message
    headers: bytes


async def scan_stream(
    connection: Client, first: int, last: int
) -> AsyncIterator[list[StoredMessage]]:
    """Read the messages of the stream in order, some thousand at a time.

    Args:
        connection: A connection to NATS; one scan is all that it is good for, beside requests.
        first: Sequence to begin at; one that is not there any more is passed over.
        last: Sequence to end with, inclusive.

    Raises:
        NoNatsError: NATS does not answer.
        StreamRefusedError: There is no stream, or this user may not read it.
    """
    arrived: asyncio.Queue[_Arrived] = asyncio.Queue()
    inbox, name = connection.new_inbox(), f"oo-scan-{uuid.uuid4().hex}"
    subscription = await connection.subscribe(f"{inbox}.*", cb=_ignore)
    deliver_directly(connection, subscription, lambda *parts: arrived.put_nowait(parts))
    await _make_consumer(connection, name, first)
    try:
        for number in itertools.count():
            await _ask(connection, name, f"{inbox}.{number}")
            batch = await _batch(connection, arrived, f"{inbox}.{number}")
            if wanted := [stored for stored in batch if stored.message.sequence <= last]:
                yield wanted
            if not batch or batch[-1].message.sequence >= last:
                return
    finally:
        with contextlib.suppress(StreamError, nats_errors.Error):
            await subscription.unsubscribe()
            await request_api(connection, f"CONSUMER.DELETE.{STREAM}.{name}", {})


async def _make_consumer(connection: Client, name: str, first: int) -> None:
    config = {
        "name": name,
        "deliver_policy": "by_start_sequence",
        "opt_start_seq": max(first, 1),
        "ack_policy": "none",
        "mem_storage": True,
        "replay_policy": "instant",
        # If we are killed, the server removes it.
        "inactive_threshold": _UNUSED_NANOS,
    }
    body: dict[str, object] = {"stream_name": STREAM, "config": config}
    await request_api(connection, f"CONSUMER.CREATE.{STREAM}.{name}", body)


async def _ask(connection: Client, name: str, reply: str) -> None:
    # A request that allows less than the next message is ended without it.
    max_bytes = max(BATCH_BYTES, 2 * connection.max_payload)
    request = {"batch": BATCH, "no_wait": True, "max_bytes": max_bytes}
    subject = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{name}"
    await connection.publish(subject, json.dumps(request).encode(), reply=reply)


async def _batch(
    connection: Client, arrived: asyncio.Queue[_Arrived], request: str
) -> list[StoredMessage]:
    """Gather what a request brings: until it is filled, or the server says that it has ended."""
    batch: list[StoredMessage] = []
    while len(batch) < BATCH:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                subject, reply, headers, payload = await arrived.get()
        except TimeoutError as error:
            server = connection.connected_url
            raise NoNatsError(server.geturl() if server else "its address", "reading") from error
        if reply.startswith(ACK_PREFIX):
            batch.append(StoredMessage(Message.from_reply(subject, payload, reply), headers))
        elif subject == request:
            break
        # Else a request before this one has ended, of which all has come.
    return batch


async def _ignore(msg: Msg) -> None:
    """Take none: all are handed over as they are read."""
