"""What came in each minute, in counts: what the quality checks read, kept by the builder.

A minute of the stream's clock is one row that holds all counts by name, so that a batch changes
one or two pages, whatever it brings, and no index is needed on the signals. Whoever reads asks
for the rows written since the last time. Rows leave after `KEPT_MINUTES`: the reader keeps its own
sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

Counts: TypeAlias = "dict[str, int]"
"""Counts by name; see `oo_profile.building.tally` for the names."""

MINUTE_US: Final = 60_000_000
KEPT_MINUTES: Final = 3 * 24 * 60

_SET = """
    INSERT INTO signal_minutes (minute, written, stream_created_at, stream_sequence, counts)
    VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (minute) DO UPDATE SET
        written = excluded.written,
        stream_created_at = excluded.stream_created_at,
        stream_sequence = excluded.stream_sequence,
        counts = excluded.counts
"""
_SET_BUSIEST = """
    INSERT INTO busiest_users (minute, user_id, signals) VALUES (?, ?, ?)
    ON CONFLICT (minute) DO UPDATE SET user_id = excluded.user_id, signals = excluded.signals
    WHERE excluded.signals > busiest_users.signals
"""
_decoder = msgspec.json.Decoder(dict[str, int])


@dataclass(frozen=True, slots=True)
class Mark:
    """How far messages are counted.

    Attributes:
        written: Number of the last write; each has a greater one.
        stream_created_at: The stream's creation time; empty: nothing was counted yet.
        stream_sequence: The last message counted.
    """

    written: int = 0
    stream_created_at: str = ""
    stream_sequence: int = 0


@dataclass(frozen=True, slots=True)
class SignalMinute:
    """What came in a minute.

    Attributes:
        minute: Minutes since the epoch, by the stream's clock.
        written: Number of the write that made it what it is.
        counts: By name.
    """

    minute: int
    written: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class BusiestUser:
    """Who sent most in a minute.

    Attributes:
        minute: Minutes since the epoch.
        user_id: Who.
        signals: How many, about: of large batches it is estimated from a sample.
    """

    minute: int
    user_id: str
    signals: int


def newest_mark(connection: sqlite3.Connection) -> Mark:
    """Return how far messages are counted."""
    row = connection.execute(
        "SELECT written, stream_created_at, stream_sequence FROM signal_minutes "
        "ORDER BY written DESC LIMIT 1"
    ).fetchone()
    return Mark(*row) if row else Mark()


def find(connection: sqlite3.Connection, minute: int) -> Counts:
    """Return the counts of a minute; empty if nothing came."""
    row = connection.execute(
        "SELECT counts FROM signal_minutes WHERE minute = ?", (minute,)
    ).fetchone()
    return _decoder.decode(row[0]) if row else {}


def replace(
    connection: sqlite3.Connection, minute: int, mark: Mark, counts: Mapping[str, int]
) -> None:
    """Write the counts of a minute, in the caller's transaction."""
    encoded = msgspec.json.encode(counts)
    connection.execute(
        _SET, (minute, mark.written, mark.stream_created_at, mark.stream_sequence, encoded)
    )


def note_busiest(connection: sqlite3.Connection, busiest: BusiestUser) -> None:
    """Write who sent most in a minute, unless somebody is noted who sent more."""
    connection.execute(_SET_BUSIEST, (busiest.minute, busiest.user_id, busiest.signals))


def delete_before(connection: sqlite3.Connection, minute: int) -> None:
    """Delete what is older, in the caller's transaction."""
    connection.execute("DELETE FROM signal_minutes WHERE minute < ?", (minute,))
    connection.execute("DELETE FROM busiest_users WHERE minute < ?", (minute,))


def written_since(connection: sqlite3.Connection, written: int) -> list[SignalMinute]:
    """Return the minutes that were written after this write, in order of time."""
    rows = connection.execute(
        "SELECT minute, written, counts FROM signal_minutes WHERE written > ? ORDER BY minute",
        (written,),
    )
    return [
        SignalMinute(minute, number, _decoder.decode(counts)) for minute, number, counts in rows
    ]


def between(connection: sqlite3.Connection, first: int, end: int) -> list[SignalMinute]:
    """Return the minutes from `first` to before `end`, in order of time."""
    rows = connection.execute(
        "SELECT minute, written, counts FROM signal_minutes WHERE minute >= ? AND minute < ? "
        "ORDER BY minute",
        (first, end),
    )
    return [
        SignalMinute(minute, number, _decoder.decode(counts)) for minute, number, counts in rows
    ]


def busiest_between(connection: sqlite3.Connection, first: int, end: int) -> list[BusiestUser]:
    """Return who sent most in each minute from `first` to before `end`."""
    rows = connection.execute(
        "SELECT minute, user_id, signals FROM busiest_users WHERE minute >= ? AND minute < ? "
        "ORDER BY minute",
        (first, end),
    )
    return [BusiestUser(*row) for row in rows]
