"""A delivery's reply subject tells where and when the stream took the message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oo_profile.transport.message import Message

REST = "3.42.7.1700000000123456789.0"


@pytest.mark.parametrize(
    "reply",
    [
        f"$JS.ACK.SIGNALS.profile-builder.{REST}",
        f"$JS.ACK._.Axy12.SIGNALS.profile-builder.{REST}",
        f"$JS.ACK.hub.Axy12.SIGNALS.profile-builder.{REST}.r4nd0m",
    ],
    ids=["old server", "with account", "with domain and token"],
)
def test_every_form_of_reply_is_read(reply: str) -> None:
    """Servers put domain and account before the stream, and may append a token."""
    message = Message.from_reply("signals.x", b"{}", reply)
    assert (message.sequence, message.received_us) == (42, 1_700_000_000_123_456)
    assert message.reply == reply


@given(st.integers(1, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_nanoseconds_become_whole_microseconds(sequence: int, nanos: int) -> None:
    """Time is cut to microseconds, so that two messages may have one, and never rounded up."""
    reply = f"$JS.ACK.SIGNALS.profile-builder.1.{sequence}.1.{nanos}.0"
    message = Message.from_reply("signals.x", b"{}", reply)
    assert message.sequence == sequence
    assert message.received_us * 1000 <= nanos < (message.received_us + 1) * 1000
