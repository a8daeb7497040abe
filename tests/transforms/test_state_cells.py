"""The snapshot of a state: its columns, and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.logs import VIEWS, columns_of, entries_of, logs_of, state_of

from oo_transforms import Cell, State, StateField, StateView

every_view = pytest.mark.parametrize("view", VIEWS.values(), ids=list(VIEWS))


def drawn(data: st.DataObject, view: StateView) -> State:
    """Draw a state of the view that is not empty."""
    log = data.draw(logs_of(view))
    return state_of(view, entries_of(view, log))


def fits(cell: Cell, field: StateField) -> bool:
    """Say whether a cell is of its column's type and length."""
    if field.dtype == "Array(Float64)":
        lengths = {field.length} - {None}
        return isinstance(cell, np.ndarray) and cell.dtype == float and {len(cell)} >= lengths
    if field.dtype == "Array(String)":
        return isinstance(cell, list) and all(type(name) is str for name in cell)
    return type(cell) is {"Float64": float, "String": str}[field.dtype]


@every_view
@settings(deadline=None, max_examples=20)
@given(data=st.data())
def test_a_state_comes_back_from_its_cells(view: StateView, data: st.DataObject) -> None:
    """Nothing is lost on the way, to the last bit."""
    state = drawn(data, view)
    again = State.from_cells(view, state.cells())
    assert columns_of(view, again.cells()) == columns_of(view, state.cells())
    assert (again.anchor_us, again.last) == (state.anchor_us, state.last)


@every_view
@settings(deadline=None, max_examples=20)
@given(data=st.data())
def test_cells_have_the_declared_types(view: StateView, data: st.DataObject) -> None:
    """Every cell is of its field's type; only a source never synced is null."""
    cells = drawn(data, view).cells()
    for cell, field in zip(cells, view.fields(), strict=True):
        never = cell is None and view.keeps_maximum
        assert never or fits(cell, field), field.name


@every_view
@settings(deadline=None, max_examples=20)
@given(data=st.data())
def test_a_snapshot_shares_no_memory(view: StateView, data: st.DataObject) -> None:
    """Writing into cells changes neither the state they came from nor the one they became."""
    state = drawn(data, view)
    cells, before = state.cells(), columns_of(view, state.cells())
    again = State.from_cells(view, cells)
    for cell in cells:
        if isinstance(cell, np.ndarray):
            np.add(cell, 1, out=cell)
        elif isinstance(cell, list):
            cell.append("later")
    assert columns_of(view, state.cells()) == before
    assert columns_of(view, again.cells()) == before


@every_view
@settings(deadline=None, max_examples=20)
@given(data=st.data())
def test_read_only_cells_are_enough(view: StateView, data: st.DataObject) -> None:
    """A state made from arrays over a database's bytes can still be added to."""
    state = drawn(data, view)
    frozen = [np.frombuffer(c.tobytes()) if isinstance(c, np.ndarray) else c for c in state.cells()]
    again = State.from_cells(view, frozen)
    again.merge(state)
    doubled = state.copy()
    doubled.merge(state)
    assert columns_of(view, again.cells()) == columns_of(view, doubled.cells())


@every_view
def test_an_empty_state_comes_back_empty(view: StateView) -> None:
    """No anchor means no state."""
    cells = State(view).cells()
    assert len(cells) == len(view.fields())
    assert State.from_cells(view, cells).anchor_us is None
