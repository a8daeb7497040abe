"""The states that stand for a user's old signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_profile.storage import checkpoints, noting
from oo_transforms.history import LogEntry, Version, fold

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from oo_profile.storage.pruning import OldSignal
    from oo_profile.storage.state_table import StateTable


def checkpoints_until(
    connection: sqlite3.Connection,
    tables: Sequence[StateTable],
    user_id: str,
    signals: Sequence[OldSignal],
) -> dict[StateTable, Version]:
    """Compute the state of each view after some signals, from them and earlier checkpoints alone.

    Args:
        connection: Where to read.
        tables: Those of all views.
        user_id: The user.
        signals: His first signals that are still stored, in log order.

    Returns:
        By table; a view that the signals do not change is left out.
    """
    fills = any(table.view.fills for table in tables)
    placed = [(old.signal, old.received_us) for old in signals]
    notes = noting.notes_in_order(connection, user_id, placed, fills=fills)
    states = {}
    for table in tables:
        entries = []
        for old, note in zip(signals, notes, strict=True):
            added = table.view.contribution(old.signal, old.event_time_us, note)
            if added is not None:
                event_id = old.signal.event_id
                entries.append(LogEntry(old.event_time_us, old.received_us, event_id, added))
        if entries:
            states[table] = _state_after(connection, table, user_id, entries)
    return states


def _state_after(
    connection: sqlite3.Connection,
    table: StateTable,
    user_id: str,
    entries: Sequence[LogEntry],
) -> Version:
    kept = checkpoints.find(connection, table.view, user_id)
    stored = [] if kept is None else [kept]
    # Only the newest version is wanted, so no history before it matters.
    return fold(table.state(kept), entries, lambda _: stored).newest_version
