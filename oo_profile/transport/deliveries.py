r"""A short way for the messages of one subscription, from the socket to whoever takes them.

The client library reads the connection with a parser that copies what is left of its buffer for
each message, decodes headers that nobody asks for, and hands each message on through a queue and
a task: 13 us a message, more than SQLite takes to store it. Here a subscription's messages are cut
out of what has arrived and handed over at once, 2 us each; all else goes the library's way.

It also lets messages through whose subject is no UTF-8. NATS takes any bytes for one, and the
library gives up reading for good at the first that it cannot decode: one such message of any
producer would block all behind it. Bytes that are no UTF-8 are shown as `\xff`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from nats.protocol.parser import AWAITING_CONTROL_LINE, Parser

if TYPE_CHECKING:
    from collections.abc import Callable

    from nats.aio.client import Client
    from nats.aio.subscription import Subscription

Deliver: TypeAlias = "Callable[[str, str, bytes, bytes], None]"
"""Takes subject, reply subject, headers as they came, and payload."""

_SIZES = {b"MSG": 1, b"HMSG": 2}
"""How many sizes end the line of a message: that of its headers, if it has some, and of it all."""

_WITHOUT_REPLY = 3
"""Words before the sizes if nobody waits for an answer: kind, subject, number of subscription."""

_LINE_END = b"\r\n"


def deliver_directly(connection: Client, subscription: Subscription, deliver: Deliver) -> None:
    """Hand over a subscription's messages as they are read; its callback is not called.

    `deliver` is called in the event loop, in the order of arrival, and must not raise.
    """
    parser = _Deliveries(connection, subscription, deliver)
    # What the library's parser has begun, it ends.
    parser.__dict__.update(vars(connection._ps))  # noqa: SLF001 - no public place is before the parser
    connection._ps = parser  # noqa: SLF001 - as above


class _Deliveries(Parser):
    def __init__(self, connection: Client, subscription: Subscription, deliver: Deliver) -> None:
        super().__init__(connection)
        self._sid = b"%d" % subscription._id  # noqa: SLF001 - how the server names it
        self._deliver = deliver
        self._held = b""

    def reset(self) -> None:
        """Forget what has begun: a new connection begins anew."""
        super().reset()
        self._held = b""

    async def parse(self, data: bytes = b"") -> None:
        """Take what has arrived; what is not whole yet is held until the rest comes."""
        if self.buf or self.state != AWAITING_CONTROL_LINE:
            await super().parse(data)
            return
        arrived = self._held + data if self._held else data
        at = 0
        while (line_end := arrived.find(_LINE_END, at)) >= 0:
            # Of bytes that NATS lets stand in a subject, split() would take some for blanks.
            line, begin = arrived[at:line_end].split(b" "), line_end + len(_LINE_END)
            is_message = line[0] in _SIZES
            end = begin + int(line[-1]) + len(_LINE_END) if is_message else begin
            if end > len(arrived):
                break
            if is_message and line[2] == self._sid:
                self._hand_over(line, arrived[begin : end - len(_LINE_END)])
            else:
                await super().parse(arrived[at:end])
            at = end
        self._held = arrived[at:]

    def _hand_over(self, line: list[bytes], content: bytes) -> None:
        sizes = _SIZES[line[0]]
        headers = int(line[-2]) if sizes > 1 else 0
        has_reply = len(line) - sizes > _WITHOUT_REPLY
        self._deliver(
            line[1].decode(errors="backslashreplace"),
            line[3].decode() if has_reply else "",
            content[:headers],
            content[headers:] if headers else content,
        )
