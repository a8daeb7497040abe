"""A connection to NATS whose failures say what to do."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import nats.errors
from nats.aio.client import Client

from oo_profile.errors import NoNatsError
from oo_profile.settings import nats_endpoint
from oo_profile.transport.reconnecting import Reconnecting, ReconnectPauses

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_PROBE_SECONDS = 5.0
_CONNECT_SECONDS = 10.0


@contextlib.asynccontextmanager
async def nats_connection(
    url: str, *, name: str = "oo", pauses: ReconnectPauses | None = None
) -> AsyncIterator[Client]:
    """Connect to NATS; closed on leaving the context.

    A NATS that is not there is an error at once. One that goes away later is looked for until it
    is back, in growing pauses, and both are logged once: how long to wait for an answer is up to
    whoever asks.

    Args:
        url: Its URL, as in the settings.
        name: What the server shows this connection as.
        pauses: Between the attempts to find a NATS that went away.

    Raises:
        NoNatsError: Nobody answers, or not as a NATS, or it refuses this user.
    """
    # The client's own first attempt would try for two minutes before it says anything.
    await _probe(url)
    connection, reconnecting = Client(), Reconnecting(pauses)
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            await connection.connect(url, name=name, **reconnecting.options())
    except (OSError, TimeoutError, nats.errors.Error) as error:
        with contextlib.suppress(OSError, nats.errors.Error):
            await connection.close()
        raise NoNatsError(url, reconnecting.last_reason or _reason(error)) from error
    reconnecting.begin(connection)
    try:
        yield connection
    finally:
        reconnecting.end()
        # With the server away there is nobody to say goodbye to; the client raises that.
        with contextlib.suppress(OSError, nats.errors.Error):
            await connection.close()


async def _probe(url: str) -> None:
    host, port = nats_endpoint(url)
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        raise NoNatsError(url, _reason(error)) from error
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
