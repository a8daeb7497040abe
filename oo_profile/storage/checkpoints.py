"""What stands for signals that were pruned: a state a user and view, and how to know copies.

`oo prune` removes the signals received before a moment. Of each user and view the state of all of
them stays, as the first version of his history and here once more, since a rebuild starts from it
and must not rest on what it replaces. Of each user his newest pruned signal's local clock stays,
and of each signal two digests by which a further copy is known: a copy is a duplicate, and the
same `event_id` with other content is rejected, as if the signal were still there.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from oo_transforms.history import Version

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable

    from oo_profile.storage.chosen_users import ChosenUsers
    from oo_profile.storage.signal_log import SignalKey
    from oo_transforms.signals import Signal
    from oo_transforms.state_view import StateView

DIGEST_BYTES = 8
"""Two of a million signals of one user have the same digest with a chance of 1 in 10^7."""

TABLES = ("checkpoints", "pruned_users", "pruned_signals")
"""All of them have a `user_id`: whoever removes a person removes it there too."""

_INSERT = """
    INSERT OR REPLACE INTO checkpoints
        (user_id, view_name, event_timestamp, created_timestamp, cells)
    VALUES (?, ?, ?, ?, ?)
"""
_FIND_COPIES = """
    SELECT user_id, json_extract(asked.value, '$[1]'), content_digest
    FROM json_each(?) AS asked CROSS JOIN pruned_signals
    ON user_id = json_extract(asked.value, '$[0]')
    AND event_digest = json_extract(asked.value, '$[2]')
"""


def find(connection: sqlite3.Connection, view: StateView, user_id: str) -> Version | None:
    """Read the state that stands for a user's pruned signals in a view; None if there is none."""
    row = connection.execute(
        "SELECT event_timestamp, created_timestamp, cells FROM checkpoints "
        "WHERE user_id = ? AND view_name = ?",
        (user_id, view.name),
    ).fetchone()
    return None if row is None else Version(row[0], row[1], _unpacked(view, row[2]))


def find_many(
    connection: sqlite3.Connection, view: StateView, users: ChosenUsers
) -> dict[str, Version]:
    """Read the same for some users; one without any is left out."""
    rows = connection.execute(
        "SELECT user_id, event_timestamp, created_timestamp, cells FROM checkpoints "  # noqa: S608
        f"WHERE {users.condition} AND view_name = ?",
        (*users.arguments, view.name),
    )
    return {row[0]: Version(row[1], row[2], _unpacked(view, row[3])) for row in rows}


def floor_us(connection: sqlite3.Connection, view: StateView, user_id: str) -> int:
    """Read the event time at which a user's history in a view begins, 0 if nothing was pruned."""
    row = connection.execute(
        "SELECT event_timestamp FROM checkpoints WHERE user_id = ? AND view_name = ?",
        (user_id, view.name),
    ).fetchone()
    return 0 if row is None else int(row[0])


def count(connection: sqlite3.Connection, view: StateView) -> int:
    """Count the users of whom a state stands for pruned signals in a view."""
    (users,) = connection.execute(
        "SELECT count(*) FROM checkpoints WHERE view_name = ?", (view.name,)
    ).fetchone()
    return int(users)


def delete_all(connection: sqlite3.Connection, view: StateView) -> None:
    """Forget all of a view: its histories then begin with the signals that are left."""
    connection.execute("DELETE FROM checkpoints WHERE view_name = ?", (view.name,))


def insert_many(
    connection: sqlite3.Connection, view: StateView, states: Iterable[tuple[str, Version]]
) -> None:
    """Keep the states, one (user, version) each, that stand for pruned signals of a view."""
    connection.executemany(
        _INSERT,
        (
            (user_id, view.name, state.event_time_us, state.created_us, _packed(state))
            for user_id, state in states
        ),
    )


def find_copies(
    connection: sqlite3.Connection, keys: Collection[SignalKey]
) -> dict[SignalKey, int]:
    """Return the content's digest of each of these signals that was pruned; others are left out."""
    if not keys or connection.execute("SELECT 1 FROM pruned_signals LIMIT 1").fetchone() is None:
        return {}
    asked = json.dumps([(user, event, event_digest(event)) for user, event in sorted(keys)])
    rows = connection.execute(_FIND_COPIES, (asked,))
    return {(user, event): content for user, event, content in rows}


def event_digest(event_id: str) -> int:
    """Digest an event id into a whole number that SQLite can hold."""
    return _digest(event_id.encode())


def content_digest(signal: Signal) -> int:
    """Digest what makes two messages copies of one another: subject and decoded known fields."""
    fields = msgspec.msgpack.encode(signal, order="deterministic")
    return _digest(signal.subject.encode() + b"\n" + fields)


def _digest(content: bytes) -> int:
    digest = hashlib.blake2b(content, digest_size=DIGEST_BYTES).digest()
    return int.from_bytes(digest, "little", signed=True)


def _packed(state: Version) -> bytes:
    cells = [cell.tolist() if isinstance(cell, np.ndarray) else cell for cell in state.cells]
    return msgspec.msgpack.encode(cells)


def _unpacked(view: StateView, packed: bytes) -> tuple[Any, ...]:
    cells = msgspec.msgpack.decode(packed)
    fields = view.fields()
    return tuple(
        np.array(cell, dtype=float) if field.dtype == "Array(Float64)" else cell
        for field, cell in zip(fields, cells, strict=True)
    )
