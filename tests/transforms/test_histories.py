"""The histories of many users computed at once are those of each alone."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.logs import VIEWS, assert_same_columns, columns_of, entries_of
from support.strategies import logs

from oo_transforms import State, replay
from oo_transforms.histories import Histories, Logs, replay_many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oo_transforms import Cell, LogEntry, StateView


def joined(own: Sequence[Sequence[LogEntry]]) -> Logs:
    """Put logs on end."""
    entries = [entry for log in own for entry in log]
    return Logs(
        [len(log) for log in own],
        [entry.event_time_us for entry in entries],
        [entry.received_us for entry in entries],
        [entry.event_id for entry in entries],
        [entry.contribution for entry in entries],
    )


def cells(view: StateView, histories: Histories, row: int) -> tuple[Cell, ...]:
    """Return a version's cells."""
    state = State(view)
    state.anchor_us = int(histories.event_times_us[row])
    state.sums = histories.sums[row]
    if view.last:
        state.last = histories.last[row]
    if view.categories:
        state.names, state.weights = histories.names[row], histories.weights[row]
    return state.cells()


@pytest.mark.parametrize("name", sorted(VIEWS))
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_many_logs_at_once_are_each_alone(name: str, data: st.DataObject) -> None:
    """Keys, counts and sums are those of a replay of each log."""
    view = VIEWS[name]
    own = [
        entries_of(view, log)
        for log in data.draw(st.lists(logs(subjects=view.subjects), min_size=1, max_size=4))
    ]
    histories = replay_many(view, joined(own))
    expected = [replay(view, log) for log in own]
    assert list(histories.counts) == [len(history) for history in expected]
    keys = zip(histories.event_times_us.tolist(), histories.created_us.tolist(), strict=True)
    for row, (key, version) in enumerate(zip(keys, chain(*expected), strict=True)):
        assert key == (version.event_time_us, version.created_us)
        found = columns_of(view, cells(view, histories, row))
        assert_same_columns(found, columns_of(view, version.cells))


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_no_logs_are_no_histories(name: str) -> None:
    """Of nobody there is nothing."""
    histories = replay_many(VIEWS[name], joined([]))
    assert not histories.counts
    assert histories.sums.shape == (0, VIEWS[name].size)
