"""Reads that go on from a replica while the primary does not serve them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from oo_stores.errors import ServerTimeoutError, ServerUnavailableError
from oo_stores.redis.connections import replica_settings
from oo_stores.redis.failures import answered_by

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from oo_stores.redis.clients import Clients
    from oo_stores.redis.config import RedisOnlineStoreConfig
    from oo_stores.redis.connections import AsyncClient, Client

PRIMARY_REST_SECONDS = 1.0
"""How long reads pass over a primary that did not serve one: else each waits out its time-out."""

T = TypeVar("T")


class ReadFallback:
    """Runs reads on the primary, and on the configured replica while the primary fails.

    What a replica says may be older than what the primary would have said. A refused password
    is nobody's failure but the settings', so then the replica is not asked.

    Args:
        clients: Where the clients come from.
    """

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._rest_until = 0.0

    def run(self, settings: RedisOnlineStoreConfig, work: Callable[[Client], T]) -> T:
        """Return what `work` returns; it is called with a client, at most once a server.

        Raises:
            OnlineServerError: Neither server did what it was asked.
        """
        if settings.replica_connection_string is None or not self._is_resting():
            try:
                with answered_by(settings):
                    return work(self._clients.get(settings))
            except (ServerUnavailableError, ServerTimeoutError):
                if settings.replica_connection_string is None:
                    raise
                self._rest()
        replica = replica_settings(settings)
        with answered_by(replica):
            return work(self._clients.get(replica))

    async def run_async(
        self, settings: RedisOnlineStoreConfig, work: Callable[[AsyncClient], Awaitable[T]]
    ) -> T:
        """Do as `run` does, without blocking the event loop."""
        if settings.replica_connection_string is None or not self._is_resting():
            try:
                with answered_by(settings):
                    return await work(await self._clients.get_async(settings))
            except (ServerUnavailableError, ServerTimeoutError):
                if settings.replica_connection_string is None:
                    raise
                self._rest()
        replica = replica_settings(settings)
        with answered_by(replica):
            return await work(await self._clients.get_async(replica))

    def _is_resting(self) -> bool:
        return time.monotonic() < self._rest_until

    def _rest(self) -> None:
        self._rest_until = time.monotonic() + PRIMARY_REST_SECONDS
