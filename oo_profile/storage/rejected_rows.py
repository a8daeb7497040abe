"""The rejected messages that are kept, for whoever decides what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from oo_profile.errors import UnknownRejectionError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

RejectedKey: TypeAlias = tuple[str, int]
"""Creation time of the stream, and sequence in it."""

_COLUMNS = (
    "stream_created_at, stream_sequence, subject, reason, detail, received_at, payload, "
    "payload_bytes"
)


@dataclass(frozen=True, slots=True)
class RejectedMessage:
    """A rejected message as it is kept.

    Attributes:
        stream_created_at: Creation time of its stream.
        sequence: Its sequence in it.
        subject: Its subject.
        reason: Why it was rejected, in fixed words.
        detail: What was found and what is allowed.
        received_us: When the stream took it, microseconds.
        payload: What is kept of it: at most 64 KiB.
        payload_bytes: How long it was.
    """

    stream_created_at: str
    sequence: int
    subject: str
    reason: str
    detail: str
    received_us: int
    payload: bytes
    payload_bytes: int

    @property
    def key(self) -> RejectedKey:
        """What it is known by."""
        return self.stream_created_at, self.sequence

    @property
    def is_whole(self) -> bool:
        """Whether all of it is kept."""
        return len(self.payload) == self.payload_bytes


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rejected messages are meant; without anything: all.

    Attributes:
        keys: Of these alone: a sequence, or `CREATED/SEQUENCE` where two streams have it.
        reason: Those with this reason.
    """

    keys: Sequence[str] = ()
    reason: str | None = None


def count_by_reason(connection: sqlite3.Connection) -> dict[str, int]:
    """Count them, the most frequent reason first."""
    return dict(
        connection.execute(
            "SELECT reason, count(*) FROM rejected_signals GROUP BY reason ORDER BY 2 DESC, 1"
        ).fetchall()
    )


def newest(connection: sqlite3.Connection, reason: str | None, limit: int) -> list[RejectedMessage]:
    """Read the ones received last, at most `limit`, the newest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM rejected_signals WHERE reason = coalesce(?, reason) "  # noqa: S608
        "ORDER BY received_at DESC, stream_sequence DESC LIMIT ?",
        (reason, limit),
    )
    return [RejectedMessage(*row) for row in rows]


def find(connection: sqlite3.Connection, key: RejectedKey) -> RejectedMessage | None:
    """Read one; None if it is not there any more."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM rejected_signals "  # noqa: S608 - our own columns
        "WHERE stream_created_at = ? AND stream_sequence = ?",
        key,
    ).fetchone()
    return None if row is None else RejectedMessage(*row)


def keys_of(connection: sqlite3.Connection, choice: Choice) -> list[RejectedKey]:
    """List the keys of those that are meant, in the order of the stream.

    Raises:
        UnknownRejectionError: A key or a reason that none has, or a sequence that two streams have.
    """
    if choice.keys:
        return [_key(connection, text) for text in choice.keys]
    keys = connection.execute(
        "SELECT stream_created_at, stream_sequence FROM rejected_signals "
        "WHERE reason = coalesce(?, reason) ORDER BY 1, 2",
        (choice.reason,),
    ).fetchall()
    if choice.reason is not None and not keys:
        known = list(count_by_reason(connection))
        raise UnknownRejectionError(f"the reason {choice.reason!r}", known)
    return keys


def delete_many(connection: sqlite3.Connection, keys: Sequence[RejectedKey]) -> int:
    """Delete these, in the caller's transaction; return how many were there."""
    cursor = connection.executemany(
        "DELETE FROM rejected_signals WHERE stream_created_at = ? AND stream_sequence = ?", keys
    )
    return cursor.rowcount


def _key(connection: sqlite3.Connection, text: str) -> RejectedKey:
    created_at, slash, number = text.rpartition("/")
    found: list[RejectedKey] = []
    if number.isdecimal():
        found = connection.execute(
            "SELECT stream_created_at, stream_sequence FROM rejected_signals "
            "WHERE stream_sequence = ? AND stream_created_at = coalesce(?, stream_created_at)",
            (int(number), created_at if slash else None),
        ).fetchall()
    if len(found) != 1:
        raise UnknownRejectionError(f"the key {text!r}", [f"{at}/{seq}" for at, seq in found])
    return found[0]
