"""A state depends on which signals are in it, not on the way they came."""

from __future__ import annotations

import copy
import random
from typing import TYPE_CHECKING

import numpy as np
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
    state_of,
)

from oo_profile.definition import VIEWS as DEFINED
from oo_profile.definition import state_at
from oo_transforms import State

if TYPE_CHECKING:
    from support.strategies import Logged

    from oo_transforms import LogEntry, StateView

every_view = pytest.mark.parametrize("view", VIEWS.values(), ids=list(VIEWS))
seeds = st.integers(0, 2**32)


def drawn(data: st.DataObject, view: StateView) -> tuple[list[Logged], list[LogEntry]]:
    """Draw a log of the view's own subjects."""
    log = data.draw(logs_of(view))
    return log, entries_of(view, log)


def assert_same(left: State, right: State) -> None:
    """Assert that two states are the same to rounding."""
    assert left.anchor_us == right.anchor_us
    view = left.view
    assert_same_columns(columns_of(view, left.cells()), columns_of(view, right.cells()))


@pytest.mark.parametrize("name", DEFINED)
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_a_state_is_its_definition(name: str, data: st.DataObject) -> None:
    """Every column is what the sum over all raw signals says."""
    view = VIEWS[name]
    log, entries = drawn(data, view)
    expected = state_at([logged.raw for logged in log], view.name, log[-1].received_us)
    assert_same_columns(columns_of(view, state_of(view, entries).cells()), expected)


@every_view
@settings(deadline=None, max_examples=25)
@given(data=st.data(), seed=seeds)
def test_any_order_of_arrival_gives_the_same_state(
    view: StateView, data: st.DataObject, seed: int
) -> None:
    """Signals in log order and in any other order add up to the same."""
    _, entries = drawn(data, view)
    shuffled = random.Random(seed).sample(entries, len(entries))
    assert_same(state_of(view, shuffled), state_of(view, entries))


@every_view
@settings(deadline=None, max_examples=25)
@given(data=st.data(), seed=seeds)
def test_merging_shards_equals_replaying(view: StateView, data: st.DataObject, seed: int) -> None:
    """Shards folded apart and merged, either way round, are the whole; the argument stays."""
    _, entries = drawn(data, view)
    chosen = random.Random(seed).sample(entries, len(entries) // 2)
    rest = [entry for entry in entries if entry not in chosen]
    for first, second in ((chosen, rest), (rest, chosen)):
        merged, other = state_of(view, first), state_of(view, second)
        before = columns_of(view, other.cells())
        merged.merge(other)
        assert_same(merged, state_of(view, entries))
        assert columns_of(view, other.cells()) == before


@every_view
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_a_copy_goes_its_own_way(view: StateView, data: st.DataObject) -> None:
    """What is added to a state leaves its copy as it is, and the other way round."""
    _, entries = drawn(data, view)
    state = state_of(view, entries[:-1])
    kept, before = state.copy(), columns_of(view, state.cells())
    last = entries[-1]
    state.update(last.contribution, last.event_time_us, last.event_id)
    assert columns_of(view, kept.cells()) == before
    after = columns_of(view, state.cells())
    kept.update(last.contribution, last.event_time_us + 1, last.event_id)
    assert columns_of(view, state.cells()) == after


@every_view
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_updating_leaves_the_contribution_as_it_is(view: StateView, data: st.DataObject) -> None:
    """A contribution can be added to many states."""
    _, entries = drawn(data, view)
    before = copy.deepcopy(plain_entries(entries))
    state_of(view, entries)
    assert plain_entries(entries) == before


@every_view
def test_an_empty_state_is_neutral(view: StateView) -> None:
    """Merging nothing changes nothing, and an empty state becomes what it is merged with."""
    empty = State(view)
    empty.merge(State(view))
    assert empty.anchor_us is None
    assert columns_of(view, empty.cells())[view.anchor_field] is None
    assert not np.isposinf(empty.sums).any()
