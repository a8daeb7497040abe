"""The state history is a pure function of the signal log, however batches were cut."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.logs import (
    VIEWS,
    assert_same_columns,
    columns_of,
    entries_of,
    logs_of,
    plain_entries,
    stream,
)
from support.slow_history import slow_history
from support.strategies import BASE_US, STEPS_US, Logged, logs

from oo_profile.definition import VIEWS as DEFINED
from oo_profile.definition import state_at
from oo_transforms import State, Version, fold, replay, truth_at

if TYPE_CHECKING:
    from collections.abc import Sequence

cuts = st.lists(st.integers(1, 5), max_size=10)
moments = st.builds(
    lambda step, count, off: BASE_US + step * count + off,
    st.sampled_from(STEPS_US),
    st.integers(0, 14),
    st.integers(-1, 1),
)
every_view = pytest.mark.parametrize("name", sorted(VIEWS))
every_defined_view = pytest.mark.parametrize("name", sorted(DEFINED))


def drawn(data: st.DataObject, name: str) -> list[Logged]:
    """Draw a log of the view's own subjects."""
    return data.draw(logs_of(VIEWS[name]))


def keys(history: Sequence[Version]) -> list[tuple[int, int]]:
    """List the rows' keys."""
    return [(version.event_time_us, version.created_us) for version in history]


@every_defined_view
@settings(deadline=None, max_examples=30)
@given(data=st.data(), sizes=cuts)
def test_a_streamed_history_is_that_of_the_rule(
    name: str, data: st.DataObject, sizes: list[int]
) -> None:
    """Cut anywhere, a log leaves the rows that the rule leaves signal by signal."""
    log = drawn(data, name)
    expected = slow_history(name, log)
    history = stream(VIEWS[name], entries_of(VIEWS[name], log), sizes)
    assert keys(history) == sorted(expected)
    for version in history:
        columns = columns_of(VIEWS[name], version.cells)
        assert_same_columns(columns, expected[version.event_time_us, version.created_us])


@every_view
@settings(deadline=None, max_examples=30)
@given(data=st.data(), sizes=cuts)
def test_a_replay_equals_what_was_streamed(
    name: str, data: st.DataObject, sizes: list[int]
) -> None:
    """One batch of everything and any other cut leave the same keys and the same sums."""
    view, entries = VIEWS[name], entries_of(VIEWS[name], drawn(data, name))
    streamed, replayed = stream(view, entries, sizes), replay(view, entries)
    assert keys(streamed) == keys(replayed)
    for one, other in zip(streamed, replayed, strict=True):
        assert_same_columns(columns_of(view, one.cells), columns_of(view, other.cells))


@every_view
@settings(deadline=None, max_examples=30)
@given(data=st.data(), sizes=cuts)
def test_a_checkpoint_stands_for_the_log_before_it(
    name: str, data: st.DataObject, sizes: list[int]
) -> None:
    """From its event time on, a history behind a checkpoint is that of the whole log."""
    view, entries = VIEWS[name], entries_of(VIEWS[name], drawn(data, name))
    at = data.draw(st.integers(1, len(entries)))
    checkpoint = fold(State(view), entries[:at], lambda _: ()).newest_version
    since = (checkpoint.event_time_us, checkpoint.created_us)
    whole = replay(view, entries)
    expected = [v for v in whole if v.event_time_us >= since[0] and v.created_us >= since[1]]
    for found in (
        replay(view, entries[at:], checkpoint),
        stream(view, entries[at:], sizes, checkpoint),
    ):
        assert keys(found) == keys(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same_columns(columns_of(view, one.cells), columns_of(view, other.cells))


@every_view
@settings(deadline=None, max_examples=30)
@given(data=st.data(), sizes=cuts)
def test_a_view_keeps_at_most_two_rows_a_signal(
    name: str, data: st.DataObject, sizes: list[int]
) -> None:
    """However late signals come, rows do not multiply, and each is created by a signal."""
    view, entries = VIEWS[name], entries_of(VIEWS[name], drawn(data, name))
    history = stream(view, entries, sizes)
    assert len(entries) <= len(history) <= 2 * len(entries)
    assert {version.created_us for version in history} <= {e.received_us for e in entries}
    assert {version.event_time_us for version in history} == {e.event_time_us for e in entries}


@every_defined_view
@settings(deadline=None, max_examples=30)
@given(data=st.data(), sizes=cuts, t_us=moments)
def test_the_default_read_is_true(
    name: str, data: st.DataObject, sizes: list[int], t_us: int
) -> None:
    """The read at T is the sum over all signals with event time at or before T."""
    log = drawn(data, name)
    history = stream(VIEWS[name], entries_of(VIEWS[name], log), sizes)
    version = truth_at(history, t_us)
    expected = state_at([logged.raw for logged in log], name, t_us)
    if version is None:
        assert set(expected.values()) == {None}
    else:
        assert_same_columns(columns_of(VIEWS[name], version.cells), expected)


@every_defined_view
@settings(deadline=None, max_examples=30)
@given(data=st.data(), sizes=cuts, t_us=moments)
def test_the_as_seen_read_is_what_was_received(
    name: str, data: st.DataObject, sizes: list[int], t_us: int
) -> None:
    """Among rows created by T, the read at T is the sum over exactly the signals received by T."""
    log = drawn(data, name)
    history = stream(VIEWS[name], entries_of(VIEWS[name], log), sizes)
    version = truth_at([row for row in history if row.created_us <= t_us], t_us)
    received = [logged.raw for logged in log if logged.received_us <= t_us]
    expected = state_at(received, name, t_us)
    if version is None:
        assert set(expected.values()) == {None}
    else:
        assert_same_columns(columns_of(VIEWS[name], version.cells), expected)


@every_view
@settings(deadline=None, max_examples=30)
@given(data=st.data(), sizes=cuts)
def test_what_is_passed_stays_as_it_is(name: str, data: st.DataObject, sizes: list[int]) -> None:
    """Entries and stored rows are the same after a fold as before it."""
    view, entries = VIEWS[name], entries_of(VIEWS[name], drawn(data, name))
    before = copy.deepcopy(plain_entries(entries))
    first = stream(view, entries[:-1], sizes)
    columns = [columns_of(view, version.cells) for version in first]
    stream(view, entries, [len(entries) - 1, 1])
    assert plain_entries(entries) == before
    assert [columns_of(view, version.cells) for version in first] == columns


@settings(deadline=None, max_examples=30)
@given(log=logs(), sizes=cuts)
def test_views_do_not_touch_each_other(log: list[Logged], sizes: list[int]) -> None:
    """A view's history is that of its own subjects, whatever else the log has."""
    for view in VIEWS.values():
        own = [logged for logged in log if logged.subject in view.subjects]
        whole = stream(view, entries_of(view, log), sizes)
        assert keys(whole) == keys(stream(view, entries_of(view, own), sizes))
