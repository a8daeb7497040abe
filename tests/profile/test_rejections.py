"""What is no valid signal is kept with its reason, and harms nobody else."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from support.batches import count, database, dump, writer
from support.building import build_until, number_of, publish_raw, rows
from support.payloads import RECEIVED_US, payload, payload_without

from oo_profile.storage import rejected
from oo_profile.transport.message import Message
from oo_transforms.errors import SignalRejected
from oo_transforms.signals import MAX_PAYLOAD_BYTES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from support.world import World

SESSION = "signals.app.session"
LARGE = payload(SESSION, note="x" * 70_000)
AHEAD = (datetime.now(UTC) + timedelta(days=1)).isoformat()

BAD: list[tuple[str, bytes, str, str]] = [
    (SESSION, b"", "not JSON", "truncated"),
    (SESSION, b"{", "not JSON", "truncated"),
    (SESSION, b"\xff\xfe{}", "not JSON", "can't decode byte 0xff"),
    (SESSION, b'{"note":' + b"[" * 60_000, "out of bounds", "nested"),
    (SESSION, payload(SESSION, duration_seconds=float("nan")), "not JSON", "malformed"),
    (SESSION, payload(SESSION, duration_seconds=float("inf")), "not JSON", "malformed"),
    (SESSION, payload(SESSION).replace(b": 60", b": 1e999"), "out of bounds", "out of range"),
    (SESSION, b"[]", "out of bounds", "Expected `object`"),
    (SESSION, b"null", "out of bounds", "Expected `object`"),
    (SESSION, payload(SESSION, duration_seconds="60"), "out of bounds", "duration_seconds"),
    (SESSION, payload(SESSION, duration_seconds=-1), "out of bounds", "duration_seconds"),
    (SESSION, payload(SESSION, event_id=""), "out of bounds", "event_id"),
    (SESSION, payload(SESSION, user_id="u" * 129), "out of bounds", "user_id"),
    (SESSION, payload(SESSION, user_id="a\nb"), "out of bounds", "cannot be printed"),
    (SESSION, payload(SESSION, occurred_at="2026-01-01T11:00:00"), "out of bounds", "occurred_at"),
    (SESSION, payload(SESSION, utc_offset_minutes=841), "out of bounds", "utc_offset_minutes"),
    (SESSION, payload_without(SESSION, "user_id"), "out of bounds", "user_id"),
    ("signals.mood.logged", payload("signals.mood.logged", score=6), "out of bounds", "score"),
    (SESSION, payload(SESSION, occurred_at=AHEAD), "from the future", "minutes after"),
    (SESSION, LARGE, "too large", "at most 65536"),
    ("signals.weather", b"{}", "unknown subject", "signals.weather"),
    ("signals.app.session.more", b"{}", "unknown subject", "is none of"),
]
"""Subject, payload, reason and a part of the detail."""


def with_good_between(bad: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Put a good signal between any two bad ones."""
    good = [
        (SESSION.encode(), payload(SESSION, event_id=f"good{number}", colour="red"))
        for number in range(len(bad))
    ]
    return [message for pair in zip(bad, good, strict=True) for message in pair]


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Give a database without signals."""
    with database(tmp_path / "oo.db") as opened:
        yield opened


@pytest.mark.live
def test_every_bad_message_is_kept_and_the_others_stored(world: World) -> None:
    """Whatever somebody publishes below the stream's subjects, the builder goes on."""
    bad = [(subject.encode(), body) for subject, body, *_ in BAD] + [(b"signals.\xff", b"{}")]
    publish_raw(world, with_good_between(bad))
    totals = build_until(world, lambda: number_of(world, "signals") == len(bad))
    assert totals.stored == {SESSION: len(bad)}
    found = rows(
        world,
        "SELECT subject, payload, reason, detail FROM rejected_signals ORDER BY stream_sequence",
    )
    expected = [*BAD, ("signals.\\xff", b"{}", "unknown subject", "signals.")]
    for (subject, body, reason, detail), (*kept, why, told) in zip(expected, found, strict=True):
        assert (kept, why) == ([subject, body[:MAX_PAYLOAD_BYTES]], reason)
        assert detail in told
    assert totals.rejected.total() == len(bad)
    (kept_payload,) = rows(world, "SELECT payload FROM signals WHERE event_id = 'good0'")
    assert json.loads(kept_payload[0])["colour"] == "red"


def test_of_a_large_message_the_head_length_and_digest_are_kept(
    connection: sqlite3.Connection,
) -> None:
    """Over 64 KiB the rest is gone, but can be recognised; at 64 KiB nothing is cut."""
    exact = payload(SESSION).ljust(MAX_PAYLOAD_BYTES)
    outcome = writer(connection).write(
        [Message(SESSION, LARGE, 1, RECEIVED_US), Message(SESSION, exact, 2, RECEIVED_US)]
    )
    assert outcome.stored.total() == outcome.rejected.total() == 1
    row = connection.execute(
        "SELECT payload, payload_bytes, payload_sha256 FROM rejected_signals"
    ).fetchone()
    digest = hashlib.sha256(LARGE).hexdigest()
    assert row == (LARGE[:MAX_PAYLOAD_BYTES], len(LARGE), digest)


def test_a_rejected_message_delivered_again_adds_nothing(connection: sqlite3.Connection) -> None:
    """It is known by the stream's creation time and its sequence, with its first reason."""
    batches = writer(connection)
    bad = [Message(subject, body, n, RECEIVED_US) for n, (subject, body, *_) in enumerate(BAD)]
    batches.write([*bad, *bad[:3]])
    before = dump(connection)
    for size in (1, len(bad)):
        batches.write(bad[:size])
    assert dump(connection) == before
    assert count(connection, "rejected_signals") == len(BAD)


def test_the_first_reason_stays(connection: sqlite3.Connection) -> None:
    """A later release that would refuse a message for another reason leaves the row as it is."""
    bad = Message(SESSION, b"{", 1, RECEIVED_US)
    for reason in ("unknown subject", "not JSON"):
        rejected.insert_many(
            connection, "2026", [rejected.Rejection(bad, SignalRejected(reason, "because"))]
        )
    kept = connection.execute("SELECT reason FROM rejected_signals").fetchall()
    assert kept == [("unknown subject",)]


def test_a_reused_id_delivered_again_adds_nothing(connection: sqlite3.Connection) -> None:
    """The copy that was rejected stays rejected, also where it comes before the first one."""
    first = Message(SESSION, payload(SESSION), 1, RECEIVED_US)
    other = Message(SESSION, payload(SESSION, duration_seconds=61), 2, RECEIVED_US)
    writer(connection).write([first, other])
    before = dump(connection)
    outcome = writer(connection).write([other, first])
    assert (outcome.duplicates, outcome.rejected) == (1, {"event_id reused": 1})
    assert dump(connection) == before


def test_another_stream_has_sequences_of_its_own(connection: sqlite3.Connection) -> None:
    """After a stream was deleted and made anew, its first rejection is a new one."""
    bad = Message(SESSION, b"{", 1, RECEIVED_US)
    for stream in ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-02-01T00:00:00Z"):
        writer(connection, stream).write([bad])
    assert count(connection, "rejected_signals") == 2
