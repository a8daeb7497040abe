"""A message as it comes from the stream."""

from __future__ import annotations

from msgspec import Struct

ACK_PREFIX = "$JS.ACK."
"""What the reply subject of a message of the stream begins with."""

_TOKENS_WITHOUT_DOMAIN = 9
_NANOS_PER_MICRO = 1000


class Message(Struct, frozen=True, gc=False):
    """A message of the stream; a struct, since that is made four times as fast as a dataclass.

    Attributes:
        subject: NATS subject.
        payload: Its bytes.
        sequence: Its sequence in the stream; the same at every delivery.
        received_us: When the stream took it, microseconds; the same at every delivery.
        reply: Where its acknowledgement goes.
    """

    subject: str
    payload: bytes
    sequence: int
    received_us: int
    reply: str = ""

    @classmethod
    def from_reply(cls, subject: str, payload: bytes, reply: str) -> Message:
        """Read sequence and time from the reply subject of a JetStream delivery.

        The subject is `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.
        <nanoseconds>.<pending>`; newer servers put domain and account hash before the stream and
        may append a token.

        >>> Message.from_reply("s", b"", "$JS.ACK.SIGNALS.c.1.42.7.1700000000123456789.0").sequence
        42
        """
        tokens = reply.split(".")
        shift = 0 if len(tokens) == _TOKENS_WITHOUT_DOMAIN else 2
        sequence, nanos = int(tokens[5 + shift]), int(tokens[7 + shift])
        return cls(subject, payload, sequence, nanos // _NANOS_PER_MICRO, reply)
