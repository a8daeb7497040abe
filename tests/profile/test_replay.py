"""A new state view's table is filled from the stored signals, as if it had always been there."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from support.batches import (
    TABLES,
    assert_same_histories,
    count,
    database,
    dump,
    history_rows,
    message,
    writer,
)
from support.payloads import RECEIVED_US, SUBJECTS
from support.payloads import message as data_of

from oo_profile.building import replay
from oo_profile.storage import signal_log
from oo_profile.storage.database import has_table
from oo_transforms.clock import MINUTE_US, from_micros
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USERS = ("u1", "u2", "🌱")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Give a database in which three users have sent every kind of signal, some of them late."""
    sent = [(user, subject, turn) for user in USERS for subject in SUBJECTS for turn in range(4)]
    batch = [
        message(
            subject,
            data_of(
                subject,
                user_id=user,
                event_id=f"e{number}",
                occurred_at=from_micros(RECEIVED_US - (number * 7 % 5) * MINUTE_US).isoformat(),
            ),
            number,
            RECEIVED_US + number,
        )
        for number, (user, subject, turn) in enumerate(sent)
    ]
    with database(tmp_path / "oo.db") as opened:
        writer(opened).write(batch)
        yield opened


def others(connection: sqlite3.Connection, *tables: str) -> list[str]:
    """Write down everything but the rows of some tables."""
    own = tuple(f'INSERT INTO "{table}"' for table in tables)
    return [line for line in dump(connection) if not line.startswith(own)]


def test_a_dropped_table_comes_back_as_it_was(connection: sqlite3.Connection) -> None:
    """Its rows are the same, others are not touched, and Redis is to get its users' states."""
    filled = ("tip_state", "online_behind")
    before, histories = others(connection, *filled), history_rows(connection)
    told: list[int] = []
    connection.execute("DROP TABLE tip_state")
    rows = replay.make_tables(connection, STATE_VIEWS, progress=told.append)
    assert others(connection, *filled) == before
    assert count(connection, "online_behind") == len(USERS)
    assert_same_histories(history_rows(connection), histories)
    assert rows == {"tip_state": count(connection, "tip_state")}
    assert told == [1, 2, 3]


def test_tables_that_are_there_stay_as_they_are(connection: sqlite3.Connection) -> None:
    """Nothing is made or filled where nothing is missing."""
    before = dump(connection)
    assert replay.make_tables(connection, STATE_VIEWS) == {}
    assert dump(connection) == before


def test_a_table_is_never_there_without_its_history(connection: sqlite3.Connection) -> None:
    """If the disk is full half way there is no table, and the next start makes and fills it."""
    before = history_rows(connection)
    connection.execute("DROP TABLE activity_state")
    connection.execute("VACUUM")
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        replay.make_tables(connection, STATE_VIEWS)
    assert not has_table(connection, "activity_state")
    connection.execute("PRAGMA max_page_count = 1000000")
    replay.make_tables(connection, STATE_VIEWS)
    assert_same_histories(history_rows(connection), before)


def test_the_builder_goes_on_where_a_filled_table_ends(connection: sqlite3.Connection) -> None:
    """A signal after the fill gets the next received time and the same history as without it."""
    again = [
        message(subject, data_of(subject, event_id=f"n{subject}"), 999, RECEIVED_US)
        for subject in SUBJECTS
    ]
    for table in TABLES:
        connection.execute(f"DROP TABLE {table.name}")
    replay.make_tables(connection, STATE_VIEWS)
    writer(connection).write(again)
    received = [at for *_, at in signal_log.signals_of(connection, "u1")]
    assert received == sorted(set(received))
    for user in USERS:
        for table in TABLES:
            found = [*history_rows(connection)[user, table.name]]
            versions = replay.replay_user(connection, table.view, user)
            assert found == [(v.event_time_us, v.created_us) for v in versions]


def test_a_log_can_be_read_up_to_a_moment(connection: sqlite3.Connection) -> None:
    """The bound is a received time and belongs to the log."""
    view = STATE_VIEWS[0]
    log = signal_log.log_of(connection, "u1", view)
    middle = log[1].received_us
    known = signal_log.log_of(connection, "u1", view, until_us=middle)
    assert [entry.event_id for entry in known] == [entry.event_id for entry in log[:2]]
