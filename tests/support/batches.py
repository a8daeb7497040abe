"""Batches of messages into a real database file, without a stream before it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from support.logs import assert_same_columns, columns_of

from oo_profile.building import replay
from oo_profile.building.batch import BatchWriter
from oo_profile.building.late_tails import LONG_TAIL_ROWS
from oo_profile.storage.database import connect
from oo_profile.storage.state_table import StateTable
from oo_profile.transport.message import Message
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from support.strategies import Logged

STREAM_CREATED_AT = "2026-01-01T00:00:00Z"
TABLES = tuple(StateTable(view) for view in STATE_VIEWS)

Rows = dict[tuple[str, str], dict[tuple[int, int], dict[str, object]]]
"""By user and view: the state's columns by event and created time."""


@contextmanager
def database(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database with the tables of all state views."""
    connection = connect(path, synchronous="NORMAL")
    try:
        replay.make_tables(connection, STATE_VIEWS)
        yield connection
    finally:
        connection.close()


def writer(
    connection: sqlite3.Connection,
    stream: str = STREAM_CREATED_AT,
    long_tail: int = LONG_TAIL_ROWS,
) -> BatchWriter:
    """Make a writer of batches of a stream, which its creation time tells from others."""
    return BatchWriter(connection, STATE_VIEWS, stream, long_tail)


def message(subject: str, data: Mapping[str, Any], sequence: int, received_us: int) -> Message:
    """Make a message as the stream delivers it."""
    return Message(subject, json.dumps(data).encode(), sequence, received_us)


def messages_of(log: Iterable[Logged], first: int = 1) -> list[Message]:
    """Make the messages of a log, received in whole milliseconds so that some come together."""
    return [
        message(logged.subject, logged.data, number, logged.received_us // 1000 * 1000)
        for number, logged in enumerate(log, first)
    ]


def write_in_batches(
    connection: sqlite3.Connection, messages: Sequence[Message], sizes: Iterable[int]
) -> None:
    """Write messages in batches of these sizes; what is left over is the last batch."""
    batches, begin = writer(connection), 0
    for size in (*sizes, len(messages)):
        if messages[begin : begin + size]:
            batches.write(messages[begin : begin + size])
        begin += size


def history_rows(connection: sqlite3.Connection) -> Rows:
    """Read the whole state history."""
    users = [user for (user,) in connection.execute("SELECT DISTINCT user_id FROM signals")]
    return {
        (user, table.name): {
            (version.event_time_us, version.created_us): columns_of(table.view, version.cells)
            for version in table.history(connection, user)
        }
        for user in users
        for table in TABLES
    }


def replayed_rows(connection: sqlite3.Connection) -> Rows:
    """Compute the whole state history from the stored signals."""
    users = [user for (user,) in connection.execute("SELECT DISTINCT user_id FROM signals")]
    return {
        (user, table.name): {
            (version.event_time_us, version.created_us): columns_of(table.view, version.cells)
            for version in replay.replay_user(connection, table.view, user)
        }
        for user in users
        for table in TABLES
    }


def assert_same_rows(found: Rows, expected: Rows) -> None:
    """Assert that two histories have the same keys, and sums equal to 1e-12 of their terms."""
    assert {key: [*rows] for key, rows in found.items()} == {
        key: [*rows] for key, rows in expected.items()
    }
    for key, rows in expected.items():
        for at, columns in rows.items():
            assert_same_columns(found[key][at], columns)


def assert_same_histories(found: Rows, expected: Rows) -> None:
    """Assert that histories have the same keys, and sums equal but for rounding."""
    for user_view, versions in expected.items():
        assert found[user_view].keys() == versions.keys(), user_view
        for key, columns in versions.items():
            assert_same_columns(found[user_view][key], columns)


def count(connection: sqlite3.Connection, table: str) -> int:
    """Count the rows of a table."""
    (rows,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(rows)


def dump(connection: sqlite3.Connection, but_for: str | None = None) -> list[str]:
    """Write down everything that is in a database, but for the rows of one table."""
    left_out = f'INSERT INTO "{but_for}"'
    return [line for line in connection.iterdump() if not line.startswith(left_out)]
