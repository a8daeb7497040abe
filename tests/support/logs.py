"""From a drawn log to what the package under test takes, and back to comparable values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from support.strategies import TAUGHT, logs

from oo_transforms import LogEntry, State, Version, decode, event_time_us, fold, notes_of
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hypothesis import strategies as st
    from support.strategies import Logged

    from oo_transforms import Cell, StateView

VIEWS = {view.name: view for view in STATE_VIEWS}
SIGNED = {
    field.name
    for view in STATE_VIEWS
    for field in view.fields()
    if field.dtype == "Array(Float64)" and field.minimum is None
}
"""Arrays of sums whose terms may cancel out."""

SUM_TOLERANCE = 1e-12
"""Share of the sum of the absolute values of its terms by which a sum may be off."""


def entries_of(view: StateView, log: Iterable[Logged]) -> list[LogEntry]:
    """Decode a log and keep what the view counts."""
    entries = []
    log = list(log)
    signals = [decode(one.subject, json.dumps(one.data).encode(), one.received_us) for one in log]
    notes = notes_of(zip(signals, (one.received_us for one in log), strict=True), {})
    for logged, signal, note in zip(log, signals, notes, strict=True):
        event_us = event_time_us(signal, logged.received_us)
        added = view.contribution(signal, event_us, note)
        if added is not None:
            entries.append(LogEntry(event_us, logged.received_us, signal.event_id, added))
    return entries


def plain_entries(entries: Iterable[LogEntry]) -> list[tuple[object, ...]]:
    """Write entries as values that can be compared."""
    return [
        (
            entry.event_time_us,
            entry.received_us,
            entry.event_id,
            *(
                part.tolist() if isinstance(part, np.ndarray) else part
                for part in entry.contribution
            ),
        )
        for entry in entries
    ]


def logs_of(view: StateView) -> st.SearchStrategy[list[Logged]]:
    """Draw logs of a view's own subjects, with an entry at least."""
    if not view.learns:
        return logs(subjects=view.subjects)
    taught = logs(subjects=view.subjects, fields=TAUGHT)
    return taught.filter(lambda log: len(entries_of(view, log)) > 0)


def state_of(view: StateView, entries: Iterable[LogEntry]) -> State:
    """Fold entries into one state, in the order given; categories are kept as they come."""
    state = State(view)
    for entry in entries:
        state.update(entry.contribution, entry.event_time_us, entry.event_id)
    return state


def stream(
    view: StateView,
    entries: Sequence[LogEntry],
    batch_sizes: Iterable[int],
    checkpoint: Version | None = None,
) -> list[Version]:
    """Fold a log batch by batch, writing and deleting rows as each batch says.

    Args:
        view: The view.
        entries: The log.
        batch_sizes: How many entries each batch has; what is left over is the last batch.
        checkpoint: The row that stands for what came before the log.

    Returns:
        All rows that stay, ordered by event and created time.
    """
    rows: dict[tuple[int, int], Version] = {}
    newest, floor_us = State(view), 0
    if checkpoint is not None:
        newest, floor_us = State.from_cells(view, checkpoint.cells), checkpoint.event_time_us
        rows[floor_us, checkpoint.created_us] = checkpoint

    def tail(time_us: int) -> list[Version]:
        before = max((at for at, _ in rows if at < time_us), default=time_us)
        return [rows[key] for key in sorted(rows) if key[0] >= before]

    begin = 0
    for size in (*batch_sizes, len(entries)):
        batch = entries[begin : begin + size]
        begin += size
        if not batch:
            continue
        change = fold(newest, batch, tail, lambda: floor_us)
        for key in change.replaced:
            del rows[key]
        for version in change.written:
            key = (version.event_time_us, version.created_us)
            assert key not in rows
            rows[key] = version
        newest = change.newest
    return [rows[key] for key in sorted(rows)]


def columns_of(view: StateView, cells: Sequence[Cell]) -> dict[str, object]:
    """Name a state's cells, arrays as lists."""
    plain = [cell.tolist() if isinstance(cell, np.ndarray) else cell for cell in cells]
    return {field.name: cell for field, cell in zip(view.fields(), plain, strict=True)}


def assert_same_columns(
    found: Mapping[str, object], expected: Mapping[str, object], tolerance: float = SUM_TOLERANCE
) -> None:
    """Assert that columns are equal, sums to a share of the sum of their terms.

    Where every weight is positive, that sum is the sum itself; of arrays whose terms may cancel
    out, it is at least the largest number.
    """
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        if isinstance(value, str | None) or name.endswith(("_at", "_categories")):
            assert found[name] == value, name
        else:
            wanted = np.asarray(value, dtype=float)
            least = tolerance * np.abs(wanted).max() if name in SIGNED else 0.0
            np.testing.assert_allclose(
                np.asarray(found[name], dtype=float),
                wanted,
                rtol=tolerance,
                atol=max(least, 1e-300),
                err_msg=name,
            )
