"""A batch that was made ready beside the one before is written as any other."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.batches import (
    assert_same_rows,
    count,
    database,
    dump,
    history_rows,
    message,
    messages_of,
    replayed_rows,
    writer,
)
from support.payloads import RECEIVED_US
from support.payloads import message as data_of
from support.strategies import logs

from oo_profile.building.poison import PoisonProof
from oo_profile.storage import tombstones
from oo_profile.storage.database import connect, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.strategies import Logged

    from oo_profile.transport.message import Message

DONE = "signals.task.completed"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Give a database without signals."""
    with database(tmp_path / "oo.db") as opened:
        yield opened


def done(user_id: str, number: int) -> Message:
    """Make a completed task."""
    data = data_of(DONE, user_id=user_id, event_id=f"e{number}")
    return message(DONE, data, number, RECEIVED_US + number)


def write_ahead(connection: sqlite3.Connection, messages: list[Message], size: int) -> None:
    """Write messages in batches of a size, each made ready while the one before is written."""
    batches = [messages[at : at + size] for at in range(0, len(messages), size)]
    writes = writer(connection)
    for number, batch in enumerate(batches, 1):
        writes.write(batch, ahead=batches[number : number + 2])


@settings(deadline=None, max_examples=25)
@given(logs(), st.integers(1, 4), st.integers(0, 3))
def test_it_leaves_the_same_rows(log: list[Logged], size: int, copies: int) -> None:
    """Signals, histories and what is due are those of batches that were not, copies included."""
    messages = messages_of(log)
    for at in range(copies):
        messages.insert((3 * at) % (len(messages) + 1), messages[at % len(messages)])
    with tempfile.TemporaryDirectory() as folder:
        with database(Path(folder) / "plain.db") as plain:
            writes = writer(plain)
            for at in range(0, len(messages), size):
                writes.write(messages[at : at + size])
            expected = dump(plain)
        with database(Path(folder) / "ahead.db") as ahead:
            write_ahead(ahead, messages, size)
            assert dump(ahead) == expected
            assert_same_rows(history_rows(ahead), replayed_rows(ahead))


def test_it_is_read_again_if_somebody_else_commits(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    """A person who is forgotten between two batches is kept out of the second."""
    writes, first, second = writer(connection), [done("u1", 1)], [done("u1", 2), done("u2", 3)]
    writes.write(first, ahead=[second])
    with closing(connect(tmp_path / "oo.db")) as other, transaction(other):
        tombstones.set_until(other, "u1", tombstones.FOR_GOOD, lambda size: b"s" * size)
    outcome = writes.write(second)
    assert (outcome.stored.total(), outcome.kept_out) == (1, (2,))
    assert count(connection, "signals") == 2


def test_it_is_read_again_if_the_batch_before_is_not_committed(
    connection: sqlite3.Connection,
) -> None:
    """Of a batch that SQLite refuses to commit, the next one has seen nothing."""
    writes, first, second = writer(connection), [done("u1", 1)], [done("u1", 2)]
    connection.set_authorizer(
        lambda action, what, *_: (
            sqlite3.SQLITE_DENY
            if (action, what) == (sqlite3.SQLITE_TRANSACTION, "COMMIT")
            else sqlite3.SQLITE_OK
        )
    )
    with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
        writes.write(first, ahead=[second])
    connection.set_authorizer(None)
    assert count(connection, "signals") == 0
    writes.write(second)
    writes.write(first)
    assert_same_rows(history_rows(connection), replayed_rows(connection))
    assert count(connection, "signals") == 2


def test_another_batch_may_come_in_its_place(connection: sqlite3.Connection) -> None:
    """What was made ready and is not written is forgotten."""
    writes, second = writer(connection), [done("u1", 2)]
    writes.write([done("u1", 1)], ahead=[second])
    writes.write([done("u1", 3)])
    writes.write(second)
    assert_same_rows(history_rows(connection), replayed_rows(connection))
    assert count(connection, "task_state") == 3


def test_its_faults_are_not_those_of_the_batch_before(connection: sqlite3.Connection) -> None:
    """If it cannot be made ready, the batch before is written whole, and its own turn comes."""
    writes = PoisonProof(writer(connection))
    writes.write([done("damaged", 1)])
    connection.execute("UPDATE signals SET payload = x'00'")
    second = [done("damaged", 1), done("whole", 4)]
    assert writes.write([done("whole", 2)], ahead=[second]).stored.total() == 1
    outcome = writes.write(second)
    assert (outcome.stored.total(), outcome.rejected) == (1, {"failed": 1})
