"""Long tails that late signals leave are corrected behind the batches, and nobody waits for it."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING

from hypothesis import given, settings
from support.batches import assert_same_rows, history_rows, replayed_rows
from support.late_scene import CORRECT, WRITE, actions, late_crowds, moods, scene
from support.logs import VIEWS, assert_same_columns, columns_of, state_of

from oo_profile.storage import signal_log, tail_marks

if TYPE_CHECKING:
    from support.strategies import Logged


@settings(deadline=None, max_examples=40)
@given(late_crowds, actions)
def test_in_the_end_history_is_that_of_the_log(
    log: list[Logged], steps: list[tuple[str, int]]
) -> None:
    """Whenever corrections ran, broke off or met new signals, the rows are those of a replay."""
    with scene(log, steps) as played:
        played.finish()
        assert tail_marks.marks(played.connection) == []
        assert_same_rows(history_rows(played.connection), replayed_rows(played.connection))


@settings(deadline=None, max_examples=20)
@given(late_crowds, actions)
def test_every_row_holds_what_was_received_by_its_creation(
    log: list[Logged], steps: list[tuple[str, int]]
) -> None:
    """While a mark stands, a row is behind at most: it is never a mixture of two moments."""
    with scene(log, steps) as played:
        for (user, name), rows in history_rows(played.connection).items():
            known = signal_log.log_of(played.connection, user, VIEWS[name])
            for (event_us, created_us), columns in rows.items():
                received = [entry for entry in known if entry.received_us <= created_us]
                held = [entry for entry in received if entry.event_time_us <= event_us]
                state = state_of(VIEWS[name], held)
                assert_same_columns(columns, columns_of(VIEWS[name], state.cells()))


@settings(deadline=None, max_examples=20)
@given(late_crowds, actions)
def test_what_was_seen_and_what_is_newest_never_wait(
    log: list[Logged], steps: list[tuple[str, int]]
) -> None:
    """At any moment each signal's row as seen is there, and the last of them is the newest."""
    with scene(log, steps) as played:
        for (user, name), rows in history_rows(played.connection).items():
            known = signal_log.log_of(played.connection, user, VIEWS[name])
            anchors = accumulate((entry.event_time_us for entry in known), max)
            seen = [(at, entry.received_us) for at, entry in zip(anchors, known, strict=True)]
            assert set(seen) <= rows.keys()
            assert seen[-1:] == sorted(rows)[-1:]


@settings(deadline=None, max_examples=20)
@given(late_crowds, actions)
def test_before_the_mark_history_is_true(log: list[Logged], steps: list[tuple[str, int]]) -> None:
    """The newest row of every event time before the mark, or of any without one, is the truth."""
    with scene(log, steps) as played:
        marks = {(user, view): us for user, view, us in tail_marks.marks(played.connection)}
        stored = history_rows(played.connection)
        for key, rows in replayed_rows(played.connection).items():
            before = marks.get(key, math.inf)
            true = {at: rows[at] for at in rows if at[0] < before}
            found = {at: stored[key][at] for at in stored[key] if at[0] < before}
            assert_same_rows({key: found}, {key: true})


def test_a_short_tail_within_a_long_one_waits_for_it() -> None:
    """A batch corrects nothing on top of rows that are behind themselves."""
    log = moods(1, 2, 3, 4, 6, 0, 5)
    with scene(log, [(WRITE, 1)] * len(log)) as played:
        (mark,) = tail_marks.marks(played.connection)
        assert mark == ("u1", "mood_state", log[5].event_us)
        assert len(history_rows(played.connection)["u1", "mood_state"]) == len(log)
        played.finish()
        assert_same_rows(history_rows(played.connection), replayed_rows(played.connection))


def test_short_tails_are_corrected_by_the_batch() -> None:
    """They leave no mark: whoever reads after the batch reads what is true."""
    with scene(moods(1, 2, 4, 3), [(WRITE, 1)] * 4) as played:
        assert tail_marks.marks(played.connection) == []
        assert_same_rows(history_rows(played.connection), replayed_rows(played.connection))


def test_the_end_of_a_tail_does_not_starve() -> None:
    """While older and older signals keep coming, a tail is corrected to its end all the same."""
    log = moods(*range(20, 30), *range(19, 0, -1))
    with scene(log, [(WRITE, 10), (WRITE, 1)]) as played:
        for _ in range(15):
            played.do(CORRECT, 1)
            played.do(WRITE, 1)
        created = [at for at, _ in history_rows(played.connection)["u1", "mood_state"]]
        assert created.count(log[8].event_us) == 2
        assert tail_marks.marks(played.connection) != []
