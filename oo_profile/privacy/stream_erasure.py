"""A person's messages out of the stream: signals, copies of them, and what was rejected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from oo_profile.privacy.mentions import Whose
from oo_profile.transport.erasing import erase_many
from oo_profile.transport.stream import STREAM, request_api
from oo_profile.transport.stream_scan import scan_stream

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from nats.aio.client import Client

    from oo_profile.privacy.mentions import Person

Connect: TypeAlias = "Callable[[], AbstractAsyncContextManager[Client]]"
"""Connects to NATS."""

PASSES = 3
"""While a stream is read, more comes in; a running builder erases what comes after the last."""


@dataclass(frozen=True, slots=True)
class StreamErasure:
    """What was found in the stream.

    Attributes:
        scanned: Messages that were read.
        erased: Messages of the person, erased.
        naming_him: Signals of others that name him; they are theirs and stay.
        last: Sequence up to which the stream was read.
    """

    scanned: int = 0
    erased: int = 0
    naming_him: int = 0
    last: int = 0


async def erase_from_stream(
    connect: Connect,
    person: Person,
    *,
    progress: Callable[[int, int], object] = lambda _done, _of: None,
) -> StreamErasure:
    """Read the whole stream and erase what is a person's, in the server's files too.

    Args:
        connect: Connects to NATS.
        person: Whose messages.
        progress: Told how many messages were read or erased, and of how many.

    Raises:
        NoNatsError: NATS does not answer; the same call may be made again.
        StreamRefusedError: There is no stream, or this user may not read it or erase from it.
    """
    found = StreamErasure()
    for _ in range(PASSES):
        async with connect() as connection:
            first, last = await _bounds(connection)
            if last <= found.last:
                break
            first = max(first, found.last + 1)
            found = await _pass(connection, person, found, first, last, progress)
    return found


async def _pass(  # noqa: PLR0913, PLR0917 - the parts of one call
    connection: Client,
    person: Person,
    found: StreamErasure,
    first: int,
    last: int,
    progress: Callable[[int, int], object],
) -> StreamErasure:
    scanned, naming_him = found.scanned, found.naming_him
    his: list[int] = []
    async for batch in scan_stream(connection, first, last):
        for stored in batch:
            whose = person.whose(stored.message, stored.headers)
            if whose is Whose.HIS:
                his.append(stored.message.sequence)
            naming_him += whose is Whose.NAMING_HIM
        scanned += len(batch)
        progress(scanned, scanned + last - batch[-1].message.sequence)
    # After the reading, since the server does one thing at a time.
    done, of = scanned, scanned + len(his)

    def count(erased: int) -> None:
        nonlocal done
        done += erased
        progress(done, of)

    erased = found.erased + await erase_many(connection, his, progress=count)
    return StreamErasure(scanned, erased, naming_him, last)


async def _bounds(connection: Client) -> tuple[int, int]:
    info = await request_api(connection, f"STREAM.INFO.{STREAM}", {})
    state = info.get("state")
    if not isinstance(state, dict):
        return 0, 0
    return int(state.get("first_seq", 0)), int(state.get("last_seq", 0))
