"""A message at which the builder itself fails blocks nobody, and is not lost."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from support.batches import count, database, message, writer
from support.building import (
    all_is_acknowledged,
    build_until,
    minutes_ago,
    number_of,
    publish_signals,
    redis_has_all,
    rows,
)
from support.events import captured
from support.payloads import RECEIVED_US
from support.payloads import message as data_of
from support.world import SignalData, World, signal

from oo_profile.building.poison import MAX_IN_A_ROW, PoisonProof
from oo_profile.storage.database import connect

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from oo_profile.transport.message import Message

DONE = "signals.task.completed"
BEGIN = minutes_ago(9)


def damage(connection: sqlite3.Connection, user_id: str) -> None:
    """Make a user's stored signals unreadable, so that a copy of one cannot be compared with it."""
    connection.execute("UPDATE signals SET payload = x'00' WHERE user_id = ?", (user_id,))


def done(user_id: str, number: int, sequence: int | None = None) -> Message:
    """Make a completed task."""
    data = data_of(DONE, user_id=user_id, event_id=f"e{number}")
    place = number if sequence is None else sequence
    return message(DONE, data, place, RECEIVED_US + place)


def copy(number: int) -> Message:
    """Make a copy of the signal that is damaged."""
    return done("damaged", 1, sequence=number)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Give a database with a user whose signal is damaged."""
    with database(tmp_path / "oo.db") as opened:
        writer(opened).write([done("damaged", 1), done("whole", 2)])
        damage(opened, "damaged")
        yield opened


def test_the_others_of_its_batch_are_written(connection: sqlite3.Connection) -> None:
    """One message fails and is set aside; the rest is as if it were not there."""
    batch = [done("whole", 3), copy(4), done("new", 5), done("whole", 3)]
    outcome = PoisonProof(writer(connection)).write(batch)
    assert (outcome.stored.total(), outcome.duplicates) == (2, 1)
    assert outcome.rejected == {"failed": 1}
    assert outcome.newest.user_ids == {"whole", "new"}
    kept = connection.execute("SELECT stream_sequence, reason, detail FROM rejected_signals")
    ((sequence, reason, detail),) = kept.fetchall()
    assert (sequence, reason) == (4, "failed")
    assert "damaged signal" in detail
    stored = connection.execute("SELECT event_id FROM signals WHERE user_id = 'damaged'")
    assert stored.fetchall() == [("e1",)]


def test_if_all_fail_it_is_not_their_fault(connection: sqlite3.Connection) -> None:
    """Beyond so many in a row the error is raised, and the stream keeps the rest."""
    proof = PoisonProof(writer(connection))
    batch = [copy(number) for number in range(10, 10 + MAX_IN_A_ROW)]
    assert proof.write(batch).rejected == {"failed": MAX_IN_A_ROW}
    with pytest.raises(ValueError, match="JSON"):
        proof.write([copy(100)])
    assert count(connection, "rejected_signals") == MAX_IN_A_ROW


def test_one_that_succeeds_ends_the_row(connection: sqlite3.Connection) -> None:
    """Messages that fail now and then are set aside for as long as others do not."""
    proof = PoisonProof(writer(connection))
    for number in range(10, 10 + 2 * MAX_IN_A_ROW):
        batch = [copy(number), done("whole", 1000 + number)]
        assert proof.write(batch).rejected == {"failed": 1}
    assert count(connection, "rejected_signals") == 2 * MAX_IN_A_ROW


def test_a_locked_database_is_no_poison(connection: sqlite3.Connection, tmp_path: Path) -> None:
    """What SQLite refuses is raised as ever, and nothing is set aside for it."""
    connection.execute("PRAGMA busy_timeout = 0")
    with closing(connect(tmp_path / "oo.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Exception, match="locked"):
            PoisonProof(writer(connection)).write([done("whole", 9)])
    assert count(connection, "rejected_signals") == 0


@pytest.mark.live
def test_a_builder_goes_on(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Others are stored, served and acknowledged; the log names the message and no person."""

    def tasks(first: int, copies_of: int) -> list[SignalData]:
        return [
            signal(
                "task.completed",
                f"person-{n % 3}",
                BEGIN,
                f"e{n - copies_of if n % 3 == 1 else n}",
                task_id="t",
                category="c",
            )
            for n in range(first, first + 9)
        ]

    world.publish_and_build(tasks(0, 0))
    with closing(connect(world.settings.db)) as connection:
        damage(connection, "person-1")
    publish_signals(world, tasks(9, 9))
    totals = build_until(world, lambda: all_is_acknowledged(world))
    assert totals.stored.total() == 6
    assert totals.rejected == {"failed": 3}
    assert number_of(world, "rejected_signals") == 3
    assert rows(world, "SELECT count(*) FROM signals WHERE user_id <> 'person-1'") == [(12,)]
    told = captured(caplog, "builder.failed_at")
    assert [event.context["sequence"] for event in told] == [11, 14, 17]
    assert "person" not in caplog.text
    assert redis_has_all is not None
