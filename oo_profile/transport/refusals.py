"""Requests that NATS does not permit fail at once, instead of when nobody has answered for long.

The server says by an error of the connection what it does not permit, and gives no answer.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from oo_profile.errors import NotPermittedError

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

_VIOLATION = "permissions violation for publish"


async def ask(
    connection: Client,
    subject: str,
    payload: bytes,
    *,
    timeout_seconds: float,
    headers: dict[str, str] | None = None,
) -> Msg:
    """Make a request and wait for its answer.

    Raises:
        NotPermittedError: This user may not publish on this subject.
        TimeoutError: No answer in time.
        nats.errors.Error: As the client library raises.
    """
    refused = _watch(connection).expect(subject)
    request = connection.request(subject, payload, timeout=timeout_seconds, headers=headers)
    answer = asyncio.create_task(request)
    try:
        either: list[asyncio.Future[Any]] = [answer, refused]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if refused.done():
            raise NotPermittedError(subject)
        return await answer
    finally:
        answer.cancel()
        refused.cancel()


class _Watch:
    """Hears of what a connection may not do."""

    def __init__(self, connection: Client) -> None:
        self._expected: dict[str, set[asyncio.Future[None]]] = {}
        self._tell = connection._error_cb  # noqa: SLF001 - it takes one listener, at the start
        connection._error_cb = self._hear  # noqa: SLF001 - as above

    def expect(self, subject: str) -> asyncio.Future[None]:
        """Return what is done when the server says no to this subject."""
        refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # The library tells errors in small letters.
        waiting = self._expected.setdefault(subject.lower(), set())
        waiting.add(refused)
        refused.add_done_callback(waiting.discard)
        return refused

    async def _hear(self, error: Exception) -> None:
        text = str(error).lower()
        if _VIOLATION in text:
            for subject, waiting in self._expected.items():
                if f'"{subject}"' in text and waiting:
                    for refused in waiting:
                        if not refused.done():
                            refused.set_result(None)
                    return
        await self._tell(error)


_watches: WeakKeyDictionary[Client, _Watch] = WeakKeyDictionary()


def _watch(connection: Client) -> _Watch:
    watch = _watches.get(connection)
    if watch is None:
        watch = _watches[connection] = _Watch(connection)
    return watch
