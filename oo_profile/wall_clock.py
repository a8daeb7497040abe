"""The real clock."""

from __future__ import annotations

import time


def wall_clock() -> int:
    """Tell the present, microseconds since the epoch; for entry points only."""
    return time.time_ns() // 1000
