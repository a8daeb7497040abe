"""Sessions from bare instants: runs of work without a long pause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SESSION_GAP = timedelta(hours=2)
"""A pause this long, or longer, ends a session."""

SHORTEST_SESSION = timedelta(seconds=60)
"""One event alone took somebody at least this long."""


@dataclass(frozen=True, slots=True)
class Session:
    """One run of one user's events.

    Attributes:
        start: Time of the first event, in the UTC offset of that event.
        duration: From the first event to the last, at least `SHORTEST_SESSION`.
    """

    start: datetime
    duration: timedelta


def sessions_of(instants: Iterable[datetime]) -> Iterator[Session]:
    """Cut one user's events into sessions, in order of time.

    Every event lies in exactly one session: within a session each event follows the one before
    by less than `SESSION_GAP`, and between two sessions lies at least that.

    Args:
        instants: Aware event times in any order and in any offsets. Of several events at the
            start of a session the one furthest west gives the offset, so that the order in
            which they come does not matter.

    Yields:
        The sessions; none if there are no events.

    >>> nine = datetime.fromisoformat("2024-05-01T09:00:00+02:00")
    >>> runs = sessions_of([nine, nine + timedelta(minutes=90), nine + timedelta(hours=5)])
    >>> [(f"{run.start:%H:%M%z}", run.duration.total_seconds()) for run in runs]
    [('09:00+0200', 5400.0), ('14:00+0200', 60.0)]
    """
    ordered = iter(sorted(instants, key=_instant_then_offset))
    first = last = next(ordered, None)
    if first is None or last is None:
        return
    for instant in ordered:
        if instant - last >= SESSION_GAP:
            yield _session(first, last)
            first = instant
        last = instant
    yield _session(first, last)


def _instant_then_offset(instant: datetime) -> tuple[datetime, timedelta | None]:
    return instant, instant.utcoffset()


def _session(first: datetime, last: datetime) -> Session:
    return Session(start=first, duration=max(last - first, SHORTEST_SESSION))
