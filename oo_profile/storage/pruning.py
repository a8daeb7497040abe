"""Removing signals for which a checkpoint stands; see `checkpoints` for what is kept of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oo_profile.storage import checkpoints
from oo_profile.storage.checkpoints import content_digest, event_digest
from oo_transforms.signals import LearnedImported, Signal, redecode

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from oo_transforms.history import Version
    from oo_transforms.state_view import StateView

_KEYS = """
    SELECT received_at, event_id FROM signals
    WHERE user_id = ? AND received_at < ? ORDER BY received_at
"""
_SELECT = """
    SELECT subject, payload, occurred_at, received_at
    FROM json_each(?) AS asked CROSS JOIN signals ON user_id = ? AND event_id = asked.value
    ORDER BY received_at
"""
_DELETE = """
    DELETE FROM signals WHERE user_id = ? AND event_id IN (SELECT value FROM json_each(?))
"""
_KEEP_DIGESTS = """
    INSERT OR REPLACE INTO pruned_signals (user_id, event_digest, content_digest) VALUES (?, ?, ?)
"""
_KEEP_NEWEST = """
    INSERT INTO pruned_users (user_id, pruned_to, signals, occurred_at, event_id, received_at,
                              utc_offset_minutes)
    VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET pruned_to = excluded.pruned_to, signals = signals + excluded.signals
"""
_KEEP_NEWER = """
    UPDATE pruned_users SET occurred_at = ?2, event_id = ?3, received_at = ?4,
                            utc_offset_minutes = ?5
    WHERE user_id = ?1 AND (occurred_at, event_id) < (?2, ?3)
"""


@dataclass(frozen=True, slots=True)
class OldSignal:
    """A stored signal: what it says, its event time and its received time, microseconds."""

    signal: Signal
    event_time_us: int
    received_us: int


def keys_before(
    connection: sqlite3.Connection, user_id: str, before_us: int
) -> list[tuple[int, str]]:
    """Read received time and event id of a user's signals received before a moment, in order."""
    return connection.execute(_KEYS, (user_id, before_us)).fetchall()


def signals_named(
    connection: sqlite3.Connection, user_id: str, event_ids: Sequence[str]
) -> list[OldSignal]:
    """Read those of some signals of a user that are stored, in log order."""
    rows = connection.execute(_SELECT, (json.dumps(sorted(event_ids)), user_id))
    return [
        OldSignal(redecode(subject, payload), event_us, received_us)
        for subject, payload, event_us, received_us in rows
    ]


def count_pruned(connection: sqlite3.Connection, user_id: str) -> int:
    """Count the signals of a user that were pruned."""
    row = connection.execute(
        "SELECT signals FROM pruned_users WHERE user_id = ?", (user_id,)
    ).fetchone()
    return 0 if row is None else int(row[0])


def keep_state(
    connection: sqlite3.Connection, view: StateView, user_id: str, state: Version
) -> None:
    """Keep the state that stands for a user's pruned signals in a view."""
    checkpoints.insert_many(connection, view, [(user_id, state)])


def remove_signals(
    connection: sqlite3.Connection, user_id: str, signals: Sequence[OldSignal], before_us: int
) -> None:
    """Remove a user's signals received before a moment, and keep what they are known by.

    Args:
        connection: In a transaction.
        user_id: The user.
        signals: All of them that are still stored, at least one.
        before_us: The moment, microseconds.
    """
    connection.executemany(
        _KEEP_DIGESTS,
        (
            (user_id, event_digest(old.signal.event_id), content_digest(old.signal))
            for old in signals
        ),
    )
    # A record of our own tells nothing of its user's clock.
    published = [old for old in signals if not isinstance(old.signal, LearnedImported)]
    newest = max(published or signals, key=lambda old: (old.event_time_us, old.signal.event_id))
    clock = (
        newest.event_time_us,
        newest.signal.event_id,
        newest.received_us,
        newest.signal.utc_offset_minutes,
    )
    connection.execute(_KEEP_NEWEST, (user_id, before_us, len(signals), *clock))
    connection.execute(_KEEP_NEWER, (user_id, *clock))
    event_ids = sorted(old.signal.event_id for old in signals)
    connection.execute(_DELETE, (user_id, json.dumps(event_ids)))
