"""The table of logged profiles: what has to leave it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from feast.feature_logging import LOG_TIMESTAMP_FIELD

from oo_profile.privacy.database_erasure import USER_COLUMN
from oo_profile.storage import tombstones
from oo_profile.storage.database import connect, has_table, transaction
from oo_stores.sqlite.connection import quoted
from oo_transforms.clock import DAY_US

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path


class LogRowsTable:
    """Removes rows from the table that a service is logged to, if there is one yet.

    `oo forget` finds its rows by itself, as it does those of every table with a column of user ids.

    Args:
        path: The builder's database.
        name: The table.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name

    def clear_day(self, at_us: int) -> None:
        """Remove the rows of the UTC day that an instant, microseconds, is in."""
        first = at_us - at_us % DAY_US
        self._write(
            lambda connection: connection.execute(
                f"DELETE FROM {quoted(self._name)} WHERE {quoted(LOG_TIMESTAMP_FIELD)} >= ? "  # noqa: S608 - quoted
                f"AND {quoted(LOG_TIMESTAMP_FIELD)} < ?",
                (first, first + DAY_US),
            )
        )

    def keep_since(self, first_us: int) -> None:
        """Remove the rows that are older than an instant, microseconds."""
        self._write(
            lambda connection: connection.execute(
                f"DELETE FROM {quoted(self._name)} WHERE {quoted(LOG_TIMESTAMP_FIELD)} < ?",  # noqa: S608 - quoted
                (first_us,),
            )
        )

    def remove_forgotten(self) -> None:
        """Remove the rows of people who are forgotten: some may have been written after that."""

        def remove(connection: sqlite3.Connection) -> None:
            users = connection.execute(f"SELECT DISTINCT {USER_COLUMN} FROM {quoted(self._name)}")  # noqa: S608 - quoted
            gone = tombstones.forgotten(connection, [user for (user,) in users])
            connection.executemany(
                f"DELETE FROM {quoted(self._name)} WHERE {USER_COLUMN} = ?",  # noqa: S608 - quoted
                [(user,) for user in gone],
            )

        self._write(remove)

    def _write(self, work: Callable[[sqlite3.Connection], object]) -> None:
        with closing(connect(self._path)) as connection, transaction(connection):
            if has_table(connection, self._name):
                work(connection)
