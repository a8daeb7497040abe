"""A batch goes into the database as a whole: nothing lost, nothing counted twice."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace
from support.batches import (
    TABLES,
    count,
    database,
    dump,
    history_rows,
    message,
    writer,
)
from support.logs import columns_of
from support.payloads import RECEIVED_US
from support.payloads import message as data_of
from support.world import signal

from oo_profile.storage.signal_log import signals_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from oo_profile.transport.message import Message

SESSION = "signals.app.session"
TASK = "signals.task.completed"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Give a database without signals."""
    with database(tmp_path / "oo.db") as opened:
        yield opened


def said(subject: str, sequence: int = 1, stream_us: int = RECEIVED_US, **changes: Any) -> Message:  # noqa: ANN401 - any JSON
    """Make a valid message with some fields changed."""
    return message(subject, data_of(subject, **changes), sequence, stream_us)


def test_every_message_is_stored_a_duplicate_or_rejected(connection: sqlite3.Connection) -> None:
    """A batch with all three counts each message once, and the tables say the same."""
    outcome = writer(connection).write(
        [
            said(SESSION, 1),
            said(SESSION, 2),
            said(SESSION, 3, duration_seconds=61),
            said(TASK, 4, event_id="e2"),
            said(TASK, 5, event_id="e3", category=""),
        ]
    )
    assert outcome.stored == {SESSION: 1, TASK: 1}
    assert outcome.duplicates == 1
    assert outcome.rejected == {"event_id reused": 1, "out of bounds": 1}
    assert (count(connection, "signals"), count(connection, "rejected_signals")) == (2, 2)


@pytest.mark.parametrize("apart", [True, False], ids=["in the next batch", "in one batch"])
def test_a_duplicate_changes_nothing(connection: sqlite3.Connection, *, apart: bool) -> None:
    """A message sent twice leaves the database as one that was sent once, but for being counted."""
    batches = writer(connection)
    first, again = said(SESSION, 1), said(SESSION, 2, stream_us=RECEIVED_US + 9)
    batches.write([first])
    once = dump(connection, but_for="signal_minutes")
    connection.execute("DELETE FROM signals")
    connection.execute("DELETE FROM activity_state")
    batches = writer(connection)  # who writes keeps in mind where logs end
    outcomes = [
        batches.write(batch) for batch in ([[first], [again]] if apart else [[first, again]])
    ]
    assert sum(outcome.duplicates for outcome in outcomes) == 1
    assert dump(connection, but_for="signal_minutes") == once


@pytest.mark.parametrize("apart", [True, False], ids=["in the next batch", "in one batch"])
def test_the_copy_accepted_first_counts(connection: sqlite3.Connection, *, apart: bool) -> None:
    """An event id with other content is rejected with both named, and the first copy stays."""
    batches = writer(connection)
    first, other = said(SESSION, 1), said(TASK, 2)
    for batch in [[first], [other]] if apart else [[first, other]]:
        batches.write(batch)
    assert [kind.subject for kind, *_ in signals_of(connection, "u1")] == [SESSION]
    assert count(connection, "task_state") == 0
    reason, detail = connection.execute("SELECT reason, detail FROM rejected_signals").fetchone()
    assert reason == "event_id reused"
    assert "'e1' was accepted before with other content (signals.app.session of" in detail


def test_what_a_signal_does_not_know_is_no_content(connection: sqlite3.Connection) -> None:
    """A second copy that differs in an unknown field, or in its JSON alone, is a duplicate."""
    outcome = writer(connection).write(
        [
            said(SESSION, 1, utc_offset_minutes=120),
            said(SESSION, 2, utc_offset_minutes=120, colour="red"),
            said(SESSION, 3, utc_offset_minutes=120, occurred_at="2026-01-01T09:00:00Z"),
        ]
    )
    assert (outcome.stored.total(), outcome.duplicates) == (1, 2)


def test_event_ids_belong_to_their_user(connection: sqlite3.Connection) -> None:
    """Two users may use one event id, whatever characters their ids have."""
    users = ["u1", "U1", "ü", "u\u0308", "🌱", "a/b", 'q"uote', "percent%s"]
    batch = [said(SESSION, number, user_id=user) for number, user in enumerate(users)]
    assert writer(connection).write(batch).stored.total() == len(users)
    assert writer(connection).write(batch).duplicates == len(users)
    for user in users:
        (version,) = TABLES[0].history(connection, user)
        assert columns_of(TABLES[0].view, version.cells)["activity_sessions"] == 1.0


def test_received_times_of_a_user_are_strictly_later(connection: sqlite3.Connection) -> None:
    """Messages that the stream took in one microsecond are logged one after another."""
    batches = writer(connection)
    batches.write([said(SESSION, 1, event_id="a"), said(TASK, 2, event_id="b")])
    batches.write([said("signals.mood.logged", 3, event_id="c"), said(TASK, 4, user_id="u2")])
    received = [(s.event_id, at - RECEIVED_US) for s, _, at in signals_of(connection, "u1")]
    assert received == [("a", 0), ("b", 1), ("c", 2)]
    assert [at for *_, at in signals_of(connection, "u2")] == [RECEIVED_US]


def test_a_stream_whose_clock_steps_back_keeps_log_order(connection: sqlite3.Connection) -> None:
    """A message with an earlier timestamp than the user's last comes right behind that one."""
    batches = writer(connection)
    batches.write([said(SESSION, 1, event_id="a", stream_us=RECEIVED_US)])
    batches.write([said(SESSION, 2, event_id="b", stream_us=RECEIVED_US - 3_600_000_000)])
    received = [(s.event_id, at - RECEIVED_US) for s, _, at in signals_of(connection, "u1")]
    assert received == [("a", 0), ("b", 1)]


def test_event_time_is_never_later_than_received(connection: sqlite3.Connection) -> None:
    """A producer whose clock is four minutes ahead gets the time at which he was received."""
    ahead = "2026-01-01T12:04:00Z"
    writer(connection).write([said(SESSION, 1, occurred_at=ahead)])
    ((_, event_us, received_us),) = signals_of(connection, "u1")
    assert (event_us, received_us) == (RECEIVED_US, RECEIVED_US)
    assert [*history_rows(connection)["u1", "activity_state"]] == [(RECEIVED_US, RECEIVED_US)]


def test_the_outcome_has_what_the_online_store_must_have(connection: sqlite3.Connection) -> None:
    """It lists the newest row of every view that changed, late signals or not."""
    batches = writer(connection)
    outcome = batches.write(
        [
            said(SESSION, 1, event_id="a"),
            said(SESSION, 2, event_id="late", occurred_at="2025-12-01T00:00:00Z"),
            said(TASK, 3, event_id="b"),
        ]
    )
    assert outcome.newest.keys() == {("u1", "activity_state"), ("u1", "task_state")}
    for (user, view), version in outcome.newest.items():
        columns = history_rows(connection)[user, view]
        key = (version.event_time_us, version.created_us)
        assert key == max(columns)
        assert columns[key][f"{view.removesuffix('_state')}_last_event_at"] == version.cells[0]


def test_a_duplicate_brings_every_state_of_its_user(connection: sqlite3.Connection) -> None:
    """After a crash between commit and Redis nobody knows what Redis has of such a user."""
    batches = writer(connection)
    batches.write([said(SESSION, 1, event_id="a"), said(TASK, 2, event_id="b")])
    outcome = batches.write([said(TASK, 2, event_id="b"), said(TASK, 3, event_id="c")])
    assert outcome.newest.keys() == {("u1", "activity_state"), ("u1", "task_state")}
    newest = max(history_rows(connection)["u1", "task_state"])
    version = outcome.newest["u1", "task_state"]
    assert (version.event_time_us, version.created_us) == newest


def test_a_refused_batch_leaves_nothing_and_may_be_tried_again(
    connection: sqlite3.Connection,
) -> None:
    """On a full disk nothing of the batch is stored; with room again all of it is."""
    batches = writer(connection)
    big = [said(SESSION, n, event_id=f"e{n}", note="x" * 30_000) for n in range(1, 20)]
    before = dump(connection)
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 20}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        batches.write(big)
    assert dump(connection) == before
    assert not connection.in_transaction
    connection.execute("PRAGMA max_page_count = 1000000")
    assert batches.write(big).stored.total() == len(big)


def test_users_whose_profile_is_due_are_remembered(connection: sqlite3.Connection) -> None:
    """The transaction that stores a signal marks its user; a duplicate or a rejection does not."""
    batches = writer(connection)
    batches.write([said(SESSION, 1), said(SESSION, 2, user_id="u2", duration_seconds=-1)])
    assert connection.execute("SELECT user_id FROM profile_due").fetchall() == [("u1",)]
    connection.execute("DELETE FROM profile_due")
    batches.write([said(SESSION, 3)])
    assert count(connection, "profile_due") == 0


def test_an_empty_batch_is_nothing(connection: sqlite3.Connection) -> None:
    """Writing no messages changes nothing."""
    before = dump(connection)
    outcome = writer(connection).write([])
    assert (outcome.stored.total(), len(outcome.newest)) == (0, 0)
    assert dump(connection) == before


def test_the_message_is_kept_as_it_came(connection: sqlite3.Connection) -> None:
    """Fields that no signal knows, and the way the JSON was written, stay in the payload."""
    subject, data = signal("mood.logged", "u1", "2026-01-01T11:00:00+02:00", score=4, 色="blau")
    sent = message(subject, data, 7, RECEIVED_US)
    writer(connection).write([replace(sent, payload=sent.payload + b"  ")])
    row = connection.execute(
        "SELECT payload, stream_sequence, utc_offset_minutes FROM signals"
    ).fetchone()
    assert row == (sent.payload + b"  ", 7, 120)
