"""How long a job's queries may run."""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from oo_stores.errors import DatabaseLockedError, QueryTimeoutError, SourceError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeVar

    T = TypeVar("T")

_STEPS_BETWEEN_LOOKS = 10_000  # of SQLite's machine: well under a millisecond

# A query's connections are opened deep below the job that was given the timeout, in the same
# thread; every function between them would have to hand the deadline down.
_seconds_left: ContextVar[Callable[[], float] | None] = ContextVar("_seconds_left", default=None)

# A wait for a lock ends this much behind the deadline, so that it is clear why it ended.
_AFTER_THE_END_SECONDS = 0.01


@contextmanager
def deadline(seconds: float | None, now: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """Stop SQLite's work on every connection that is opened in the block when time is up.

    Waits for other writers end then too. A write that is stopped leaves nothing behind, as after
    any error.

    Args:
        seconds: How long the block may take, more than zero; None: as long as it takes.
        now: The clock.

    Raises:
        SourceError: The timeout is no length of time.
        QueryTimeoutError: Time was up before the block's work was done.
    """
    if seconds is None:
        yield
        return
    if not seconds > 0:
        raise SourceError(f"a timeout is a number of seconds above zero, or None; not {seconds!r}")
    end = now() + seconds
    token = _seconds_left.set(lambda: end - now())
    try:
        yield
    except (QueryTimeoutError, DatabaseLockedError) as error:
        if isinstance(error, DatabaseLockedError) and now() < end:
            raise
        raise QueryTimeoutError(
            f"the result was not there within timeout={seconds} s ({error}); give it more time, or "
            f"ask for fewer rows"
        ) from error
    finally:
        _seconds_left.reset(token)


def watched(items: Iterable[T]) -> Iterator[T]:
    """Yield items; stop when the time of the block around is up."""
    left = _seconds_left.get()
    for item in items:
        if left is not None and left() < 0:
            raise QueryTimeoutError("between two slices")
        yield item


def watch(connection: sqlite3.Connection) -> None:
    """Let the deadline of the block around, if there is one, interrupt a connection's work."""
    left = _seconds_left.get()
    if left is not None:
        connection.set_progress_handler(lambda: left() < 0, _STEPS_BETWEEN_LOOKS)


def lock_wait_seconds(busy_timeout_seconds: float) -> float:
    """Return how long to wait for another writer: no longer than the block around has time."""
    left = _seconds_left.get()
    if left is None:
        return busy_timeout_seconds
    return min(busy_timeout_seconds, max(left(), 0) + _AFTER_THE_END_SECONDS)
