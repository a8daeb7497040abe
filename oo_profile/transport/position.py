"""How far the builder has come in the stream, and how it goes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oo_profile.transport.stream import (
    CONSUMER,
    STREAM,
    ensure_consumer,
    ensure_stream,
    find_consumer,
    request_api,
)

if TYPE_CHECKING:
    from nats.aio.client import Client


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a stream.

    Attributes:
        stream_created_at: When the stream was made, RFC 3339: in another one of its name the
            sequences mean something else.
        acknowledged_to: Every message up to this sequence, inclusive, is acknowledged.
    """

    stream_created_at: str
    acknowledged_to: int


async def acknowledged_position(connection: Client) -> Position:
    """Return how far the builder has come: what is acknowledged, its database has.

    Raises:
        StreamError: As `ensure_stream`.
    """
    stream = await ensure_stream(connection)
    floor = (await find_consumer(connection) or {}).get("ack_floor")
    sequence = floor.get("stream_seq", 0) if isinstance(floor, dict) else 0
    return Position(stream.created_at, int(sequence))


async def deliver_again(connection: Client, position: Position | None) -> int:
    """Let the builder get again what comes after a position, or else all that the stream has.

    No builder may run meanwhile.

    Args:
        connection: A connection to NATS.
        position: None, and one in another stream, is before all.

    Returns:
        The first sequence that comes again.

    Raises:
        StreamError: As `ensure_stream`. If the consumer is gone then, all comes again.
    """
    stream = await ensure_stream(connection)
    first = 1
    if position is not None and position.stream_created_at == stream.created_at:
        first = position.acknowledged_to + 1
    if await find_consumer(connection) is not None:
        await request_api(connection, f"CONSUMER.DELETE.{STREAM}.{CONSUMER}", {})
    await ensure_consumer(connection, first_sequence=first)
    return first
