"""Rows gathered into round trips, each sent while the next one is gathered."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from oo_stores.redis.overlap import Overlapped
from oo_stores.redis.writes import ROWS_PER_CALL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from oo_stores.redis.config import RedisOnlineStoreConfig

R = TypeVar("R")

ROWS_PER_ROUND_TRIP = 200
"""Rows sent before their replies are read: enough to hide the round trip, and few enough
that the first of a batch are soon on their way."""

ROUND_TRIPS = 4
"""Of rows that are all here at once: for each the caller's thread waits until other threads of
Python let it go on, so a busy process makes few."""


def rows_per_round_trip(rows: int) -> int:
    """Return how many of so many rows, all here at once, go in a round trip."""
    return max(ROWS_PER_ROUND_TRIP, -(-rows // ROUND_TRIPS))


def send_rounds(
    keyed: Iterable[tuple[bytes, R]],
    send: Callable[[Mapping[bytes, Sequence[R]]], int],
    rows_per_round_trip: int = ROWS_PER_ROUND_TRIP,
) -> int:
    """Send rows with their keys, and return the sum of what each round trip answers.

    Args:
        keyed: Read once and never held as a whole; rows of one key that follow each other, up to
            a hundred, go in one round trip.
        send: Sends the rows of a round trip.
        rows_per_round_trip: About so many.
    """
    pending: dict[bytes, list[R]] = {}
    count, last = 0, b""
    written: list[int] = []
    with Overlapped(written.append) as sending:
        for key, ready in keyed:
            if count >= rows_per_round_trip + (ROWS_PER_CALL if key == last else 0):
                sending.start(partial(send, pending))
                pending, count = {}, 0
            pending.setdefault(key, []).append(ready)
            count, last = count + 1, key
        sending.finish(partial(send, pending))
    return sum(written)


def keys_per_call(settings: RedisOnlineStoreConfig) -> int:
    """Return how many keys a script may be given: a Cluster takes none of several servers."""
    return 1 if settings.redis_type == "redis_cluster" else ROWS_PER_ROUND_TRIP
