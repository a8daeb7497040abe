"""Erases from the stream what forgotten people still send, behind the batches."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING, Final

from oo_profile.errors import NoNatsError, StreamRefusedError
from oo_profile.insight.events import EventLog
from oo_profile.transport.erasing import erase_many
from oo_profile.transport.waiting import set_within

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nats.aio.client import Client

    from oo_profile.transport.message import Message
    from oo_profile.transport.puller import Puller

_log = EventLog(__name__)

GRACE_SECONDS: Final = 5.0
"""How long the end of the builder waits for messages that are to be erased."""

AT_ONCE: Final = 4
"""Messages that are erased, and then acknowledged, together."""

_PAUSE_SECONDS = 1.0


class StreamEraser:
    """Erases messages, and acknowledges each when it is gone.

    Until then it would come again, so none is missed whatever breaks. Where the builder's user
    may not erase, that is said once, and messages are acknowledged and stay until they are too
    old, or until `oo forget` is run again.

    Args:
        connection: A connection to NATS.
        puller: Where the messages come from.
    """

    def __init__(self, connection: Client, puller: Puller) -> None:
        self._connection = connection
        self._puller = puller
        # By sequence, in order: one that is delivered again meanwhile is waiting already.
        self._waiting: dict[int, Message] = {}
        self._changed, self._ends = asyncio.Event(), asyncio.Event()
        self._is_refused = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; within the running event loop."""
        self._task = asyncio.create_task(self._run())

    def add(self, messages: Iterable[Message]) -> None:
        """Take messages over, acknowledgement included."""
        for message in messages:
            self._waiting.setdefault(message.sequence, message)
        self._changed.set()

    async def stop(self) -> None:
        """Erase what is waiting, for a short while; what is left then comes again."""
        task, self._task = self._task, None
        if task is None:
            return
        self._ends.set()
        self._changed.set()
        await asyncio.wait([task], timeout=GRACE_SECONDS)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await self._puller.hand_back(self._waiting.values())

    async def _run(self) -> None:
        while self._waiting or not self._ends.is_set():
            if not self._waiting:
                self._changed.clear()
                await self._changed.wait()
                continue
            try:
                await self._erase_some()
            except NoNatsError:
                # The connection looks for its server and says so.
                await set_within(self._ends, _PAUSE_SECONDS)

    async def _erase_some(self) -> None:
        some = list(islice(self._waiting.values(), AT_ONCE))
        try:
            await erase_many(self._connection, [message.sequence for message in some])
        except StreamRefusedError as error:
            if not self._is_refused:
                _log.warning("eraser.refused", reason=str(error))
            self._is_refused = True
        await self._puller.acknowledge(some)
        for message in some:
            del self._waiting[message.sequence]
