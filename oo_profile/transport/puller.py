"""Messages from a JetStream pull consumer: few at a time when it is quiet, many when behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from typing import TYPE_CHECKING, Final

from nats import errors as nats_errors

from oo_profile.insight.events import EventLog
from oo_profile.transport.deliveries import deliver_directly
from oo_profile.transport.message import Message
from oo_profile.transport.waiting import set_within

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.aio.subscription import Subscription

_log = EventLog(__name__)

EXPIRES_SECONDS: Final = 10.0
"""How long the server holds a request that it cannot fill."""

MAX_BYTES: Final = 8 << 20  # 8 MiB
"""Bytes that one request allows.

Three may be under way. A server closes a connection for which it has 64 MiB waiting to be sent, and
on a busy machine two requests of 32 MiB were enough for that.
"""

_GRACE_SECONDS = 2.0
_NANOS = 1_000_000_000
_ACK_PREFIX = "$JS.ACK."
_ACK = b"+ACK"
_HAND_BACK = b"-NAK"
_PENDING = "Nats-Pending-Messages"


class Puller:
    """Keeps requests open at the server, so that messages are here before they are asked for.

    At most `3 * batch` messages, and some three requests' bytes, are here or on their way: who does
    not take is not sent more. Two batches are asked for, since one is taken while the one before is
    at work.

    Args:
        connection: An open connection, which reconnects by itself.
        stream: Name of the stream.
        consumer: Name of the durable consumer.
        batch: The most messages that one `take` returns.
        expires_seconds: How long the server holds a request.

    Attributes:
        batch: As given.
    """

    def __init__(
        self,
        connection: Client,
        stream: str,
        consumer: str,
        batch: int,
        *,
        expires_seconds: float = EXPIRES_SECONDS,
    ) -> None:
        self.batch = batch
        self._connection = connection
        self._request_subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._inbox = connection.new_inbox()
        self._expires_seconds = expires_seconds
        self._subscription: Subscription | None = None
        self._messages: deque[Message] = deque()
        self._changed = asyncio.Event()
        self._refusal = ""
        # What requests at the server still allow it to send, when it was last heard of, and
        # after how many reconnects that was.
        self._open = 0
        self._time: Callable[[], float] = asyncio.get_running_loop().time
        self._heard_at = 0.0
        self._reconnects = 0

    @property
    def trouble(self) -> str:
        """Why the server gives no messages: it is away, or refused the last request; else ""."""
        if not self._connection.is_connected:
            return "not connected"
        return "" if self._open else self._refusal

    async def start(self) -> None:
        """Subscribe; the first request is made by the first `take`."""
        self._subscription = await self._connection.subscribe(self._inbox, cb=self._receive_late)
        deliver_directly(self._connection, self._subscription, self._receive)

    async def stop(self) -> None:
        """Unsubscribe, and hand back what nobody took.

        A message that was taken and is neither acknowledged nor handed back is delivered again
        when the consumer's wait for it is over.
        """
        if self._subscription is not None:
            # What is on its way still arrives; a server that is away sends nothing.
            with contextlib.suppress(TimeoutError, nats_errors.Error):
                async with asyncio.timeout(_GRACE_SECONDS):
                    await self._subscription.drain()  # type: ignore[no-untyped-call]
            self._subscription = None
        await self.hand_back(self._messages)
        self._messages.clear()

    async def take(self, timeout_seconds: float) -> list[Message]:
        """Wait for messages and return those that are here, at most a batch.

        Returns:
            An empty list if nothing came in time.
        """
        deadline = self._time() + timeout_seconds
        while not self._messages:
            self._changed.clear()
            await self._ask()
            if not await set_within(self._changed, deadline - self._time()):
                break
        count = min(self.batch, len(self._messages))
        taken = [self._messages.popleft() for _ in range(count)]
        await self._ask()
        return taken

    async def acknowledge(self, messages: Collection[Message]) -> None:
        """Tell the server that these need not come again, at once or when it is back."""
        await self._answer(messages, _ACK)

    async def hand_back(self, messages: Collection[Message]) -> None:
        """Tell the server to deliver these again at once.

        Who takes no more calls `stop` first: to a request that is still open the server sends
        them back, and then waits for an acknowledgement from where nobody listens any more.
        """
        await self._answer(messages, _HAND_BACK)

    async def _answer(self, messages: Collection[Message], answer: bytes) -> None:
        try:
            if self._connection.is_connected:
                await _publish_many(self._connection, [m.reply for m in messages], answer)
            else:
                for message in messages:
                    await self._connection.publish(message.reply, answer)
        except nats_errors.OutboundBufferLimitError:
            # As much as is kept for a server that is away. The rest comes again, as duplicates.
            _log.warning("puller.answers_dropped")

    async def _ask(self) -> None:
        """Ask for more if less than two batches are here or on their way."""
        if self._requests_are_lost():
            self._open = 0
        if self._open + len(self._messages) >= 2 * self.batch:
            return
        if not self._connection.is_connected:
            # It would be kept for when the server is back, and so would the next ones.
            return
        self._open += self.batch
        self._heard_at, self._reconnects = self._time(), self._connection.stats["reconnects"]
        request = {
            "batch": self.batch,
            "expires": int(self._expires_seconds * _NANOS),
            # A request that allows less than the next message is ended without it.
            "max_bytes": max(MAX_BYTES, 2 * self._connection.max_payload),
        }
        await self._connection.publish(
            self._request_subject, json.dumps(request).encode(), reply=self._inbox
        )

    def _requests_are_lost(self) -> bool:
        """Say whether the server no longer has our requests.

        It forgets those of a connection that ended; and one that neither fills a request nor
        ends it in time has lost it.
        """
        if self._connection.stats["reconnects"] != self._reconnects:
            return True
        silence = self._time() - self._heard_at
        return self._open > 0 and silence > self._expires_seconds + _GRACE_SECONDS

    def _receive(self, subject: str, reply: str, headers: bytes, payload: bytes) -> None:
        self._heard_at = self._time()
        if reply.startswith(_ACK_PREFIX):
            self._open = max(self._open - 1, 0)
            self._messages.append(Message.from_reply(subject, payload, reply))
            self._refusal = ""
            self._changed.set()
        else:
            self._end_request(*_status(headers))

    async def _receive_late(self, msg: Msg) -> None:
        """Take a message that the library had begun to read before it came the short way."""
        self._receive(msg.subject, msg.reply, b"", msg.data)

    def _end_request(self, status: str, headers: dict[str, str]) -> None:
        """Count what a request that has ended will not bring any more."""
        if _PENDING in headers:
            # It expired, or its bytes are used up: the next one may follow at once.
            self._open = max(self._open - int(headers[_PENDING]), 0)
            self._changed.set()
            return
        # Refused. The next `take` asks again, and until then there is nothing to be done.
        self._open = 0
        code, _, description = status.partition(" ")
        refusal = f"{code} {description or 'no consumer answers'}"
        if refusal != self._refusal:
            _log.warning("puller.refused", answer=refusal, request=self._request_subject)
        self._refusal = refusal


async def _publish_many(connection: Client, subjects: Sequence[str], payload: bytes) -> None:
    """Publish the same to many subjects at once: one for each would cost 4 us a message."""
    if not subjects:
        return
    end = b" %d\r\n%b\r\n" % (len(payload), payload)
    commands = b"".join([b"PUB " + subject.encode() + end for subject in subjects])
    await connection._send_command(commands)  # noqa: SLF001 - as `publish` does for each
    await connection._flush_pending()  # noqa: SLF001 - as above


def _status(headers: bytes) -> tuple[str, dict[str, str]]:
    r"""Read the status of a message without a payload, and its headers.

    >>> _status(b"NATS/1.0 408 Request Timeout\r\nNats-Pending-Messages: 3\r\n\r\n")
    ('408 Request Timeout', {'Nats-Pending-Messages': '3'})
    """
    first, *lines = headers.decode(errors="replace").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    return first.partition(" ")[2].strip(), {name: value.strip() for name, _, value in pairs}
