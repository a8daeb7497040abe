"""A long tail is corrected while others rewrite, prune or remove what it rests on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from support.batches import TABLES, assert_same_rows, count, history_rows, replayed_rows
from support.late_scene import CORRECT, CRASH, WRITE, actions, late_crowds, late_logs, scene
from support.logs import columns_of

from oo_profile.storage import checkpoints, noting, signal_log, tail_marks, tombstones
from oo_profile.storage.database import transaction
from oo_profile.storage.tombstones import FOR_GOOD
from oo_transforms import replay

if TYPE_CHECKING:
    import sqlite3

    from support.batches import Rows
    from support.strategies import Logged

USER = "u1"
few = st.integers(1, 6)


def prune(connection: sqlite3.Connection, until_us: int) -> None:
    """Put checkpoints in the place of a user's signals that were received up to a moment."""
    with transaction(connection):
        for table in TABLES:
            log = signal_log.log_of(connection, USER, table.view, until_us=until_us)
            if log:
                state = replay(table.view, log)[-1]
                checkpoints.insert_many(connection, table.view, [(USER, state)])
                connection.execute(
                    f"DELETE FROM {table.name} WHERE user_id = ? "
                    "AND (event_timestamp, created_timestamp) < (?, ?)",
                    (USER, state.event_time_us, state.created_us),
                )
        going = [
            (signal, received_us)
            for signal, _, received_us in signal_log.signals_of(connection, USER)
            if received_us <= until_us
        ]
        noting.keep_answers(connection, USER, going)
        connection.execute("DELETE FROM signals WHERE received_at <= ?", (until_us,))


def replayed_from_checkpoints(connection: sqlite3.Connection) -> Rows:
    """Compute a user's history from what a prune has left."""
    found: Rows = {}
    for table in TABLES:
        log = signal_log.log_of(connection, USER, table.view)
        checkpoint = checkpoints.find(connection, table.view, USER)
        found[USER, table.name] = {
            (version.event_time_us, version.created_us): columns_of(table.view, version.cells)
            for version in replay(table.view, log, checkpoint)
        }
    return found


@settings(deadline=None, max_examples=35)
@given(late_logs, actions, few, actions)
def test_a_tail_may_be_pruned_meanwhile(
    log: list[Logged], steps: list[tuple[str, int]], pruned: int, others: list[tuple[str, int]]
) -> None:
    """Signals that came late before and after a prune are in the rows that a replay gives."""
    with scene(log, steps) as played:
        received = played.connection.execute(
            "SELECT received_at FROM signals ORDER BY received_at LIMIT ?", (pruned,)
        ).fetchall()
        if received[:-1]:
            prune(played.connection, received[-2][0])
        for action, amount in others:
            played.do(action, amount)
        played.finish()
        found = {
            (USER, table.name): {
                (version.event_time_us, version.created_us): columns_of(table.view, version.cells)
                for version in table.history(played.connection, USER)
            }
            for table in TABLES
        }
        assert_same_rows(found, replayed_from_checkpoints(played.connection))


@settings(deadline=None, max_examples=15)
@given(late_crowds, actions, actions)
def test_a_history_may_be_rewritten_meanwhile(
    log: list[Logged], steps: list[tuple[str, int]], others: list[tuple[str, int]]
) -> None:
    """Who writes the whole history anew removes the mark, and the correction goes on elsewhere."""
    with scene(log, steps) as played:
        with transaction(played.connection):
            for table in TABLES:
                log_of_one = signal_log.log_of(played.connection, "u0", table.view)
                played.connection.execute(f"DELETE FROM {table.name} WHERE user_id = 'u0'")
                rows = [("u0", version) for version in replay(table.view, log_of_one)]
                table.insert_many(played.connection, rows)
            tail_marks.remove(played.connection, "u0")
        for action, amount in others:
            played.do(action, amount)
        played.finish()
        assert_same_rows(history_rows(played.connection), replayed_rows(played.connection))


@settings(deadline=None, max_examples=15)
@given(late_logs, actions)
def test_nothing_is_written_of_a_forgotten_person(
    log: list[Logged], steps: list[tuple[str, int]]
) -> None:
    """Once the tombstone is there, a correction that was under way removes its mark at most."""
    with scene(log, steps) as played:
        with transaction(played.connection):
            tombstones.set_until(played.connection, USER, FOR_GOOD, os.urandom)
            for table in TABLES:
                played.connection.execute(f"DELETE FROM {table.name}")
        played.do(CORRECT, 1)
        played.do(CRASH, 6)
        played.do(WRITE, 6)
        played.finish()
        assert [count(played.connection, table.name) for table in TABLES] == [0] * len(TABLES)
        assert count(played.connection, "late_tails") == 0
