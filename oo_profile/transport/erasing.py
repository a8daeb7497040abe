"""Messages out of the stream for good: their bytes in the server's files are overwritten."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from oo_profile.errors import StreamRefusedError
from oo_profile.transport.stream import STREAM, request_api

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nats.aio.client import Client

AT_ONCE: Final = 4
"""Requests under way: the server does one at a time, and publishers wait for it meanwhile."""

_NOT_THERE: Final = (10037, 10043)
_BEYOND_THE_END: Final = "stream store EOF"


async def erase_many(
    connection: Client,
    sequences: Sequence[int],
    *,
    progress: Callable[[int], object] = lambda _: None,
) -> int:
    """Erase messages of the stream; one that is not there any more is no error.

    Args:
        connection: A connection to NATS.
        sequences: Of the messages.
        progress: Told of so many more that are gone.

    Returns:
        How many were still there.

    Raises:
        NoNatsError: NATS does not answer; some may be erased, the same call may be made again.
        StreamRefusedError: This user may not, or the stream is sealed or denies deletion.
    """
    erased = 0
    for start in range(0, len(sequences), AT_ONCE):
        some = sequences[start : start + AT_ONCE]
        erased += sum(await asyncio.gather(*(_erase(connection, sequence) for sequence in some)))
        progress(len(some))
    return erased


async def _erase(connection: Client, sequence: int) -> bool:
    # With `no_erase` the server would only mark it as deleted.
    body: dict[str, object] = {"seq": sequence, "no_erase": False}
    try:
        await request_api(connection, f"STREAM.MSG.DELETE.{STREAM}", body)
    except StreamRefusedError as error:
        if error.error_code in _NOT_THERE or error.description == _BEYOND_THE_END:
            return False
        raise
    return True
