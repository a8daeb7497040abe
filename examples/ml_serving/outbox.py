"""What becomes of signals: in the stream, or in the spool until the stream is there again.

Requests hand over signals one by one, and what many of them hand over at one moment is published as
one batch. If the stream does not take it in time it goes to the spool, and so does what follows,
without another try, until a pause is over. What waits leaves first, so that order is kept: as long
as that is much, new signals go behind it, and the last of it leaves together with them, so that a
service under load gets out of its spool. A request waits at most the stream's time-out, the same
again if it comes while an earlier batch waits, and a write to disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ml_serving.errors import NotAcceptedError
from ml_serving.stream import MAX_BATCH, MAX_BATCH_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ml_serving.metrics import Metrics
    from ml_serving.segments import Outgoing
    from ml_serving.spool import Spool
    from ml_serving.stream import Stream

Fate: TypeAlias = Literal["published", "spooled", "lost"]
"""Accepted by the stream, on disk until it is, or neither: the spool is full."""

LEAST_RESENT: Final = 100
"""Signals of the spool that are published at once: few, since new ones wait for it."""

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
        monotonic: Tells seconds that only grow.
    """

    def __init__(
        self, stream: Stream, spool: Spool, metrics: Metrics, monotonic: Callable[[], float]
    ) -> None:
        self._stream = stream
        self._spool = spool
        self._metrics = metrics
        self._monotonic = monotonic
        self._queue: deque[_Waiting] = deque()
        self._handed_over = asyncio.Event()
        self._pause = _FIRST_PAUSE
        self._rest_until = 0.0

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
        while True:
            await self._something_to_send()
            batch = self._next_batch()
            try:
                await self._send(batch)
            except OSError as error:
                # The disk fails to read or to remove: requests are not to wait for it.
                _log.error("spool.failed reason=%s", error)
                self._give_up(batch)
            except Exception:  # noqa: BLE001 - the top of a loop; it is logged
                # Whatever it is, it ends one batch, and not the sending of all that follow.
                _log.exception("signals.failed signals=%d", len(batch))
                self._give_up(batch)

    async def _send(self, batch: Sequence[_Waiting]) -> None:
        signals = [waiting.signal for waiting in batch]
        if await self._is_through(signals):
            self._tell(batch, "published", len(batch))
            return
        taken = await asyncio.to_thread(self._spool.append, signals)
        self._tell(batch, "spooled", taken)
        await self._resend(len(signals))

    async def _something_to_send(self) -> None:
        if not self._queue and len(self._spool):
            # What waits is tried again in a moment, if nothing new comes before.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pause):
                    await self._handed_over.wait()
        elif not self._queue:
            await self._handed_over.wait()
        self._handed_over.clear()

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        room = MAX_BATCH_BYTES
        while self._queue and len(batch) < MAX_BATCH and room > 0:
            batch.append(self._queue.popleft())
            room -= memoryview(batch[-1].signal.data).nbytes
        return batch

    async def _is_through(self, signals: Sequence[Outgoing]) -> bool:
        """Publish signals behind all that waits, and say whether that was done."""
        before = await self._waited_longest(len(signals))
        return len(before) == len(self._spool) and await self._is_published(
            [*before, *signals], before
        )

    async def _resend(self, added: int) -> None:
        """Publish what has waited longest, where there is more than goes with new signals."""
        before = await self._waited_longest(added)
        if len(before) < len(self._spool):
            await self._is_published(before, before)

    async def _waited_longest(self, added: int) -> Sequence[Outgoing]:
        """Return what is to leave next: more than was added, or the spool would never be empty."""
        if not len(self._spool):
            return ()
        limit = max(LEAST_RESENT, 2 * added)
        return await asyncio.to_thread(self._spool.head, limit, MAX_BATCH_BYTES)

    async def _is_published(self, signals: Sequence[Outgoing], before: Sequence[Outgoing]) -> bool:
        """Publish signals, of which those `before` have waited; say whether they are accepted."""
        if not signals:
            return True
        if not self._stream.is_connected or self._monotonic() < self._rest_until:
            return False
        try:
            await self._stream.publish(signals)
        except NotAcceptedError as error:
            _log.warning("signals.not_accepted signals=%d reason=%s", len(signals), error)
            self._rest()
            return False
        self._pause = _FIRST_PAUSE
        if before:
            await asyncio.to_thread(self._spool.done, before)
            self._metrics.resent.inc(len(before))
        return True

    def _give_up(self, batch: Sequence[_Waiting]) -> None:
        self._tell(batch, "lost", 0)
        self._rest()

    def _rest(self) -> None:
        self._rest_until = self._monotonic() + self._pause
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def _tell(self, batch: Sequence[_Waiting], fate: Fate, count: int) -> None:
        """Tell the first ones of a batch their fate; the rest are lost."""
        for number, waiting in enumerate(batch):
            its: Fate = fate if number < count else "lost"
            self._metrics.signals.labels(waiting.signal.subject, its).inc()
            if not waiting.fate.done():  # its request may have been cut off
                waiting.fate.set_result(its)
