"""What becomes of signals: in the stream, or in the spool until the stream is there again.

Requests hand over signals one by one, and what many of them hand over at one moment is published as
one batch. If the stream does not take it in time it goes to the spool, and so does everything after
it until the spool is empty again, so that order is kept and nobody else waits for a stream that is
away. A request waits at most the stream's time-out and a write to disk.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ml_serving.errors import NotAcceptedError
from ml_serving.stream import MAX_BATCH, MAX_BATCH_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ml_serving.metrics import Metrics
    from ml_serving.segments import Outgoing
    from ml_serving.spool import Spool
    from ml_serving.stream import Stream

Fate: TypeAlias = Literal["published", "spooled", "lost"]
"""Accepted by the stream, on disk until it is, or neither: the spool is full."""

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0

_log = logging.getLogger(__name__)


@dataclass(slots=True)  # not frozen: one is made for each signal
class _Waiting:
    signal: Outgoing
    fate: asyncio.Future[Fate]


class Outbox:
    """Takes signals; `run` sends them.

    Args:
        stream: Where they are to go.
        spool: Where they wait if they cannot.
        metrics: Counts their fates.
    """

    def __init__(self, stream: Stream, spool: Spool, metrics: Metrics) -> None:
        self._stream = stream
        self._spool = spool
        self._metrics = metrics
        self._queue: deque[_Waiting] = deque()
        self._handed_over = asyncio.Event()
        self._spooled = asyncio.Event()
        if len(spool):
            self._spooled.set()

    async def send(self, signal: Outgoing) -> Fate:
        """Hand over a signal, and return what became of it."""
        waiting = _Waiting(signal, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._handed_over.set()
        return await waiting.fate

    async def forget(self, user_id: str) -> int:
        """Remove a user's signals from the spool, and return how many waited there."""
        removed = await asyncio.to_thread(self._spool.forget, user_id)
        _log.info("spool.forgot signals=%d", removed)
        return removed

    async def run(self) -> None:
        """Send what is handed over, and what waits in the spool; never ends."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send_all())
            tasks.create_task(self._resend_all())

    async def _send_all(self) -> None:
        while True:
            await self._handed_over.wait()
            self._handed_over.clear()
            while self._queue:
                await self._send_batch(self._next_batch())

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        room = MAX_BATCH_BYTES
        while self._queue and len(batch) < MAX_BATCH and room > 0:
            batch.append(self._queue.popleft())
            room -= memoryview(batch[-1].signal.data).nbytes
        return batch

    async def _send_batch(self, batch: Sequence[_Waiting]) -> None:
        signals = [waiting.signal for waiting in batch]
        published, taken = await self._published(signals), 0
        if not published:
            taken = await asyncio.to_thread(self._spool.append, signals)
            self._spooled.set()
        for number, waiting in enumerate(batch):
            fate: Fate = "published" if published else "spooled" if number < taken else "lost"
            self._metrics.signals.labels(waiting.signal.subject, fate).inc()
            if not waiting.fate.done():  # its request may have been cut off
                waiting.fate.set_result(fate)

    async def _published(self, signals: Sequence[Outgoing]) -> bool:
        # What waits on disk was there first.
        if len(self._spool) or not self._stream.is_connected:
            return False
        try:
            await self._stream.publish(signals)
        except NotAcceptedError as error:
            _log.warning("signals.not_accepted signals=%d reason=%s", len(signals), error)
            return False
        return True

    async def _resend_all(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            await self._spooled.wait()
            await self._stream.connected()
            signals = await asyncio.to_thread(self._spool.head, MAX_BATCH, MAX_BATCH_BYTES)
            try:
                if signals:
                    await self._stream.publish(signals)
                pause = _FIRST_PAUSE
            except NotAcceptedError:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            await asyncio.to_thread(self._spool.done, signals)
            self._metrics.resent.inc(len(signals))
            if not len(self._spool):
                self._spooled.clear()
                _log.info("spool.empty")
