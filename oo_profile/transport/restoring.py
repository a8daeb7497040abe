"""Stream and consumer made again when somebody has deleted them while the builder runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from oo_profile.errors import StreamError
from oo_profile.insight.events import EventLog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from nats.aio.client import Client

    from oo_profile.transport.stream import StreamState

_log = EventLog(__name__)

FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 15.0


class Restorer:
    """Sees to it that there is something to pull from, in growing pauses.

    A consumer made anew delivers the stream from its start, and what was built already is known. A
    stream made anew is empty: what was in the old one and not yet built is lost with it, so that
    is a warning.

    Args:
        connection: An open connection.
        prepare: Makes or checks stream and consumer.
        on_stream: Told of the stream that is there from now on, each time one is made or checked.
        monotonic: Tells seconds that only grow.
    """

    def __init__(
        self,
        connection: Client,
        prepare: Callable[[], Awaitable[StreamState]],
        on_stream: Callable[[StreamState], None],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = connection
        self._prepare = prepare
        self._on_stream = on_stream
        self._monotonic = monotonic
        self._pause = FIRST_PAUSE_SECONDS
        self._not_before = 0.0
        self._said = ""

    async def attempt(self) -> None:
        """Make or check both, unless the last attempt was only just now.

        What cannot be made, for a reason that NATS names, is said once and tried again at a later
        call.
        """
        if self._monotonic() < self._not_before or not self._connection.is_connected:
            return
        try:
            stream = await self._prepare()
        except StreamError as error:
            if str(error) != self._said:
                _log.warning("builder.waiting", part="nats", reason=str(error))
            self._said = str(error)
        else:
            _log.warning("builder.consumer_made", stream_made=stream.created)
            self._on_stream(stream)
            self._said = ""
        self._not_before = self._monotonic() + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)

    def is_well(self) -> None:
        """Take note that messages come: the next time begins with a short pause."""
        self._pause, self._not_before = FIRST_PAUSE_SECONDS, 0.0
