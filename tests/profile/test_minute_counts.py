"""The builder counts what comes in each minute, every message once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.batches import database, message, writer

from oo_profile.storage import signal_minutes
from oo_profile.storage.signal_minutes import KEPT_MINUTES, MINUTE_US

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from oo_profile.transport.message import Message

SESSION = "signals.app.session"
NOON_US = 1_772_366_400_000_000


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database that a builder has just made."""
    with database(tmp_path / "oo.db") as opened:
        yield opened


def session(number: int, received_us: int = NOON_US, **changes: object) -> Message:
    """Make a session that begins at noon, sent by one user."""
    data = {
        "event_id": f"e{number}",
        "user_id": "ada",
        "occurred_at": "2026-03-01T12:00:00Z",
        "duration_seconds": 60,
    }
    return message(SESSION, data | changes, number, received_us)


def counted(connection: sqlite3.Connection) -> dict[int, dict[str, int]]:
    """Return all counts by minute."""
    return {row.minute: dict(row.counts) for row in signal_minutes.written_since(connection, 0)}


def test_a_batch_is_counted_by_minute(connection: sqlite3.Connection) -> None:
    """What is stored, a duplicate or rejected counts in the minute in which the stream took it."""
    late_us = NOON_US + 90_000_000
    other = session(1, late_us)
    copy = message(SESSION, {}, 3, late_us)
    writer(connection).write([session(1), session(2, late_us, duration_seconds=-1), copy])
    first, second = counted(connection).values()
    assert first[f"stored|{SESSION}"] == first["new_users"] == first[f"no_offset|{SESSION}"] == 1
    assert first[f"value|{SESSION}|duration_seconds|23"] == 1
    assert second[f"rejected|{SESSION}|out of bounds: duration_seconds"] == 1
    assert second[f"rejected|{SESSION}|out of bounds: event_id missing"] == 1
    assert other.sequence == 1


def test_a_redelivery_is_not_counted_again(connection: sqlite3.Connection) -> None:
    """Also not by a builder that has just started; a copy that was sent again is a duplicate."""
    writer(connection).write([session(1), session(2)])
    before = counted(connection)
    writer(connection).write([session(1), session(2)])
    assert counted(connection) == before
    again = message(SESSION, {}, 3, NOON_US)
    copy = type(again)(SESSION, session(1).payload, 3, NOON_US)
    writer(connection).write([session(2), copy])
    (counts,) = counted(connection).values()
    assert counts == before[NOON_US // MINUTE_US] | {f"duplicate|{SESSION}": 1}


def test_batches_add_up_to_their_messages(connection: sqlite3.Connection) -> None:
    """However they were cut, and whichever builder wrote them; a reader sees what is new."""
    writer(connection).write([session(1)])
    (row,) = signal_minutes.written_since(connection, 0)
    writer(connection).write([session(number) for number in range(2, 50)])
    (again,) = signal_minutes.written_since(connection, row.written)
    assert again.counts[f"stored|{SESSION}"] == again.counts[f"looked|{SESSION}"] == 49
    assert signal_minutes.written_since(connection, again.written) == []
    minute = NOON_US // MINUTE_US
    (busiest,) = signal_minutes.busiest_between(connection, minute, minute + 1)
    assert (busiest.user_id, busiest.signals) == ("ada", 48)


def test_old_minutes_leave(connection: sqlite3.Connection) -> None:
    """They are kept for three days, by the stream's clock."""
    batches = writer(connection)
    batches.write([session(number) for number in range(1, 40)])
    batches.write([session(40, NOON_US + KEPT_MINUTES * MINUTE_US)])
    assert len(counted(connection)) == 2
    batches.write([session(41, NOON_US + (KEPT_MINUTES + 1) * MINUTE_US)])
    assert min(counted(connection)) > NOON_US // MINUTE_US
    assert signal_minutes.busiest_between(connection, 0, NOON_US) == []
