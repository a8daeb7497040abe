"""Rejected messages can be looked at, published again after a fix, and dropped."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import pytest
from support.building import build_until, number_of, publish_raw, rows
from support.payloads import payload

from oo_transforms.signals import MAX_PAYLOAD_BYTES

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live

SESSION = "signals.app.session"
BAD = [
    (SESSION, b"{"),
    (SESSION, b"[]"),
    (SESSION, payload(SESSION, duration_seconds=-1)),
    (SESSION, payload(SESSION, note="x" * MAX_PAYLOAD_BYTES)),
    ("signals.weather", b"\x1b[31m{}"),
    ("signals.\xff", b"{}"),
]


@pytest.fixture
def rejecting(world: World) -> World:
    """Give a world in which some messages were rejected."""
    publish_raw(world, [(subject.encode("latin-1"), body) for subject, body in BAD])
    build_until(world, lambda: number_of(world, "rejected_signals") == len(BAD))
    return world


def test_the_list_counts_and_shows_the_newest(rejecting: World) -> None:
    """By reason, with a key each; what a sender has put in does not reach the terminal."""
    text = rejecting.oo("rejected", "list", "--limit", "2").stdout
    assert "2  unknown subject" in text
    assert [line.split()[0] for line in text.splitlines()[-2:]] == ["6", "5"]
    assert "\x1b" not in text
    shown = json.loads(rejecting.oo("rejected", "list", "--reason", "not JSON", "--json").stdout)
    assert [message["payload"] for message in shown["messages"]] == ["{"]
    assert sum(shown["counts"].values()) == len(BAD)


def test_a_retry_publishes_again_what_can_be(rejecting: World) -> None:
    """After a fix it is a signal; what still is none is rejected anew; the rest stays."""
    with_fix = payload(SESSION, event_id="fixed")
    _replace_payload(rejecting, 1, with_fix)
    told = rejecting.oo("rejected", "retry", "--all", "--yes").stdout
    assert "4 published again" in told
    assert "1 stay: only the first 64 KiB" in told
    assert "1 stay: nobody can publish on their subject" in told
    build_until(rejecting, lambda: number_of(rejecting, "rejected_signals") == len(BAD) - 1)
    assert rows(rejecting, "SELECT event_id, payload FROM signals") == [("fixed", with_fix)]
    sequences = rows(rejecting, "SELECT stream_sequence FROM rejected_signals ORDER BY 1")
    assert sequences == [(4,), (6,), (8,), (9,), (10,)]


def test_without_a_stream_that_takes_it_nothing_is_removed(
    rejecting: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NATS is away: an error, and every message is still kept."""
    monkeypatch.setenv("OO_NATS", "nats://127.0.0.1:1")
    result = rejecting.oo("rejected", "retry", "--all", "--yes", code=1)
    assert "no NATS answers" in result.stderr
    assert number_of(rejecting, "rejected_signals") == len(BAD)


def test_a_drop_takes_what_was_chosen(rejecting: World) -> None:
    """By key, by reason, or all, and not without a yes."""
    rejecting.oo("rejected", "drop", "--all", code=1)
    assert number_of(rejecting, "rejected_signals") == len(BAD)
    assert "2 dropped" in rejecting.oo("rejected", "drop", "1", "3", "--yes").stdout
    (created_at,) = rows(rejecting, "SELECT DISTINCT stream_created_at FROM rejected_signals")
    assert "1 dropped" in rejecting.oo("rejected", "drop", f"{created_at[0]}/2", "--yes").stdout
    told = rejecting.oo("rejected", "drop", "--reason", "unknown subject", "--yes").stdout
    assert "2 dropped" in told
    assert rows(rejecting, "SELECT stream_sequence FROM rejected_signals") == [(4,)]


def test_what_cannot_be_meant_is_refused(rejecting: World) -> None:
    """With what there is, and nothing is removed."""
    for arguments, code, told in (
        ((), 2, "say which"),
        (("1", "--all"), 2, "say which"),
        (("999",), 1, "the key '999'"),
        (("x",), 1, "the key 'x'"),
        (("--reason", "bad mood"), 1, "not JSON"),
    ):
        result = rejecting.oo("rejected", "drop", *arguments, "--yes", code=code)
        assert told in result.stderr
    assert number_of(rejecting, "rejected_signals") == len(BAD)


def _replace_payload(world: World, sequence: int, body: bytes) -> None:
    """Stand in for a release that knows what an older one has rejected."""
    connection = sqlite3.connect(world.settings.db)
    with connection:
        connection.execute(
            "UPDATE rejected_signals SET payload = ?, payload_bytes = ? WHERE stream_sequence = ?",
            (body, len(body), sequence),
        )
    connection.close()
