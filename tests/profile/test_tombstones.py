"""A forgotten person stays out, and the tombstone that sees to it does not name him."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from support.batches import count, database, dump, message, writer
from support.payloads import RECEIVED_US, SUBJECTS, payload
from support.payloads import message as data_of

from oo_profile.building import replay
from oo_profile.storage import tombstones
from oo_profile.storage.state_table import StateTable
from oo_profile.storage.tombstones import FOR_GOOD
from oo_profile.transport.message import Message
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

SESSION = "signals.app.session"
ADA = "ada-lovelace"
MINUTE_US = 60_000_000


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Give a database in which Ada is forgotten."""
    with database(tmp_path / "oo.db") as opened:
        tombstones.set_until(opened, ADA, FOR_GOOD, os.urandom)
        yield opened


def all_of(user_id: str, received_us: int = RECEIVED_US) -> list[Message]:
    """Make one valid signal of every subject."""
    return [
        message(subject, data_of(subject, user_id=user_id, event_id=f"e{n}"), n, received_us)
        for n, subject in enumerate(SUBJECTS, start=1)
    ]


def test_a_tombstone_names_nobody_and_fits_no_other_file(tmp_path: Path) -> None:
    """It is a hash under a key of its file: no id, and another one elsewhere."""
    hashes = []
    for name in ("one.db", "other.db"):
        with database(tmp_path / name) as opened:
            tombstones.set_until(opened, ADA, FOR_GOOD, os.urandom)
            hashes += opened.execute("SELECT user_hash FROM forgotten_users").fetchall()
            assert tombstones.forgotten(opened, [ADA, "bob"]) == {ADA}
            assert ADA not in "".join(dump(opened))
    assert len(set(hashes)) == 2


def test_what_a_forgotten_person_sends_is_counted_and_not_stored(
    connection: sqlite3.Connection,
) -> None:
    """No signal, state, due profile or rejection of hers is written; all of it is counted."""
    before = dump(connection)
    bad = message(SESSION, data_of(SESSION, user_id=ADA, duration_seconds=-1), 90, RECEIVED_US)
    sent = [*all_of(ADA), *all_of(ADA), bad]
    outcome = writer(connection).write(sent)
    assert sorted(outcome.kept_out) == sorted(each.sequence for each in sent)
    assert (outcome.stored, outcome.duplicates, outcome.rejected) == ({}, 0, {})
    assert outcome.newest == {}
    assert dump(connection) == before


def test_others_are_stored_beside_her(connection: sqlite3.Connection) -> None:
    """A batch of hers and others' signals is as one of the others' alone."""
    mixed = [each for pair in zip(all_of("bob"), all_of(ADA), strict=True) for each in pair]
    outcome = writer(connection).write(mixed)
    assert outcome.stored.total() == len(outcome.kept_out) == len(SUBJECTS)
    users = connection.execute("SELECT DISTINCT user_id FROM signals").fetchall()
    assert users == [("bob",)]


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        (SESSION, b'{"user_id": "ada-lovelace"'),
        (SESSION, b'{"user_id": "ada-\\u006covelace", "event_id": 7}'),
        (SESSION, b'{"note": "broken, "user_id": "ada-lovelace", "x": 1}'),
        (SESSION, b"ada-lovelace was here"),
        (SESSION, b"[[" * 40 + b'"ada-lovelace"'),
        (SESSION, payload(SESSION, user_id=ADA, note="x" * 70_000)),
        ("signals.of.ada-lovelace", b"{}"),
        ("signals.unknown", payload(SESSION, user_id=ADA)),
    ],
)
def test_a_bad_message_that_names_her_is_kept_out(
    connection: sqlite3.Connection, subject: str, body: bytes
) -> None:
    """However broken it is; one that names a person of a longer id is kept as ever."""
    other = body.replace(b"lovelace", b"lovelace2").replace(b"\\u006covelace", b"king")
    messages = [
        Message(subject, body, 1, RECEIVED_US),
        Message(subject.replace("ada", "adam"), other, 2, RECEIVED_US),
    ]
    outcome = writer(connection).write(messages)
    assert outcome.kept_out == (1,)
    assert outcome.rejected.total() == count(connection, "rejected_signals") == 1


def test_who_returns_starts_anew(connection: sqlite3.Connection) -> None:
    """Only what both happened and was received after the return is stored."""
    returned_us = RECEIVED_US + 10 * MINUTE_US
    tombstones.set_until(connection, ADA, returned_us, os.urandom)
    old, late, new = (
        message(SESSION, data_of(SESSION, user_id=ADA, event_id=name, occurred_at=at), n, received)
        for n, (name, at, received) in enumerate(
            [
                ("received before", "2026-01-01T12:00:00Z", returned_us),
                ("happened before", "2026-01-01T12:00:00Z", returned_us + MINUTE_US),
                ("after", "2026-01-01T12:10:01Z", returned_us + MINUTE_US),
            ]
        )
    )
    assert writer(connection).write([old, late, new]).kept_out == (0, 1)
    stored = connection.execute("SELECT event_id FROM signals").fetchall()
    assert stored == [("after",)]
    assert tombstones.forgotten(connection, [ADA]) == set()


def test_a_table_made_anew_is_without_her(tmp_path: Path) -> None:
    """Signals that are still there when a new view is filled make no state of hers."""
    with database(tmp_path / "oo.db") as opened:
        writer(opened).write([*all_of(ADA), *all_of("bob")])
        tombstones.set_until(opened, ADA, FOR_GOOD, os.urandom)
        table = StateTable(STATE_VIEWS[0])
        opened.execute(f"DROP TABLE {table.name}")
        replay.make_tables(opened, STATE_VIEWS)
        assert table.history(opened, ADA) == []
        assert table.history(opened, "bob") != []


def test_where_nobody_is_forgotten_no_id_is_hashed(tmp_path: Path) -> None:
    """An answer without a salt costs one look at an empty table, whatever is asked about."""
    with database(tmp_path / "oo.db") as opened:
        asked = iter(["ada"])
        assert tombstones.find_many(opened, asked) == {}
        assert list(asked) == ["ada"]
