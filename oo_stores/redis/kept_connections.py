"""Connections that stay at hand between reads.

Giving a connection back to redis-py's pool and taking it out again costs as much as the read
itself: among other things, the pool asks the socket each time whether it is still sound. Here a
connection whose last exchange went well is kept beside its pool and used as it is. If it has
broken meanwhile, it goes back, and the pool's own way is taken: check, reconnect, retry.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from redis.connection import ConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_LEAST_ROOM = 1_000
"""Connections that a pool must allow: one that is kept is none that others can have."""

_kept: WeakKeyDictionary[ConnectionPool, list[Any]] = WeakKeyDictionary()
"""Idle connections by their pool; taking from a list and adding to it are atomic."""


def exchange(pool: ConnectionPool, work: Callable[[Any], T]) -> T:
    """Run one exchange over a connection of a pool.

    Args:
        pool: Of a plain client.
        work: Sends commands and reads all their answers, refusals too. Called again, over a
            new connection, where redis-py would send its commands again.

    Raises:
        redis.exceptions.RedisError: As redis-py raises it.
    """
    idle = _idle(pool)
    if idle is None:
        return _over(pool, work, lambda connection: _release(pool, connection))
    try:
        connection = idle.pop()
    except IndexError:
        return _over(pool, work, idle.append)
    if connection.pid != os.getpid():  # a fork: the parent goes on using it
        return exchange(pool, work)
    sound = False
    try:
        answer = work(connection)
        sound = True
    except RedisConnectionError:
        answer = None
    finally:
        if sound and not connection.should_reconnect():
            idle.append(connection)
        else:
            connection.disconnect()
            _release(pool, connection)
    return _over(pool, work, idle.append) if answer is None else answer


def _over(pool: Any, work: Callable[[Any], T], after: Callable[[Any], None]) -> T:  # noqa: ANN401  redis-py leaves it without types
    """Run an exchange over a connection that the pool has checked, with its retries."""
    connection = pool.get_connection()
    sound = False
    try:
        answer: T = connection.retry.call_with_retry(
            lambda: work(connection), lambda _: connection.disconnect()
        )
        sound = True
    finally:
        if sound:
            after(connection)
        else:
            connection.disconnect()
            _release(pool, connection)
    return answer


def _idle(pool: ConnectionPool) -> list[Any] | None:
    """Return a pool's kept connections; None for one whose connections are not to be kept."""
    idle = _kept.get(pool)
    if idle is None and type(pool) is ConnectionPool and pool.max_connections >= _LEAST_ROOM:
        idle = _kept.setdefault(pool, [])
    return idle


def _release(pool: Any, connection: Any) -> None:  # noqa: ANN401
    pool.release(connection)
