"""Asks a server that failed only now and then, so that not every request waits for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

REST: Final = timedelta(seconds=1)


class Breaker:
    """Lets everybody through while all is well; after a failure, one in each `REST`.

    Args:
        monotonic: Tells seconds that only grow.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._next_try: float | None = None

    @property
    def is_closed(self) -> bool:
        """Whether all is well."""
        return self._next_try is None

    def allows(self) -> bool:
        """Say whether to ask the server; whoever is let through after a failure is the probe."""
        if self._next_try is None:
            return True
        if self._monotonic() < self._next_try:
            return False
        self.failed()  # until the probe is back
        return True

    def failed(self) -> None:
        """Let it rest."""
        self._next_try = self._monotonic() + REST.total_seconds()

    def succeeded(self) -> None:
        """Let everybody through."""
        self._next_try = None
