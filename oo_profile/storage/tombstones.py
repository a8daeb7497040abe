"""Tombstones: what keeps a forgotten person out for good, without an id.

A tombstone is a keyed hash of the user id; the key, a random salt, lies in the same file. BLAKE2b
and not scrypt, since it is asked for every user of every batch: a microsecond each, where scrypt,
made to be slow, would take tens of milliseconds. Nobody can look a tombstone up in a table made
elsewhere, nor compare it with those of another file. Who has this file and guesses an id can tell
whether that person was forgotten, so ids should not be guessable (no mail addresses).

A person who returns (`oo unforget`) keeps the tombstone, as the moment up to which it holds. What
was received until then stays out, and so does what happened until then: producers may still hold
old signals, and to start anew means without them.

Whoever writes state asks inside its transaction, and once more after writing Redis.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping

SALT_BYTES: Final = 32
FOR_GOOD: Final = 2**63 - 1
"""Until when a tombstone holds whose person has not returned, microseconds."""

_HASH_BYTES = 32
_FIND = """
    SELECT user_hash, keeps_out_until FROM json_each(?) AS asked CROSS JOIN forgotten_users
    ON user_hash = asked.value
"""
_SET = """
    INSERT INTO forgotten_users (user_hash, keeps_out_until) VALUES (?, ?)
    ON CONFLICT (user_hash) DO UPDATE SET keeps_out_until = excluded.keeps_out_until
"""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Up to when a person's signals are kept out.

    Attributes:
        keeps_out_until: Microseconds, inclusive; `FOR_GOOD` without a return.
    """

    keeps_out_until: int

    @property
    def is_for_good(self) -> bool:
        """Say whether this person has not returned: nothing about him may be written."""
        return self.keeps_out_until == FOR_GOOD

    def keeps_out(self, occurred_us: int, received_us: int) -> bool:
        """Say whether a signal must not be stored.

        Args:
            occurred_us: Its event time as the producer stated it, microseconds.
            received_us: When the stream took it, microseconds.
        """
        return min(occurred_us, received_us) <= self.keeps_out_until


@dataclass(frozen=True, slots=True)
class Kept:
    """All tombstones of a file.

    Attributes:
        salt: The file's.
        until: Until when each holds, by its hash.
    """

    salt: bytes
    until: Mapping[str, int]


def find_many(connection: sqlite3.Connection, user_ids: Iterable[str]) -> dict[str, Tombstone]:
    """Return the tombstones of these users; those without any are left out.

    Where nobody was ever forgotten it is one look at an empty table, and no id is hashed.
    """
    row = connection.execute("SELECT salt FROM forgetting_salt").fetchone()
    if row is None:
        return {}
    ids = {_hash(row[0], user_id): user_id for user_id in user_ids}
    found = connection.execute(_FIND, (json.dumps(sorted(ids)),))
    return {ids[user_hash]: Tombstone(until) for user_hash, until in found}


def all_of(connection: sqlite3.Connection) -> Kept | None:
    """Read all tombstones; None if nobody was ever forgotten."""
    row = connection.execute("SELECT salt FROM forgetting_salt").fetchone()
    if row is None:
        return None
    rows = connection.execute("SELECT user_hash, keeps_out_until FROM forgotten_users")
    return Kept(row[0], dict(rows.fetchall()))


def add_all(connection: sqlite3.Connection, kept: Kept) -> int:
    """Add the tombstones of another file, in the caller's transaction; return how many are new.

    Those of the other file count where both have one: it is the younger one.

    Raises:
        ValueError: The files have different salts, so nobody can tell who is who.
    """
    connection.execute("INSERT OR IGNORE INTO forgetting_salt VALUES (0, ?)", (kept.salt,))
    known = all_of(connection)
    if known is None or known.salt != kept.salt:
        raise ValueError("people were forgotten in both, under different salts")
    connection.executemany(_SET, kept.until.items())
    return sum(known.until.get(one) != until for one, until in kept.until.items())


def any_exist(connection: sqlite3.Connection) -> bool:
    """Say whether anybody was ever forgotten."""
    return connection.execute("SELECT 1 FROM forgetting_salt").fetchone() is not None


def forgotten(connection: sqlite3.Connection, user_ids: Iterable[str]) -> set[str]:
    """Return which of these users are forgotten and have not returned."""
    found = find_many(connection, user_ids)
    return {user_id for user_id, tombstone in found.items() if tombstone.is_for_good}


def set_until(
    connection: sqlite3.Connection, user_id: str, until_us: int, new_salt: Callable[[int], bytes]
) -> None:
    """Set a user's tombstone, in the caller's transaction.

    Args:
        connection: Where to write.
        user_id: The user; only a hash of it is kept.
        until_us: `FOR_GOOD`, or the moment of the return; microseconds.
        new_salt: Gives so many random bytes, asked at the first tombstone of a file.
    """
    connection.execute(
        "INSERT OR IGNORE INTO forgetting_salt VALUES (0, ?)", (new_salt(SALT_BYTES),)
    )
    (salt,) = connection.execute("SELECT salt FROM forgetting_salt").fetchone()
    connection.execute(_SET, (_hash(salt, user_id), until_us))


def _hash(salt: bytes, user_id: str) -> str:
    # As text, which goes into one statement for any number of users.
    return hashlib.blake2b(_bytes(user_id), key=salt, digest_size=_HASH_BYTES).hexdigest()


def _bytes(user_id: str) -> bytes:
    # A text that came with half of a surrogate pair is nobody's id, and has a hash all the same.
    return user_id.encode(errors="surrogatepass")
