"""A connection to NATS whose failures say what to do."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import nats
import nats.errors

from oo_profile.errors import NoNatsError
from oo_profile.insight.events import EventLog
from oo_profile.settings import nats_endpoint

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from nats.aio.client import Client

_log = EventLog(__name__)
_PROBE_SECONDS = 5.0


@contextlib.asynccontextmanager
async def nats_connection(url: str, *, name: str = "oo") -> AsyncIterator[Client]:
    """Connect to NATS; closed on leaving the context.

    A NATS that is not there is an error at once. One that goes away later is looked for until it
    is back, and what happens meanwhile is logged: how long to wait for an answer is up to whoever
    asks.

    Args:
        url: Its URL, as in the settings.
        name: What the server shows this connection as.

    Raises:
        NoNatsError: Nobody answers, or not as a NATS, or it refuses this user.
    """
    # The client's own first attempt would try for two minutes before it says anything.
    await _probe(url)
    try:
        connection = await nats.connect(
            url, name=name, error_cb=_log_error, max_reconnect_attempts=-1
        )
    except (OSError, TimeoutError, nats.errors.Error) as error:
        raise NoNatsError(url, _reason(error)) from error
    try:
        yield connection
    finally:
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


async def _log_error(error: Exception) -> None:
    _log.warning("nats.error", reason=_reason(error))


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
