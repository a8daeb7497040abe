"""Messages reach the reader whole and in order, however the bytes of a connection are cut."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from nats.aio.client import Client
from nats.aio.subscription import Subscription

from oo_profile.transport.deliveries import deliver_directly

if TYPE_CHECKING:
    from collections.abc import Sequence

Delivered = tuple[str, str, bytes, bytes]

payloads = st.one_of(
    st.binary(max_size=40), st.sampled_from([b"", b"MSG a 1 3\r\nabc\r\n", b"\r\n"])
)
messages = st.tuples(
    st.sampled_from(["signals.a", "signals.\\xff"]),
    st.sampled_from(["", "$JS.ACK.S.c.1.2.3.4.5"]),
    st.sampled_from([b"", b"NATS/1.0\r\nA: b\r\n\r\n"]),
    payloads,
)


def on_the_wire(message: Delivered, sid: int) -> bytes:
    """Write a message as a server sends it."""
    subject, reply, headers, payload = message
    words = [
        subject.encode().replace(b"\\xff", b"\xff"),
        b"%d" % sid,
        *[reply.encode()] * bool(reply),
    ]
    sizes = [b"%d" % len(headers)] * bool(headers) + [b"%d" % (len(headers) + len(payload))]
    kind = b"HMSG" if headers else b"MSG"
    return b"%b\r\n%b%b\r\n" % (b" ".join([kind, *words, *sizes]), headers, payload)


async def read(pieces: Sequence[bytes]) -> tuple[list[Delivered], list[bytes]]:
    """Read pieces; return what came the short way, and what came the library's way."""
    client, found = Client(), list[Delivered]()
    ours = Subscription(client, 1, "inbox")
    others = client._subs[2] = Subscription(client, 2, "other")  # noqa: SLF001 - what a connection does
    deliver_directly(client, ours, lambda *parts: found.append(parts))
    for piece in pieces:
        await client._ps.parse(piece)  # noqa: SLF001 - as above
    queue = others._pending_queue  # noqa: SLF001 - as above
    return found, [queue.get_nowait().data for _ in range(queue.qsize())]


@settings(deadline=None)
@given(st.lists(st.tuples(messages, st.booleans()), max_size=6), st.lists(st.integers(1, 60)))
def test_messages_come_whole_and_in_order(
    sent: list[tuple[Delivered, bool]], sizes: list[int]
) -> None:
    """Bytes cut anywhere give the messages that were sent, each to its own subscription."""
    # A subject that the library cannot read goes to nobody but us.
    mine = [is_mine or "\\xff" in message[0] for message, is_mine in sent]
    frames = [on_the_wire(m, 1 if own else 2) for (m, _), own in zip(sent, mine, strict=True)]
    stream = b"+OK\r\n".join(frames)
    cuts = [sum(sizes[:end]) for end in range(len(sizes) + 1)]
    pieces = [stream[begin:end] for begin, end in zip(cuts, [*cuts[1:], len(stream)], strict=True)]
    found, others = asyncio.run(read(pieces))
    assert found == [message for (message, _), own in zip(sent, mine, strict=True) if own]
    assert others == [m[3] for (m, _), own in zip(sent, mine, strict=True) if not own]
