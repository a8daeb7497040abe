"""Which version of a user's view serving may have seen at which moment."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

    from oo_profile.storage.state_table import StateTable
    from oo_transforms.history import Version
    from oo_transforms.timeline import Key


class SeenVersions:
    """The versions of a user's view in the order in which serving could see them.

    A version is seen from its created time on, until one with a later key is there: corrections of
    earlier event times are never seen.

    Args:
        connection: Where to read, in one transaction.
        table: The view.
        user_id: The user.
    """

    def __init__(self, connection: sqlite3.Connection, table: StateTable, user_id: str) -> None:
        self._connection = connection
        self._table = table
        self._user_id = user_id
        self._keys: list[Key] = []
        self._versions: dict[Key, Version | None] = {}
        keys = table.keys(connection, user_id, 0, 2**63 - 1)
        for key in sorted(keys, key=lambda key: (key[1], key[0])):
            if not self._keys or key > self._keys[-1]:
                self._keys.append(key)
        self._created = [created_us for _, created_us in self._keys]

    def place_at(self, time_us: int) -> int:
        """Return the place of the version seen at a moment, -1 if there was none yet."""
        return bisect_right(self._created, time_us) - 1

    def created_us(self, place: int) -> int | None:
        """Return when a version was created; None behind the last one, 0 before the first."""
        if place >= len(self._created):
            return None
        return self._created[place] if place >= 0 else 0

    def version(self, place: int) -> Version | None:
        """Read a version; None before the first."""
        if place < 0:
            return None
        key = self._keys[place]
        if key not in self._versions:
            found = self._table.version_of(self._connection, self._user_id, key)
            self._versions[key] = found
        return self._versions[key]
