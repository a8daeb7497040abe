"""The history rule word by word: slow, and plain enough to be checked by reading."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING

from oo_profile.definition.state import Columns, changing, state_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from support.strategies import Logged


@dataclass(frozen=True, slots=True)
class _Written:
    event_us: int
    created_us: int
    number: int
    was_newest: bool


def slow_history(view_name: str, log: Iterable[Logged]) -> dict[tuple[int, int], Columns]:
    """Write a view's history signal by signal.

    Returns:
        The columns of every row that stays, by event time and created time.
    """
    log = list(log)
    signals = list(compress(log, changing([logged.raw for logged in log], view_name)))
    written: list[_Written] = []
    for number, signal in enumerate(signals, start=1):
        times = sorted({known.event_us for known in signals[:number]})
        # A signal writes a version at its own event time and at every event time of the view
        # after it, changed or not, created at its received time.
        written += [
            _Written(time, signal.received_us, number, time == times[-1])
            for time in times
            if time >= signal.event_us
        ]
    rows = {}
    for version in written:
        # Of the versions of one event time only these stay: those written while it was the view's
        # newest event time (what serving saw), and the newest (what is true).
        same = [other for other in written if other.event_us == version.event_us]
        newest = max(same, key=lambda other: other.created_us)
        if version.was_newest or version is newest:
            known = [signal.raw for signal in signals[: version.number]]
            columns = state_at(known, view_name, version.event_us)
            rows[version.event_us, version.created_us] = columns
    return rows
