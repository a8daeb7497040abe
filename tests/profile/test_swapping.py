"""Swapping replayed rows in is all or nothing, and takes in what came since they were read."""

from __future__ import annotations

import sqlite3
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from support.batches import (
    STREAM_CREATED_AT,
    TABLES,
    assert_same_histories,
    database,
    dump,
    history_rows,
    message,
    replayed_rows,
    writer,
)
from support.payloads import RECEIVED_US, SUBJECTS, TAUGHT_FIELDS
from support.payloads import message as data_of

from oo_profile.building.batch import BatchWriter
from oo_profile.building.replaying import Replayer
from oo_profile.storage import tail_marks, tombstones
from oo_profile.storage.chosen_users import UserRange
from oo_profile.storage.tombstones import FOR_GOOD
from oo_profile.storage.user_ranges import BEHIND_ALL, user_ranges
from oo_profile.upkeep.swapping import Swapper
from oo_transforms.clock import MINUTE_US, from_micros
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from oo_profile.transport.message import Message

EVERYBODY = UserRange("", BEHIND_ALL)
USERS = ("ada", "bob")


def messages(first: int, users: tuple[str, ...] = USERS) -> list[Message]:
    """Make messages of every subject, some of them late."""
    sent = [(user, subject, turn) for user in users for subject in SUBJECTS for turn in range(3)]
    return [
        message(
            subject,
            data_of(
                subject,
                **TAUGHT_FIELDS[subject] | {"user_id": user},
                event_id=f"e{number}",
                occurred_at=from_micros(RECEIVED_US - (number * 7 % 5) * MINUTE_US).isoformat(),
            ),
            number,
            RECEIVED_US + number,
        )
        for number, (user, subject, _) in enumerate(sent, first)
    ]


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Give a database with the histories of two users."""
    with database(tmp_path / "oo.db") as opened:
        writer(opened).write(messages(1))
        yield opened


def test_tails_that_wait_for_a_correction_are_corrected(connection: sqlite3.Connection) -> None:
    """A history that lacks corrections is as it should be, and its mark is gone."""
    late = data_of("signals.mood.logged", event_id="late", occurred_at="2020-01-01T00:00:00Z")
    batch = [message("signals.mood.logged", late | {"user_id": "ada"}, 99, RECEIVED_US + 99)]
    BatchWriter(connection, STATE_VIEWS, STREAM_CREATED_AT, long_tail=1).write(batch)
    assert [mark.user_id for mark in tail_marks.marks(connection)] == ["ada"]
    Swapper(connection, TABLES).swap(Replayer(connection, TABLES).replay(EVERYBODY))
    assert not tail_marks.marks(connection)
    assert_replayed(connection)


def assert_replayed(connection: sqlite3.Connection) -> None:
    """Assert that the histories are those of the log."""
    assert_same_histories(history_rows(connection), replayed_rows(connection))


def test_signals_since_the_reading_are_taken_in(connection: sqlite3.Connection) -> None:
    """A user with a new signal is replayed again; a new user is there, and nobody else moved."""
    replayed = Replayer(connection, TABLES).replay(EVERYBODY)
    writer(connection).write(messages(100, users=("bob", "eve")))
    swapped = Swapper(connection, TABLES).swap(replayed)
    assert swapped.moved == 2
    assert swapped.user_ids == ["ada", "bob", "eve"]
    assert not swapped.repaired
    assert_replayed(connection)


def test_a_swap_is_all_or_nothing(connection: sqlite3.Connection) -> None:
    """Stopped anywhere inside, it leaves everything as it was, damage included."""
    for table in TABLES:
        connection.execute(f"DELETE FROM {table.name} WHERE user_id = 'ada'")
    before = dump(connection)
    replayed = Replayer(connection, TABLES).replay(EVERYBODY)
    for allowed in range(1, 40, 4):
        steps = iter([*[0] * allowed, *[1] * 1000])
        connection.set_progress_handler(steps.__next__, 50)
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            Swapper(connection, TABLES).swap(replayed)
        connection.set_progress_handler(None, 0)
        assert dump(connection) == before
    assert Swapper(connection, TABLES).swap(replayed).repaired == {"ada"}
    assert_replayed(connection)


def test_a_forgotten_person_does_not_come_back(connection: sqlite3.Connection) -> None:
    """Rows that were read before somebody was forgotten are not put in."""
    replayed = Replayer(connection, TABLES).replay(EVERYBODY)
    tombstones.set_until(connection, "ada", FOR_GOOD, bytes)
    Swapper(connection, TABLES).swap(replayed)
    for table in TABLES:
        users = {user for (user,) in connection.execute(f"SELECT user_id FROM {table.name}")}
        assert users == {"bob"}


def test_ranges_hold_every_user_once(connection: sqlite3.Connection) -> None:
    """However small they are asked for, users are whole, and ids without signals belong too."""
    writer(connection).write(messages(100, users=("", "a", "b", "🌱")))
    for size in (1, 20, 27, 28, 1000):
        ranges = list(user_ranges(connection, size))
        assert ranges[0].first == ""
        assert ranges[-1].last == BEHIND_ALL
        for one, other in pairwise(ranges):
            assert one.last + "\0" == other.first
    assert len(list(user_ranges(connection, 1))) == 6
