"""The table of one state view: every version of every user's state, by event and created time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import numpy as np

from oo_profile.errors import UnreadableStateError
from oo_profile.storage.row_insert import RowInsert
from oo_profile.storage.state_rows import StateRowCodec
from oo_transforms.history import Change, Version
from oo_transforms.state import State

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from oo_profile.storage.chosen_users import ChosenUsers
    from oo_transforms.fields import StateField
    from oo_transforms.state_view import StateView
    from oo_transforms.version_columns import VersionColumns

COLUMN_TYPES = {
    "Float64": "DOUBLE",
    "String": "TEXT",
    "Array(Float64)": "DOUBLE_LIST",
    "Array(String)": "TEXT_LIST",
}
"""The declared column type that says how a value is stored, as the offline store reads it."""

KEY = (
    ("user_id", "TEXT"),
    ("event_timestamp", "TIMESTAMP_US"),
    ("created_timestamp", "TIMESTAMP_US"),
)
RawRow: TypeAlias = "tuple[Any, ...]"
"""A row as it is stored: the key, then the cells, arrays and lists packed."""

_NUMBERS = np.dtype("<f8")
_NEWEST_FIRST = "ORDER BY event_timestamp DESC, created_timestamp DESC LIMIT 1"


class StateTable:
    """Reads and writes the history of one view.

    Rows are keyed (user, event time, created time), so the newest state at or before a time is
    one seek. Nothing here begins or ends a transaction. Reads of many users at once are one
    statement, which costs a third of one for each. What reads states raises `UnreadableStateError`
    at one that is none.
    """

    def __init__(self, view: StateView) -> None:
        self.view = view
        self.name = view.name
        fields = view.fields()
        self.columns = (*KEY, *((field.name, COLUMN_TYPES[field.dtype]) for field in fields))
        self.fields: tuple[StateField, ...] = fields
        self._codec = StateRowCodec(view)
        self._arrays = _places(fields, "Array(Float64)")
        self._texts = _places(fields, "Array(String)")
        names = ", ".join(name for name, _ in self.columns)
        values = ", ".join(field.name for field in fields)
        self.create_statement = self._create_statement()
        self._insert = RowInsert(self.name, [name for name, _ in self.columns])
        self._delete = (
            f"DELETE FROM {self.name} "
            "WHERE user_id = ? AND event_timestamp = ? AND created_timestamp = ?"
        )
        select = f"SELECT event_timestamp, created_timestamp, {values} FROM {self.name}"
        self._newest = f"{select} WHERE user_id = ? {_NEWEST_FIRST}"
        self._newest_at = f"{select} WHERE user_id = ? AND event_timestamp <= ? {_NEWEST_FIRST}"
        self._one = f"{select} WHERE user_id = ? AND event_timestamp = ? AND created_timestamp = ?"
        self._newest_seen = (
            f"{select} WHERE user_id = ?1 AND event_timestamp <= ?2 AND created_timestamp <= ?2 "
            f"{_NEWEST_FIRST}"
        )
        newest_of_each = (
            f"FROM json_each(?) AS asked CROSS JOIN {self.name} "
            "ON user_id = asked.value AND (event_timestamp, created_timestamp) = ("
            f"SELECT event_timestamp, created_timestamp FROM {self.name} "
            f"WHERE user_id = asked.value {_NEWEST_FIRST})"
        )
        self._newest_many = f"SELECT {names} {newest_of_each}"
        self._newest_columns = (
            f"SELECT asked.key, event_timestamp, created_timestamp, {values} {newest_of_each}"
        )
        self._tail = (
            f"{select} WHERE user_id = ?1 AND event_timestamp >= coalesce("
            f"(SELECT max(event_timestamp) FROM {self.name} "
            "WHERE user_id = ?1 AND event_timestamp < ?2), ?2) "
            "ORDER BY event_timestamp, created_timestamp LIMIT ?3"
        )
        self._keys = (
            f"SELECT event_timestamp, created_timestamp FROM {self.name} WHERE user_id = ? "
            "AND event_timestamp BETWEEN ? AND ? ORDER BY event_timestamp, created_timestamp"
        )
        # One seek a user, who may have any number of versions.
        self._users = (
            "WITH RECURSIVE known(user_id) AS ("
            f"SELECT min(user_id) FROM {self.name} WHERE user_id > ? UNION ALL "
            f"SELECT (SELECT min(user_id) FROM {self.name} WHERE user_id > known.user_id) "
            "FROM known WHERE known.user_id IS NOT NULL"
            ") SELECT user_id FROM known WHERE user_id IS NOT NULL LIMIT ?"
        )
        self._all = f"{select} WHERE user_id = ? ORDER BY event_timestamp, created_timestamp"
        self._raw = f"SELECT {names} FROM {self.name}"
        self._before = (
            f"{self.name} WHERE user_id = ? AND (event_timestamp, created_timestamp) < (?, ?)"
        )

    def _create_statement(self) -> str:
        columns = ", ".join(f"{name} {dtype}" for name, dtype in self.columns)
        key = ", ".join(name for name, _ in KEY)
        return f"CREATE TABLE {self.name} ({columns}, PRIMARY KEY ({key})) WITHOUT ROWID"

    def newest(self, connection: sqlite3.Connection, user_id: str) -> Version | None:
        """Read a user's newest version."""
        row = connection.execute(self._newest, (user_id,)).fetchone()
        return None if row is None else self._version(user_id, row)

    def newest_many(
        self, connection: sqlite3.Connection, user_ids: Iterable[str]
    ) -> dict[str, Version]:
        """Read the newest version of each of these users; one without any is left out."""
        rows = connection.execute(self._newest_many, (_as_json(user_ids),))
        return {row[0]: self.version(row) for row in rows}

    def newest_columns(
        self, connection: sqlite3.Connection, user_ids: Sequence[str]
    ) -> VersionColumns:
        """Read the newest version of each of these users as columns, one without any left out.

        Args:
            connection: Where to read.
            user_ids: The users, sorted; `users` of the columns numbers them.
        """
        rows = connection.execute(self._newest_columns, (json.dumps(user_ids),)).fetchall()
        try:
            return self._codec.columns(rows)
        except (TypeError, ValueError) as error:
            raise self._unreadable(rows, user_ids, error) from error

    def newest_at(
        self, connection: sqlite3.Connection, user_id: str, time_us: int
    ) -> Version | None:
        """Read what is true of a user at a time: the newest version at or before it."""
        row = connection.execute(self._newest_at, (user_id, time_us)).fetchone()
        return None if row is None else self._version(user_id, row)

    def version_of(
        self, connection: sqlite3.Connection, user_id: str, key: tuple[int, int]
    ) -> Version | None:
        """Read a user's version of an event and a created time; None if there is none."""
        row = connection.execute(self._one, (user_id, *key)).fetchone()
        return None if row is None else self._version(user_id, row)

    def newest_seen(
        self, connection: sqlite3.Connection, user_id: str, time_us: int
    ) -> Version | None:
        """Read what serving saw of a user at a time: the newest version that was there by then."""
        row = connection.execute(self._newest_seen, (user_id, time_us)).fetchone()
        return None if row is None else self._version(user_id, row)

    def users_after(self, connection: sqlite3.Connection, user_id: str, limit: int) -> list[str]:
        """List the next users behind an id that have a state, at most `limit`."""
        return [user for (user,) in connection.execute(self._users, (user_id, limit))]

    def tail(
        self, connection: sqlite3.Connection, user_id: str, time_us: int, limit: int
    ) -> list[Version] | None:
        """Read the versions at or after a time, and those of the event time just before it.

        Returns:
            None if they are more than the limit.
        """
        rows = connection.execute(self._tail, (user_id, time_us, limit + 1)).fetchall()
        return [self._version(user_id, row) for row in rows] if len(rows) <= limit else None

    def keys(
        self, connection: sqlite3.Connection, user_id: str, first_us: int, last_us: int
    ) -> list[tuple[int, int]]:
        """Read event and created time of a user's versions between two event times, inclusive."""
        return connection.execute(self._keys, (user_id, first_us, last_us)).fetchall()

    def newest_created(self, connection: sqlite3.Connection, user_id: str) -> int:
        """Read when a user's newest version was created, 0 if there is none."""
        return newest_created_many(connection, [self], [user_id])[user_id]

    def history(self, connection: sqlite3.Connection, user_id: str) -> list[Version]:
        """Read all versions of a user, ordered by event and created time."""
        rows = connection.execute(self._all, (user_id,))
        return [self._version(user_id, row) for row in rows]

    def raw_rows(self, connection: sqlite3.Connection, users: ChosenUsers) -> list[RawRow]:
        """Read the rows of some users as they are stored, in the order of the key."""
        order = "ORDER BY user_id, event_timestamp, created_timestamp"
        statement = f"{self._raw} WHERE {users.condition} {order}"
        return connection.execute(statement, users.arguments).fetchall()

    def users_among(self, connection: sqlite3.Connection, user_ids: Iterable[str]) -> list[str]:
        """List those of some users who have a state."""
        found = connection.execute(
            f"SELECT value FROM json_each(?) "
            f"WHERE EXISTS (SELECT 1 FROM {self.name} WHERE user_id = value)",
            (_as_json(user_ids),),
        )
        return [user_id for (user_id,) in found]

    def newest_raw(
        self, connection: sqlite3.Connection, user_ids: Iterable[str]
    ) -> dict[str, RawRow]:
        """Read the newest row of each of these users as it is stored; others are left out."""
        return {row[0]: row for row in connection.execute(self._newest_many, (_as_json(user_ids),))}

    def version(self, row: RawRow) -> Version:
        """Return the version that a row stores."""
        return self._version(row[0], row[1:])

    def count_before(
        self, connection: sqlite3.Connection, user_id: str, event_us: int, created_us: int
    ) -> int:
        """Count a user's versions before one of this event and created time."""
        (rows,) = connection.execute(
            f"SELECT count(*) FROM {self._before}", (user_id, event_us, created_us)
        ).fetchone()
        return int(rows)

    def remove_before(
        self, connection: sqlite3.Connection, user_id: str, event_us: int, created_us: int
    ) -> int:
        """Delete a user's versions before one of this event and created time; return how many."""
        removed = connection.execute(f"DELETE FROM {self._before}", (user_id, event_us, created_us))
        return removed.rowcount

    def replace_raw(
        self,
        connection: sqlite3.Connection,
        removed: Iterable[RawRow],
        added: Iterable[RawRow],
    ) -> None:
        """Delete and then insert rows as they are stored."""
        connection.executemany(self._delete, (row[: len(KEY)] for row in removed))
        self.insert_raw(connection, added)

    def insert_raw(self, connection: sqlite3.Connection, rows: Iterable[RawRow]) -> None:
        """Insert rows as they are stored; those ordered by key are written fastest."""
        self._insert.many(connection, rows)

    def apply_many(
        self, connection: sqlite3.Connection, changes: Iterable[tuple[str, Change]]
    ) -> None:
        """Write what a batch changes, one (user, change) each, in the order of the key."""
        deletions: list[tuple[str, int, int]] = []
        rows: list[tuple[str, Version]] = []
        for user_id, change in changes:
            deletions += [(user_id, *key) for key in change.replaced]
            rows += [(user_id, version) for version in change.written]
        self.delete_many(connection, deletions)
        self.insert_many(connection, rows)

    def delete_many(
        self, connection: sqlite3.Connection, keys: Iterable[tuple[str, int, int]]
    ) -> None:
        """Delete versions, one (user, event time, created time) each."""
        connection.executemany(self._delete, keys)

    def insert_many(
        self, connection: sqlite3.Connection, rows: Sequence[tuple[str, Version]]
    ) -> None:
        """Insert versions, one (user, version) each; neighbours on disk are written together."""
        ordered = sorted(rows, key=lambda row: (row[0], row[1].event_time_us, row[1].created_us))
        self._insert.many(connection, self._rows(ordered))

    def pack(self, user_ids: Sequence[str], columns: VersionColumns) -> list[RawRow]:
        """Return versions that come as columns as rows to be stored, in the order they come in.

        Args:
            user_ids: The users that `columns.users` numbers.
            columns: The versions.
        """
        return list(self._codec.rows(user_ids, columns))

    def state(self, version: Version | None) -> State:
        """Return a version's state; without a version an empty one."""
        return State(self.view) if version is None else State.from_cells(self.view, version.cells)

    def _rows(self, versions: Iterable[tuple[str, Version]]) -> Iterator[list[Any]]:
        for user_id, version in versions:
            row: list[Any] = [user_id, version.event_time_us, version.created_us, *version.cells]
            for place in self._arrays:
                row[place + 3] = row[place + 3].astype(_NUMBERS, copy=False).tobytes()
            for place in self._texts:
                row[place + 3] = msgspec.json.encode(row[place + 3]).decode()
            yield row

    def _unreadable(
        self, rows: Iterable[Sequence[Any]], user_ids: Sequence[str], error: Exception
    ) -> Exception:
        """Find the row that cannot be read, behind the place of its user."""
        for row in rows:
            try:
                self._codec.columns([row])
            except (TypeError, ValueError) as its_own:
                return UnreadableStateError(self.name, user_ids[row[0]], its_own)
        return error

    def _version(self, user_id: str, row: Sequence[Any]) -> Version:
        event_time_us, created_us, *cells = row
        try:
            for place in self._arrays:
                cells[place] = np.frombuffer(cells[place], _NUMBERS)
            for place in self._texts:
                cells[place] = msgspec.json.decode(cells[place])
        except (TypeError, ValueError) as error:
            raise UnreadableStateError(self.name, user_id, error) from error
        return Version(event_time_us, created_us, tuple(cells))


def newest_created_many(
    connection: sqlite3.Connection, tables: Sequence[StateTable], user_ids: Iterable[str]
) -> dict[str, int]:
    """Read when the newest version of each user over all views was created, 0 if there is none.

    Every signal writes the newest version of its view, so this is where a user's log ends.
    """
    newest = ", ".join(
        f"coalesce((SELECT created_timestamp FROM {table.name} WHERE user_id = asked.value "
        f"{_NEWEST_FIRST}), 0)"
        for table in tables
    )
    # With one argument alone, max would be the aggregate.
    statement = f"SELECT asked.value, max(0, {newest}) FROM json_each(?) AS asked"
    return dict(connection.execute(statement, (_as_json(user_ids),)).fetchall())


def _places(fields: Sequence[StateField], dtype: str) -> tuple[int, ...]:
    return tuple(place for place, field in enumerate(fields) if field.dtype == dtype)


def _as_json(user_ids: Iterable[str]) -> str:
    # Sorted, since neighbours on disk are then read together.
    return json.dumps(sorted(user_ids))
