"""How often the builder does work that batches need not wait for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Pace:
    """A share of the time for work in small pieces, and all of it while no messages come.

    Args:
        share: The share while messages come, above 0 and below 1.
        quiet_seconds: After how long without a message pieces follow each other at once, and how
            long it is until work is looked for again when there was none.
        clock: Tells seconds that only grow.

    >>> now = 100.0
    >>> pace = Pace(0.05, 0.5, lambda: now)
    >>> pace.spend(0.01, busy=True)  # a piece of 10 ms
    >>> round(pace.wait_seconds(), 9)
    0.19
    """

    def __init__(
        self, share: float, quiet_seconds: float, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._rest = (1 - share) / share
        self._quiet_seconds = quiet_seconds
        self._clock = clock
        self._rested_at = self._message_at = clock()
        self._busy = False

    def is_due(self, *, messages_came: bool) -> bool:
        """Say whether the next piece may be done now; take note of whether messages came."""
        if messages_came:
            self._message_at = self._clock()
        return not self.wait_seconds()

    def spend(self, seconds: float, *, busy: bool) -> None:
        """Take note of a piece that has just ended, or that there was nothing to do."""
        self._busy = busy
        pause = seconds * self._rest if busy else self._quiet_seconds
        self._rested_at = self._clock() + pause

    def wait_seconds(self) -> float:
        """Tell how long it is until the next piece may be done, 0 if it may be done now."""
        due_at = self._rested_at
        if self._busy:
            due_at = min(due_at, self._message_at + self._quiet_seconds)
        return max(due_at - self._clock(), 0.0)
