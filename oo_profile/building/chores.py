"""Work behind the batches, which gets a share of the time while batches are full."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Chore:
    """One kind of such work, done in portions.

    Args:
        portion: Does a portion; returns how much there was to do, 0 for nothing.
        share: The share of all time that it may take while batches are full; below 1.
    """

    def __init__(self, portion: Callable[[], int], share: float) -> None:
        self._portion = portion
        self._share = share
        self._seconds = 0.0

    def may_run(self, busy_seconds: float) -> bool:
        """Say whether it had less than its share so far.

        Args:
            busy_seconds: What the batches have taken.
        """
        return self._seconds < busy_seconds * self._share / (1 - self._share)

    def run(self) -> int:
        """Do a portion."""
        began = time.perf_counter()
        try:
            return self._portion()
        finally:
            self._seconds += time.perf_counter() - began
