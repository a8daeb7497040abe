"""What a long tail lacks shows in its keys, and piece by piece it becomes what a replay gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.logs import VIEWS, assert_same_columns, columns_of, entries_of, logs_of, state_of

from oo_transforms import Arrival, State, Timeline, correct, fold, naming_of, replay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oo_transforms import LogEntry, StateView, Version

every_view = pytest.mark.parametrize("name", sorted(VIEWS))
Rows = dict[tuple[int, int], "Version"]
"""A history by event and created time."""


def drawn(data: st.DataObject, name: str) -> list[LogEntry]:
    """Draw a log as a view sees it."""
    return entries_of(VIEWS[name], data.draw(logs_of(VIEWS[name])))


def by_key(versions: Sequence[Version]) -> Rows:
    """Put versions under their keys."""
    return {(version.event_time_us, version.created_us): version for version in versions}


def left_behind(view: StateView, entries: Sequence[LogEntry], true: int) -> tuple[Rows, State]:
    """Return a history that is true of the first entries and has what was seen of the rest."""
    before = replay(view, entries[:true])
    newest = State.from_cells(view, before[-1].cells) if before else State(view)
    change = fold(newest, entries[true:], lambda _: None)
    return by_key([*before, *change.written]), change.newest


def arrivals_of(entries: Sequence[LogEntry]) -> list[Arrival]:
    """Tell of a log when its signals happened and came."""
    return [Arrival(entry.event_time_us, entry.received_us, entry.event_id) for entry in entries]


@every_view
@settings(deadline=None, max_examples=20)
@given(data=st.data())
def test_the_newest_version_came_with_the_last_signal_by_then(
    name: str, data: st.DataObject
) -> None:
    """In a true history an event time's newest created time is that of the last signal by then."""
    entries = drawn(data, name)
    history = by_key(replay(VIEWS[name], entries))
    for time_us in {entry.event_time_us for entry in entries}:
        newest = max(created for at, created in history if at == time_us)
        by_then = [entry for entry in entries if entry.event_time_us <= time_us]
        assert newest == max(entry.received_us for entry in by_then)


@every_view
@settings(deadline=None, max_examples=20)
@given(data=st.data())
def test_a_version_says_itself_what_it_lacks(name: str, data: st.DataObject) -> None:
    """It holds the signals at or before its event time that were received by its created time."""
    entries = drawn(data, name)
    for version in replay(VIEWS[name], entries):
        received = [entry for entry in entries if entry.received_us <= version.created_us]
        held = [entry for entry in received if entry.event_time_us <= version.event_time_us]
        expected = columns_of(VIEWS[name], state_of(VIEWS[name], held).cells())
        assert_same_columns(columns_of(VIEWS[name], version.cells), expected)


@every_view
@settings(deadline=None, max_examples=40)
@given(data=st.data(), rows=st.integers(1, 6))
def test_pieces_make_a_history_that_was_left_behind_true(
    name: str, data: st.DataObject, rows: int
) -> None:
    """However long the pieces are, in the end the rows are those of a replay of the whole log."""
    view, entries = VIEWS[name], drawn(data, name)
    history, newest = left_behind(view, entries, data.draw(st.integers(0, len(entries) - 1)))
    timeline, named = Timeline(), naming_of(newest)
    timeline.add(arrivals_of(entries))
    of_id, done_us = {entry.event_id: entry for entry in entries}, -1
    while len(moments := timeline.moments_after(done_us, rows)):
        within = sorted(key for key in history if moments[0] <= key[0] <= moments[-1])
        base = max((key for key in history if key[0] < moments[0]), default=None)
        state = State.from_cells(view, history[base].cells) if base else State(view)
        piece = timeline.piece(moments, within, base)
        written = correct(state, piece, [named(of_id[event_id]) for event_id in piece.event_ids])
        for key in piece.replaced:
            del history[key]
        history |= by_key(written)
        done_us = int(moments[-1])
    expected = by_key(replay(view, entries))
    assert history.keys() == expected.keys()
    for key, version in expected.items():
        columns = columns_of(view, version.cells)
        assert_same_columns(columns_of(view, history[key].cells), columns)


@every_view
@settings(deadline=None, max_examples=20)
@given(data=st.data())
def test_a_true_history_has_nothing_behind(name: str, data: st.DataObject) -> None:
    """Its keys say so, whatever part of it one looks at; without its last late row they do not."""
    entries = drawn(data, name)
    keys = sorted(by_key(replay(VIEWS[name], entries)))
    timeline = Timeline()
    timeline.add(arrivals_of(entries))
    moments = timeline.moments_after(-1, len(entries))
    assert timeline.first_behind(moments, keys) is None
    newest_of_first = max(key for key in keys if key[0] == moments[0])
    assert timeline.first_behind(moments, [k for k in keys if k != newest_of_first]) == moments[0]
