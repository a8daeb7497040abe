"""The log of accepted signals: the source of everything that is derived."""

from __future__ import annotations

import json
from itertools import chain, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from msgspec import Struct

from oo_profile.storage import noting
from oo_profile.storage.row_insert import RowInsert
from oo_transforms.history import LogEntry
from oo_transforms.notes import NOTHING
from oo_transforms.signals import Signal, redecode
from oo_transforms.timeline import Arrival

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from oo_profile.storage.chosen_users import ChosenUsers
    from oo_transforms.notes import Note
    from oo_transforms.state_view import StateView

SignalRow: TypeAlias = "tuple[str, int, str, str, int, int, int | None, bytes]"
"""A row as it is stored."""

SignalKey: TypeAlias = tuple[str, str]
"""User and event id: what a producer's signal is known by."""

Logged: TypeAlias = "tuple[Signal, int, int]"
"""A signal with its event time and its received time, microseconds."""

_COLUMNS = (
    "user_id",
    "occurred_at",
    "event_id",
    "subject",
    "received_at",
    "stream_sequence",
    "utc_offset_minutes",
    "payload",
)
_INSERT = RowInsert("signals", _COLUMNS)
_KEY_OF_ROW = itemgetter(_COLUMNS.index("user_id"), _COLUMNS.index("event_id"))
_FIND = """
    WITH asked (user, event) AS (VALUES {})
    SELECT user_id, event_id, subject, payload FROM asked CROSS JOIN signals
    ON user_id = asked.user AND event_id = asked.event
"""
_KEYS_AT_ONCE = 500
_ARRIVALS = """
    SELECT occurred_at, received_at, event_id{} FROM signals
    WHERE user_id = ? AND event_id > ? AND occurred_at >= ? AND received_at > ? AND received_at <= ?
    AND subject IN (SELECT value FROM json_each(?)) ORDER BY event_id
"""
_CHOSEN = """
    SELECT subject, payload, occurred_at, received_at
    FROM json_each(?) AS asked CROSS JOIN signals ON user_id = ? AND event_id = asked.value
"""
_SELECT = "SELECT subject, payload, occurred_at, received_at FROM signals WHERE user_id = ?"


class LogEnd(NamedTuple):
    """Where a user's log ends: it differs as soon as a signal has come, or some were removed."""

    signals: int
    received_us: int


class StoredSignal(Struct, frozen=True, gc=False):
    """A signal as accepted; a struct, since one is made for each.

    Attributes:
        signal: What the message says.
        event_time_us: Its event time, at most the received time; microseconds.
        received_us: Its place in the log; greater for every further signal of a user.
        sequence: Its sequence in the stream.
        payload: The message as received.
    """

    signal: Signal
    event_time_us: int
    received_us: int
    sequence: int
    payload: bytes


def rows_of(signals: Iterable[StoredSignal]) -> list[SignalRow]:
    """Return signals as they are stored, in the order of the key."""
    rows = [
        (
            stored.signal.user_id,
            stored.event_time_us,
            stored.signal.event_id,
            stored.signal.subject,
            stored.received_us,
            stored.sequence,
            stored.signal.utc_offset_minutes,
            stored.payload,
        )
        for stored in signals
    ]
    rows.sort(key=_KEY_OF_ROW)
    return rows


def insert_rows(connection: sqlite3.Connection, rows: Sequence[SignalRow]) -> None:
    """Store signals; those ordered by key are written fastest."""
    _INSERT.many(connection, rows)


def insert_many(connection: sqlite3.Connection, signals: Iterable[StoredSignal]) -> None:
    """Store signals in any order."""
    insert_rows(connection, rows_of(signals))


def find_many(connection: sqlite3.Connection, keys: Iterable[SignalKey]) -> dict[SignalKey, Signal]:
    """Return what was accepted under these keys, few statements for all; others are left out."""
    # Sorted, since neighbours on disk are then read together.
    ordered, found = sorted(keys), {}
    for begin in range(0, len(ordered), _KEYS_AT_ONCE):
        asked = ordered[begin : begin + _KEYS_AT_ONCE]
        statement = _FIND.format(", ".join(["(?, ?)"] * len(asked)))
        for user_id, event_id, subject, payload in connection.execute(statement, [*chain(*asked)]):
            found[user_id, event_id] = redecode(subject, payload)
    return found


def log_of(
    connection: sqlite3.Connection, user_id: str, view: StateView, *, until_us: int | None = None
) -> list[LogEntry]:
    """Read the log of one user as one view sees it, in log order.

    Args:
        connection: Where to read.
        user_id: The user.
        view: Signals of its subjects are read.
        until_us: Received time, microseconds, up to which the log is read, inclusive.
    """
    signals = [
        logged
        for logged in signals_of(connection, user_id)
        if until_us is None or logged[2] <= until_us
    ]
    return _entries(connection, user_id, view, signals, noting.notes_in_order)


def signals_of(connection: sqlite3.Connection, user_id: str) -> Iterator[tuple[Signal, int, int]]:
    """Read a user's signals in log order, each with event time and received time."""
    for subject, payload, event_us, received_us in connection.execute(
        f"{_SELECT} ORDER BY received_at", (user_id,)
    ):
        yield redecode(subject, payload), event_us, received_us


def arrivals_of(  # noqa: PLR0913 - what tells which of them
    connection: sqlite3.Connection,
    user_id: str,
    view: StateView,
    *,
    from_us: int = 0,
    after_us: int = 0,
    until_us: int = 2**63 - 1,
    after_id: str = "",
    limit: int | None = None,
) -> list[Arrival]:
    """List when a user's signals of a view happened and came, in the order of their event ids.

    Args:
        connection: Where to read; all of the user's signals are looked at.
        user_id: The user.
        view: Signals of its subjects are listed; of a view that learns only those that add to it.
        from_us: Only with an event time at or after this, microseconds.
        after_us: Only if received after this, microseconds.
        until_us: Only if received by this, microseconds, inclusive.
        after_id: Only with an event id after this.
        limit: At most so many; None: all.
    """
    subjects = json.dumps(view.stored_subjects)
    asked = (user_id, after_id, from_us, after_us, until_us, subjects)
    more = ", subject, payload" if view.learns else ""
    rows: Iterable[tuple[Any, ...]] = connection.execute(_ARRIVALS.format(more), asked)
    if view.learns:
        adds = noting.adds_of(connection, user_id)
        rows = filter(lambda row: adds(row[2], redecode(*row[3:])), rows)
    return [Arrival(*row[:3]) for row in islice(rows, limit)]


def entries_of(
    connection: sqlite3.Connection, user_id: str, view: StateView, event_ids: Sequence[str]
) -> list[LogEntry]:
    """Read some of a user's signals as one view sees them, in the order asked.

    Those that are not stored, or not of the view, are left out.
    """
    rows = connection.execute(_CHOSEN, (json.dumps(sorted(event_ids)), user_id))
    signals = [(redecode(subject, payload), *times) for subject, payload, *times in rows]
    entries = _entries(connection, user_id, view, signals, noting.notes_of_stored)
    found = {entry.event_id: entry for entry in entries}
    return [found[event_id] for event_id in event_ids if event_id in found]


def _entries(
    connection: sqlite3.Connection,
    user_id: str,
    view: StateView,
    signals: Sequence[Logged],
    noted: Callable[..., list[Note]],
) -> list[LogEntry]:
    """Weigh signals for a view, with their notes if it learns."""
    notes = [NOTHING] * len(signals)
    if view.learns:
        placed = [(signal, received_us) for signal, _, received_us in signals]
        notes = noted(connection, user_id, placed, fills=view.fills)
    entries = []
    for (signal, event_us, received_us), note in zip(signals, notes, strict=True):
        added = view.contribution(signal, event_us, note)
        if added is not None:
            entries.append(LogEntry(event_us, received_us, signal.event_id, added))
    return entries


def ends_of(connection: sqlite3.Connection, users: ChosenUsers) -> dict[str, LogEnd]:
    """Read where the logs of some users end."""
    rows = connection.execute(
        "SELECT user_id, count(*), max(received_at) FROM signals "  # noqa: S608 - our condition
        f"WHERE {users.condition} GROUP BY user_id",
        users.arguments,
    )
    return {user_id: LogEnd(count, received_us) for user_id, count, received_us in rows}


def count(connection: sqlite3.Connection, user_id: str | None = None) -> int:
    """Count the signals, of one user or of all."""
    statement = "SELECT count(*) FROM signals"
    found = (
        connection.execute(statement)
        if user_id is None
        else connection.execute(f"{statement} WHERE user_id = ?", (user_id,))
    )
    (number,) = found.fetchone()
    return int(number)


def users(connection: sqlite3.Connection) -> list[str]:
    """List the users that have signals."""
    return [user for (user,) in connection.execute("SELECT DISTINCT user_id FROM signals")]


def newest_offset(
    connection: sqlite3.Connection, user_id: str, until_us: int | None = None
) -> int | None:
    """Return the UTC offset, minutes, of a user's signal with the newest (event time, event id).

    Args:
        connection: Where to read.
        user_id: The user.
        until_us: Only signals with an event time up to this, microseconds, inclusive.
    """
    row = connection.execute(
        "SELECT utc_offset_minutes FROM signal_offsets WHERE user_id = ? AND occurred_at <= ? "
        "ORDER BY occurred_at DESC, event_id DESC LIMIT 1",
        (user_id, 2**63 - 1 if until_us is None else until_us),
    ).fetchone()
    return None if row is None else int(row[0])
