"""People who were forgotten after a backup was taken stay forgotten when it is restored."""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING, Final

from oo_profile.errors import DatabaseError, RestoreError
from oo_profile.privacy import database_erasure
from oo_profile.privacy.mentions import Person
from oo_profile.privacy.writing import Patience, open_writer
from oo_profile.storage import tombstones
from oo_profile.storage.database import reading

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from oo_profile.storage.tombstones import Tombstone

USERS_AT_ONCE: Final = 10_000
"""Users that are looked up together."""

_USERS = "SELECT user_id FROM signals UNION SELECT user_id FROM pruned_users"


def keep_forgotten(copy: Path, replaced: Path) -> int:
    """Take the tombstones of the database that is replaced over, and erase whom they keep out.

    One who was forgotten and has returned since is erased too: what the copy has of him is from
    before, and what came after is in the stream.

    Args:
        copy: The database that comes in its place; nobody else has it open.
        replaced: Where the younger tombstones are; a file that cannot be read has none.

    Returns:
        How many tombstones are new.

    Raises:
        RestoreError: The two are not of one lineage.
        DatabaseError: The copy cannot be written.
    """
    kept = _kept(replaced)
    if kept is None:
        return 0
    with open_writer(copy, Patience(time.monotonic, lambda _: None)) as writer:
        before = _found(writer.connection)
        try:
            added: list[int] = []
            writer.write(lambda: added.append(tombstones.add_all(writer.connection, kept)))
        except ValueError as error:
            raise RestoreError(copy, f"it is no backup of {replaced}: {error}") from error
        for user_id, tombstone in _found(writer.connection).items():
            if before.get(user_id) != tombstone:
                database_erasure.erase_rejected(writer, Person(user_id))
                database_erasure.erase_rows(writer, user_id)
    return added[0]


def _kept(database: Path) -> tombstones.Kept | None:
    try:
        with reading(database) as old:
            return tombstones.all_of(old)
    except DatabaseError:
        return None


def _found(connection: sqlite3.Connection) -> dict[str, Tombstone]:
    """Return the tombstones of everyone of whom there is anything."""
    if not tombstones.any_exist(connection):
        return {}
    found: dict[str, Tombstone] = {}
    users = (user_id for (user_id,) in connection.execute(_USERS))
    for some in _portions(users):
        found |= tombstones.find_many(connection, some)
    return found


def _portions(users: Iterable[str]) -> Iterator[list[str]]:
    users = iter(users)
    while some := list(islice(users, USERS_AT_ONCE)):
        yield some
