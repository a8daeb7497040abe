"""How many signals are stored, counted a little at a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

STEP_ROWS: Final = 50_000
"""Rows counted by one statement: a reader that stays longer keeps the log from being reset."""

STEP_SECONDS: Final = 0.1
"""How long one call goes on counting."""

SHARE: Final = 0.01
"""The share of the time that counting may take; the next count waits as long as that needs."""

_STEP = """
    SELECT user_id, event_id FROM signals WHERE (user_id, event_id) > (?, ?)
    ORDER BY user_id, event_id LIMIT 1 OFFSET ?
"""
_REST = "SELECT count(*) FROM signals WHERE (user_id, event_id) > (?, ?)"


class SignalCount:
    """Counts the table `signals` in steps, again and again.

    SQLite has to walk the whole table for a count: a quarter of a second for a million rows, and
    more where they are not in memory.

    Args:
        clock: Seconds that never go back.
        step_rows: Rows that one statement counts.

    Attributes:
        signals: The newest count that was finished, None before the first. What is stored or
            removed while it is made may or may not be in it.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, step_rows: int = STEP_ROWS
    ) -> None:
        self.signals: int | None = None
        self._clock = clock
        self._step_rows = step_rows
        self._after = ("", "")
        self._so_far = 0
        self._spent = 0.0
        self._next_at = 0.0

    def go_on(self, connection: sqlite3.Connection) -> None:
        """Count on for a moment, unless the newest count is young."""
        began = self._clock()
        if self.signals is not None and began < self._next_at:
            return
        more = True
        while more and self._clock() < began + STEP_SECONDS:
            more = self._step(connection)
        ended = self._clock()
        self._spent += ended - began
        if not more:
            self.signals, self._so_far, self._after = self._so_far, 0, ("", "")
            self._next_at, self._spent = ended + self._spent / SHARE, 0.0

    def _step(self, connection: sqlite3.Connection) -> bool:
        """Count some rows; say whether there may be more."""
        last = connection.execute(_STEP, (*self._after, self._step_rows - 1)).fetchone()
        if last is None:
            self._so_far += connection.execute(_REST, self._after).fetchone()[0]
            return False
        self._after = (last[0], last[1])
        self._so_far += self._step_rows
        return True
