"""That a migration goes on, for whoever waits for it: said once it takes longer than a second."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from oo_profile.insight.events import EventLog

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from pathlib import Path

FIRST_SECONDS: Final = 1.0
EVERY_SECONDS: Final = 5.0
STEPS: Final = 100_000
"""Of SQLite's machine between two looks at the clock: some milliseconds."""

_log = EventLog(__name__)


@contextmanager
def migration_progress(
    connection: sqlite3.Connection,
    path: Path,
    statements: int,
    monotonic: Callable[[], float] = time.monotonic,
) -> Iterator[Callable[[], None]]:
    """Log what a migration is at after a second, then every five, and at the end if it took that.

    SQLite does not tell how far a statement is; what is told is its number and the time. These are
    warnings, so that commands which show no log show them too.

    Args:
        connection: Where it runs.
        path: The file.
        statements: How many it has.
        monotonic: Tells seconds that only grow.

    Yields:
        What is to be called before each statement.
    """
    began = monotonic()
    due, at = began + FIRST_SECONDS, 0

    def begin() -> None:
        nonlocal at
        at += 1

    def look() -> int:
        nonlocal due
        now = monotonic()
        if now >= due:
            due = now + EVERY_SECONDS
            _log.warning(
                "database.migrating",
                database=path,
                statement=f"{at} of {statements}",
                seconds=round(now - began, 1),
            )
        return 0

    connection.set_progress_handler(look, STEPS)
    try:
        yield begin
    finally:
        connection.set_progress_handler(None, 0)
    seconds = monotonic() - began
    if seconds >= FIRST_SECONDS:
        _log.warning("database.migrated", database=path, seconds=round(seconds, 1))
