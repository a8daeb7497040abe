"""Work with a real NATS from a test that is no coroutine."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from oo_profile.transport.connection import nats_connection

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from nats.aio.client import Client
    from nats.js import JetStreamContext

T = TypeVar("T")

PATIENCE_SECONDS = 60.0
"""How long a test waits for an answer of a server: machines that run tests may be busy."""


def with_nats(url: str, work: Callable[[Client], Awaitable[T]]) -> T:
    """Run a coroutine function with a connection that is closed behind it."""

    async def connected() -> T:
        async with nats_connection(url) as connection:
            return await work(connection)

    return asyncio.run(connected())


def jetstream(connection: Client) -> JetStreamContext:
    """Return the connection's JetStream, patient with a busy server."""
    return connection.jetstream(timeout=PATIENCE_SECONDS)
