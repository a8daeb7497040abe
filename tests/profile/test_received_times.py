"""Received times are kept between batches, and are those of the database all the same."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

import pytest
from support.batches import TABLES, database, message, writer

from oo_profile.building.received_times import ReceivedTimes
from oo_profile.storage.state_table import newest_created_many

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from oo_profile.transport.message import Message

MINUTE_US = 60_000_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Name the database file."""
    return tmp_path / "oo.db"


@pytest.fixture
def connection(file: Path) -> Iterator[sqlite3.Connection]:
    """Give a database without signals."""
    with database(file) as opened:
        yield opened


def sync(number: int, received_us: int, user: str = "u1") -> Message:
    """Make a message that a user's app was read."""
    at = "1970-01-01T00:00:00+00:00"
    data = {"event_id": f"e{number}", "user_id": user, "occurred_at": at, "source": "app"}
    return message("signals.source.synced", data, number, received_us)


def received(connection: sqlite3.Connection) -> list[int]:
    """List when signals were received, in log order."""
    rows = connection.execute("SELECT received_at FROM signals ORDER BY received_at")
    return [at for (at,) in rows]


def test_batches_go_on_where_the_log_ends(connection: sqlite3.Connection) -> None:
    """Messages of one stream time are a microsecond apart, within a batch and over batches."""
    batches = writer(connection)
    batches.write([sync(1, MINUTE_US), sync(2, MINUTE_US)])
    batches.write([sync(3, MINUTE_US)])
    assert received(connection) == [MINUTE_US, MINUTE_US + 1, MINUTE_US + 2]


def test_what_another_removed_no_longer_counts(file: Path, connection: sqlite3.Connection) -> None:
    """Who was forgotten by another process and returns has a log that begins anew."""
    batches = writer(connection)
    batches.write([sync(1, 2 * MINUTE_US)])
    with contextlib.closing(sqlite3.connect(file)) as other, other:
        other.execute("DELETE FROM signals")
        other.execute("DELETE FROM sync_state")
    batches.write([sync(2, MINUTE_US)])
    assert received(connection) == [MINUTE_US]


def test_a_batch_that_failed_moves_nothing(connection: sqlite3.Connection) -> None:
    """A batch that was rolled back leaves the ends of logs where they are."""
    batches = writer(connection)
    batches.write([sync(1, MINUTE_US)])
    connection.execute(
        "CREATE TEMP TRIGGER full BEFORE INSERT ON sync_state "
        "BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    with pytest.raises(sqlite3.IntegrityError, match="full"):
        batches.write([sync(2, 9 * MINUTE_US)])
    connection.execute("DROP TRIGGER full")
    batches.write([sync(3, 2 * MINUTE_US)])
    assert received(connection) == [MINUTE_US, 2 * MINUTE_US]


def test_few_are_kept_and_all_are_known(connection: sqlite3.Connection) -> None:
    """However many users come, only the last ones are kept, and the others are read again."""
    batches, times = writer(connection), ReceivedTimes(connection, TABLES, kept_users=3)
    for number in range(1, 40):
        users = {f"u{number % 7}", f"u{number % 11}", f"u{number % 5}"}
        asked = {*users, "nobody"}
        assert times.newest(asked) == newest_created_many(connection, TABLES, asked)
        sent = [sync(3 * number + at, MINUTE_US * number, u) for at, u in enumerate(sorted(users))]
        batches.write(sent)
        times.keep(newest_created_many(connection, TABLES, users))
    assert len(times) <= 2 * (3 + 3)
