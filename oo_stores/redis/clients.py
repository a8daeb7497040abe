"""The clients of one store: one for all threads, and one for each event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING

from redis.asyncio.sentinel import SentinelConnectionPool

from oo_stores.redis.connections import connect, connect_async
from oo_stores.redis.failures import FAILURES, answered_by

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from oo_stores.redis.config import RedisOnlineStoreConfig
    from oo_stores.redis.connections import AsyncClient, Client


class Clients:
    """Makes clients when they are first asked for, and closes them.

    A connection of redis-py's asynchronous client belongs to the event loop it was opened in, so
    each loop has a client of its own. It is closed by `close`, or by the loop itself when that
    ends in good order, as it does after `asyncio.run`; a loop that is merely dropped, without
    `shutdown_asyncgens`, drops its connections too.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocking: dict[str, Client] = {}
        self._by_loop: dict[asyncio.AbstractEventLoop, dict[str, _LoopClient]] = {}

    def get(self, settings: RedisOnlineStoreConfig) -> Client:
        """Return the client for these settings; threads share it.

        Raises:
            OnlineServerError: A Cluster does not say which servers it has.
        """
        client = self._blocking.get(settings.connection_string)
        return client or self._made(settings)

    def _made(self, settings: RedisOnlineStoreConfig) -> Client:
        # Outside the lock: a Cluster is asked for its servers, and other threads need not wait.
        with answered_by(settings):
            made = connect(settings)
        with self._lock:
            client = self._blocking.setdefault(settings.connection_string, made)
        if client is not made:
            made.close()
        return client

    async def get_async(self, settings: RedisOnlineStoreConfig) -> AsyncClient:
        """Return the client of the running event loop for these settings."""
        loop = asyncio.get_running_loop()
        clients = self._by_loop.get(loop)
        if clients is None:
            clients = self._add_loop(loop)
        held = clients.get(settings.connection_string)
        if held is None:
            # No await before it is kept, so tasks of this loop cannot both make one.
            held = clients[settings.connection_string] = _LoopClient(connect_async(settings))
            await held.hold()
        return held.client

    def _add_loop(self, loop: asyncio.AbstractEventLoop) -> dict[str, _LoopClient]:
        with self._lock:
            for known in [known for known in self._by_loop if known.is_closed()]:
                del self._by_loop[known]
            return self._by_loop.setdefault(loop, {})

    async def close(self) -> None:
        """Close the shared client and those of the running loop; the next call opens new ones."""
        with self._lock:
            blocking, self._blocking = self._blocking, {}
            held = self._by_loop.pop(asyncio.get_running_loop(), {})
        for client in blocking.values():
            client.close()
        for loop_client in held.values():
            await loop_client.close()


class _LoopClient:
    """A client that is closed at the end of its event loop.

    A loop in good order closes, at its end, the asynchronous generators that began in it; so one
    is begun that has nothing to do but to close the client.
    """

    def __init__(self, client: AsyncClient) -> None:
        self.client = client
        self._closer = _closer(client)

    async def hold(self) -> None:
        """Have the running loop close the client at its end."""
        await anext(self._closer)

    async def close(self) -> None:
        """Close the client now."""
        await self._closer.aclose()


async def _closer(client: AsyncClient) -> AsyncGenerator[None]:
    try:
        yield
    finally:
        # There is nobody left to tell, and a connection that fails to close is closed.
        with contextlib.suppress(*FAILURES, OSError):
            await client.aclose()
            pool = getattr(client, "connection_pool", None)
            if isinstance(pool, SentinelConnectionPool):
                for sentinel in pool.sentinel_manager.sentinels:
                    await sentinel.aclose()
