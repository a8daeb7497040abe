"""Messages out of the stream for good: their bytes in the server's files are overwritten."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from oo_profile.errors import StreamRefusedError
from oo_profile.transport.stream import STREAM, request_api

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nats.aio.client import Client

IDLE_SHARE: Final = 3
"""So many times as long as an erasure the server is left alone after it.

It syncs its files for each, some ten milliseconds in which it neither takes nor delivers anything.
"""

_NOT_THERE: Final = (10037, 10043)
_BEYOND_THE_END: Final = "stream store EOF"


async def erase_many(
    connection: Client,
    sequences: Sequence[int],
    *,
    progress: Callable[[int], object] = lambda _: None,
) -> int:
    """Erase messages of the stream, one by one; one that is not there any more is no error.

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
    erased, time = 0, asyncio.get_running_loop().time
    for sequence in sequences:
        began = time()
        erased += await _erase(connection, sequence)
        progress(1)
        await asyncio.sleep(IDLE_SHARE * (time() - began))
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
