"""Sending a batch to Redis while the next one is encoded."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Generic, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

T = TypeVar("T")

HEAD_START_SECONDS = 5e-5
"""What a piece gets to itself, so that it is at the server before the caller goes on."""


class Overlapped(Generic[T]):
    """Does one piece of work after another, each beside what the caller does meanwhile.

    A context manager: leaving it waits for what is under way. No thread is started for a caller
    that only has a last piece, as most writes have.

    Args:
        done: Called in the caller's thread with what each piece returned, in order.
    """

    def __init__(self, done: Callable[[T], object]) -> None:
        self._done = done
        self._worker: ThreadPoolExecutor | None = None
        self._under_way: Future[T] | None = None

    def start(self, work: Callable[[], T]) -> None:
        """Begin a piece, when the one before is done; raises what that raised."""
        self._wait()
        if self._worker is None:
            self._worker = ThreadPoolExecutor(1, "redis-write")
        self._under_way = self._worker.submit(work)
        # Or the worker would wait for the interpreter, up to 5 ms, with nothing under way.
        time.sleep(HEAD_START_SECONDS)

    def finish(self, work: Callable[[], T]) -> None:
        """Do the last piece, when the one before is done; raises what either raises."""
        self._wait()
        self._done(work())

    def _wait(self) -> None:
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            self._done(under_way.result())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._worker is not None:
            self._worker.shutdown()
