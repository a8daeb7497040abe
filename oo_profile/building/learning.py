"""What a batch brings to the views that learn from answers to tips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_profile.building.folding import view_batches
from oo_profile.storage import answered_tips, noting
from oo_transforms.notes import teaches

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from oo_profile.building.folding import ViewBatch
    from oo_profile.storage.signal_log import StoredSignal
    from oo_profile.storage.state_table import StateTable


class Learner:
    """Notes which answers count, and weighs them by what was known then.

    Args:
        connection: The builder's connection.
        tables: Those of all state views, of which it takes the ones that learn.
    """

    def __init__(self, connection: sqlite3.Connection, tables: Sequence[StateTable]) -> None:
        self._connection = connection
        self._tables = [table for table in tables if table.view.learns]
        self._fills = any(table.view.fills for table in self._tables)

    def read(self, accepted: Sequence[StoredSignal]) -> list[ViewBatch]:
        """Read for a batch, in its transaction, when all else that it brings is written."""
        lessons = [stored for stored in accepted if teaches(stored.signal)]
        if not lessons or not self._tables:
            return []
        signals = [(stored.signal, stored.received_us) for stored in lessons]
        notes, answers = noting.notes_of_new(self._connection, signals, fills=self._fills)
        answered_tips.insert_many(self._connection, answers)
        noted = zip(lessons, notes, strict=True)
        return view_batches(
            self._connection, ((self._tables, stored, note) for stored, note in noted)
        )
