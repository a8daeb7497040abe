"""Fields of many hashes in one round trip: the only place that sends a read to Redis.

The command of a read is packed once, when its fields become known; a request adds its keys. With
a plain client the bytes go straight to a connection of its pool, under that connection's own
retries, which spares most of what redis-py does around a command. Any other client (Cluster, one
with a cache) gets the same reads as a pipeline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeGuard, cast

from redis import Redis
from redis import asyncio as redis_asyncio
from redis.exceptions import ResponseError

from oo_stores.redis.kept_connections import exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from oo_stores.redis.connections import AsyncClient, Client

    Meanwhile = Callable[[], object]
    """Work that needs no reply, done while Redis looks for them; may be called again."""

READS_A_PACKET: Final = 10
"""Redis answers the first of many reads while the others are still on their way to it."""

Reply: TypeAlias = "list[bytes | None]"
"""The values of a hash's fields, in the order of the fields; None for one that it lacks."""


@dataclass(frozen=True, slots=True)
class HashFields:
    """The names of fields, and the `HMGET` that asks for them.

    Args:
        names: In any order, at least one.
        head: Of the packed command, up to the key.
        tail: From the key on.
    """

    names: tuple[bytes, ...]
    head: bytes
    tail: bytes

    @classmethod
    def of(cls, names: Iterable[str | bytes]) -> HashFields:
        """Pack the command for some fields."""
        encoded = tuple(name.encode() if isinstance(name, str) else name for name in names)
        head = b"*%d\r\n$5\r\nHMGET\r\n" % (len(encoded) + 2)
        return cls(encoded, head, b"".join(map(_argument, encoded)))

    def command(self, key: bytes) -> bytes:
        r"""Return the packed command for a key.

        >>> HashFields.of(["f"]).command(b"k")
        b'*3\r\n$5\r\nHMGET\r\n$1\r\nk\r\n$1\r\nf\r\n'
        """
        return b"%b$%d\r\n%b\r\n%b" % (self.head, len(key), key, self.tail)


HashRead: TypeAlias = tuple[bytes, HashFields]
"""A key, and the fields wanted of its hash."""


def read_hashes(
    client: Client, reads: Sequence[HashRead], meanwhile: Meanwhile | None = None
) -> list[Reply]:
    """Read fields of hashes, all in one round trip.

    Args:
        client: Of any kind.
        reads: In any order; none at all costs nothing.
        meanwhile: Called between sending and receiving, if the client allows that; each time
            that the commands are sent again, and not at all if nothing is sent.

    Returns:
        The replies, in the order of `reads`.

    Raises:
        redis.exceptions.RedisError: As redis-py raises it.
    """
    if not reads:
        return []
    if not _is_plain(client):
        with client.pipeline(transaction=False) as pipe:
            for key, fields in reads:
                pipe.execute_command("HMGET", key, *fields.names)
            return cast("list[Reply]", pipe.execute())
    return exchange(
        client.connection_pool, lambda connection: _exchange(connection, reads, meanwhile)
    )


async def read_hashes_async(
    client: AsyncClient, reads: Sequence[HashRead], meanwhile: Meanwhile | None = None
) -> list[Reply]:
    """Read as `read_hashes` does, without blocking the event loop."""
    if not reads:
        return []
    if not _is_plain_async(client):
        async with client.pipeline(transaction=False) as pipe:
            for key, fields in reads:
                pipe.execute_command("HMGET", key, *fields.names)
            return cast("list[Reply]", await pipe.execute())
    pool: Any = client.connection_pool  # redis-py leaves its methods without types
    connection = await pool.get_connection()
    try:
        replies: list[Reply] = await connection.retry.call_with_retry(
            lambda: _exchange_async(connection, reads, meanwhile),
            lambda _: connection.disconnect(),
        )
    finally:
        await pool.release(connection)
    return replies


def _packets(reads: Sequence[HashRead]) -> Iterator[bytes]:
    """Pack the commands, some at a time; each packet is sent by itself."""
    for at in range(0, len(reads), READS_A_PACKET):
        yield b"".join([fields.command(key) for key, fields in reads[at : at + READS_A_PACKET]])


def _exchange(
    connection: Any,  # noqa: ANN401  redis-py's
    reads: Sequence[HashRead],
    meanwhile: Meanwhile | None,
) -> list[Reply]:
    connection.send_packed_command(_packets(reads))
    if meanwhile is not None:
        meanwhile()
    replies: list[Reply] = []
    refusal = None
    # What is sent gets its answer, refused or not: a connection goes back without any left.
    for _ in reads:
        try:
            replies.append(connection.read_response())
        except ResponseError as error:
            refusal = error
    if refusal is not None:
        raise refusal
    return replies


async def _exchange_async(
    connection: Any,  # noqa: ANN401  redis-py's
    reads: Sequence[HashRead],
    meanwhile: Meanwhile | None,
) -> list[Reply]:
    await connection.send_packed_command(_packets(reads))
    if meanwhile is not None:
        meanwhile()
    replies: list[Reply] = []
    refusal = None
    for _ in reads:
        try:
            replies.append(await connection.read_response())
        except ResponseError as error:
            refusal = error
    if refusal is not None:
        raise refusal
    return replies


def _is_plain(client: Client) -> TypeGuard[Redis]:
    return (
        isinstance(client, Redis)
        and client.connection is None
        and client.connection_pool.cache is None
    )


def _is_plain_async(client: AsyncClient) -> TypeGuard[redis_asyncio.Redis]:
    return isinstance(client, redis_asyncio.Redis) and not client.single_connection_client


def _argument(value: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(value), value)
