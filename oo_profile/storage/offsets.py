"""The local clock of users at many moments of the past, for training sets."""

from __future__ import annotations

from collections import defaultdict
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

_SELECT = """
    SELECT occurred_at, event_id, received_at, utc_offset_minutes FROM signal_offsets
    WHERE user_id = ? ORDER BY received_at
"""

_Signal = tuple[int, str, int, int]
"""Event time, event id, received time, offset; of two signals the greater is the newer."""

Micros = npt.NDArray[np.int64]
"""Instants, microseconds since the epoch."""


def offsets_at(
    connection: sqlite3.Connection,
    user_ids: Sequence[str],
    times_us: Sequence[int],
    *,
    as_seen: bool,
) -> list[int | None]:
    """Read the UTC offsets, minutes, of users' newest signals at moments, one answer a row.

    The newest signal is that of the latest (event time, event id) with an event time at or before
    the moment, as `signal_log.newest_offset` has it; each user's signals are read once.

    Args:
        connection: Where to read.
        user_ids: The user of each row.
        times_us: The moment of each row, microseconds.
        as_seen: Only signals count that were received at or before the moment.

    Returns:
        None for rows without a signal by then.
    """
    rows = defaultdict[str, list[int]](list)
    for row, user_id in enumerate(user_ids):
        rows[user_id].append(row)
    moments = np.array(times_us, dtype=np.int64)
    found: list[int | None] = [None] * len(moments)
    for user_id, own in rows.items():
        since, offsets = _steps(connection, user_id, as_seen=as_seen)
        at = np.searchsorted(since, moments[own], side="right") - 1
        for row, place in zip(own, at.tolist(), strict=True):
            found[row] = offsets[place] if place >= 0 else None
    return found


def _steps(
    connection: sqlite3.Connection, user_id: str, *, as_seen: bool
) -> tuple[Micros, list[int]]:
    """Return from when on which offset holds, by time."""
    signals: list[_Signal] = connection.execute(_SELECT, (user_id,)).fetchall()
    if as_seen:
        newest = list(accumulate(signals, max))
        since = [received_us for _, _, received_us, _ in signals]
    else:
        newest = sorted(signals)
        since = [event_us for event_us, _, _, _ in newest]
    return np.array(since, dtype=np.int64), [offset for *_, offset in newest]
