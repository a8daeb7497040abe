"""When a disk will be full, from what was free lately."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

WINDOW_SECONDS: Final = 3600.0
"""What growth is measured over."""

LEAST_SECONDS: Final = 600.0
"""Growth over a shorter time is no forecast: one large file would be one."""

WARN_SECONDS: Final = 86_400.0
"""A disk that is full within this time at the present growth is filling."""

WARN_BYTES: Final = 1 << 30  # 1 GiB
WARN_SHARE: Final = 0.05
"""A disk with less free than both of these is filling, whatever the growth."""


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk of the database.

    Attributes:
        free_bytes: What is free to a user without privileges.
        total_bytes: Its size.
        full_seconds: In how long it is full at the growth of the last hour; infinite if it does
            not grow, or has not been watched for ten minutes.
    """

    free_bytes: int
    total_bytes: int
    full_seconds: float

    @property
    def filling(self) -> bool:
        """Say whether somebody should see to it.

        That is when it is full within a day at the growth of the last hour, or when less than
        5 % and less than 1 GiB are free.
        """
        low = self.free_bytes < min(WARN_BYTES, WARN_SHARE * self.total_bytes)
        return low or self.full_seconds < WARN_SECONDS


class DiskForecast:
    """Remembers what was free in the last hour, at most once a minute."""

    def __init__(self) -> None:
        self._past: deque[tuple[float, int]] = deque()

    def add(self, now_seconds: float, free_bytes: int, total_bytes: int) -> Disk:
        """Take what is free now, and say when nothing will be.

        Args:
            now_seconds: A clock that never goes back.
            free_bytes: What is free now.
            total_bytes: The disk's size.
        """
        while self._past and self._past[0][0] < now_seconds - WINDOW_SECONDS:
            self._past.popleft()
        full_seconds = self._full_seconds(now_seconds, free_bytes)
        if not self._past or now_seconds >= self._past[-1][0] + WINDOW_SECONDS / 60:
            self._past.append((now_seconds, free_bytes))
        return Disk(free_bytes, total_bytes, full_seconds)

    def _full_seconds(self, now_seconds: float, free_bytes: int) -> float:
        if not self._past:
            return math.inf
        then_seconds, then_bytes = self._past[0]
        taken, seconds = then_bytes - free_bytes, now_seconds - then_seconds
        if seconds < LEAST_SECONDS or taken <= 0:
            return math.inf
        return free_bytes * seconds / taken
