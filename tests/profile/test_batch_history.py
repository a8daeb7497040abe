"""The history in the database is a function of the signal log, however it was cut into batches."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from support.batches import (
    TABLES,
    assert_same_rows,
    database,
    history_rows,
    messages_of,
    replayed_rows,
    write_in_batches,
)
from support.strategies import crowds

if TYPE_CHECKING:
    from support.strategies import Logged

    from oo_profile.transport.message import Message

cuts = st.lists(st.integers(1, 9), max_size=8)


def with_copies(messages: list[Message], copies: list[int]) -> list[Message]:
    """Deliver some messages again, some places later."""
    delivered = list(messages)
    for number, later in enumerate(copies):
        again = messages[number % len(messages)]
        at = delivered.index(again) + 1 + later
        delivered.insert(min(at, len(delivered)), again)
    return delivered


@settings(deadline=None, max_examples=40)
@given(crowds, cuts)
def test_streamed_history_equals_its_replay(log: list[Logged], sizes: list[int]) -> None:
    """Batches of any size leave the rows that a replay of the stored signals gives."""
    with tempfile.TemporaryDirectory() as folder, database(Path(folder) / "oo.db") as connection:
        write_in_batches(connection, messages_of(log), sizes)
        assert_same_rows(history_rows(connection), replayed_rows(connection))


@settings(deadline=None, max_examples=30)
@given(crowds, cuts, cuts, st.lists(st.integers(0, 12), max_size=6))
def test_the_cut_and_copies_do_not_matter(
    log: list[Logged], sizes: list[int], others: list[int], copies: list[int]
) -> None:
    """Two databases fed one log, cut differently and one with duplicates, hold the same rows."""
    messages = messages_of(log)
    with (
        tempfile.TemporaryDirectory() as folder,
        database(Path(folder) / "one.db") as one,
        database(Path(folder) / "other.db") as other,
    ):
        write_in_batches(one, messages, sizes)
        write_in_batches(other, with_copies(messages, copies), others)
        signals = "SELECT * FROM signals ORDER BY user_id, event_id"
        assert one.execute(signals).fetchall() == other.execute(signals).fetchall()
        assert_same_rows(history_rows(one), history_rows(other))


@settings(deadline=None, max_examples=30)
@given(crowds, cuts)
def test_a_view_keeps_at_most_two_rows_a_signal(log: list[Logged], sizes: list[int]) -> None:
    """However late signals come, history does not multiply."""
    with tempfile.TemporaryDirectory() as folder, database(Path(folder) / "oo.db") as connection:
        write_in_batches(connection, messages_of(log), sizes)
        of_view = {table.name: table.view.subjects for table in TABLES}
        for (user_id, name), versions in history_rows(connection).items():
            sent = connection.execute(
                "SELECT count(*) FROM signals "
                "WHERE user_id = ? AND subject IN (SELECT value FROM json_each(?))",
                (user_id, json.dumps(of_view[name])),
            )
            assert len(versions) <= 2 * sent.fetchone()[0]
