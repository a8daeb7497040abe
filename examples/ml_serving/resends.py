"""Answers of a moment ago, for whoever asks again because he got none."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

MAX_BYTES: Final = 16 << 20


class Resends:
    """Lets one request be worked on once, also if it comes again while that goes on.

    Learned state changes with every tip that is shown, so a request that is answered anew may get
    another answer than the one that was logged. After `MAX_BYTES` of newer answers, or in another
    process, it is answered anew; its signal has the same `event_id` then, and the first one counts.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[str, asyncio.Future[bytes]] = OrderedDict()
        self._bytes = 0

    async def answer(self, name: str, work: Callable[[], Awaitable[tuple[bytes, bool]]]) -> bytes:
        """Return the answer to a request.

        Args:
            name: Of the request.
            work: Answers it, and says whether the answer is to be kept.

        Raises:
            Exception: Whatever `work` raises; whoever waits for it too works on it himself.
        """
        known = self._known.get(name)
        if known is not None:
            try:
                return await asyncio.shield(known)
            except asyncio.CancelledError:
                if not known.cancelled():  # it is this request that was cut off
                    raise
                return await self.answer(name, work)
        pending: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._known[name] = pending
        kept = False
        try:
            answer, kept = await work()
            pending.set_result(answer)
        finally:
            if not kept:
                del self._known[name]
                pending.cancel()
        if kept:
            self._bytes += len(answer)
            while self._bytes > MAX_BYTES:
                self._drop_oldest()
        return answer

    def _drop_oldest(self) -> None:
        for name, known in self._known.items():
            if known.done():
                self._bytes -= len(known.result())
                del self._known[name]
                return
