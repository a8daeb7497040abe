"""A moment for a builder between transactions that follow each other."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from oo_profile.storage.database import commits_of_others

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

BREATH_SECONDS = 0.02
"""Enough for a builder to come in: SQLite lets in whoever happens to ask."""


class Breath:
    """Left after each transaction, if somebody else is writing too.

    Args:
        connection: Ours.
        sleep: Waits so many seconds.
    """

    def __init__(
        self, connection: sqlite3.Connection, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._connection = connection
        self._sleep = sleep
        self._commits = commits_of_others(connection)

    def take(self) -> None:
        """Wait a moment if another connection has committed anything since this was asked last."""
        before, self._commits = self._commits, commits_of_others(self._connection)
        if self._commits != before:
            self._sleep(BREATH_SECONDS)
