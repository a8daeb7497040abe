"""Writing to the database beside a builder, which is to keep its rate."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oo_profile.errors import DatabaseError, NoDatabaseError
from oo_profile.storage.database import connect, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_SHARE: Final = 19
"""So many times as long as one of our transactions the builder is left alone after it."""

_BUSY_SHARE: Final = 99
"""The same if anybody else has written since we began.

What he loses is less the lock than the pages that SQLite forgets whenever another one commits: at
4 a builder writes half as much as alone, at 19 some 0.85 (`benchmarks/forget.py`).
"""

_POLL_SECONDS: Final = 0.002
_TRUNCATE_SECONDS: Final = 0.05
"""How long an attempt to truncate waits for a builder's commit, and then for readers."""

_TRUNCATE_PAUSE_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Patience:
    """How time passes for whoever waits for others.

    Attributes:
        monotonic: Tells seconds that only grow.
        sleep: Waits so many seconds.
        lock_seconds: How long to wait for another writer.
        reader_seconds: How long to wait for readers that hold old pages.
    """

    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    lock_seconds: float = 60.0
    reader_seconds: float = 10.0


@contextmanager
def open_writer(path: Path, patience: Patience) -> Iterator[PoliteWriter]:
    """Open a database that is there, for writing beside a builder.

    Raises:
        NoDatabaseError: There is no such file; none is made.
        DatabaseError: It cannot be opened.
        SchemaError: A newer version of this program made it.
    """
    if not path.exists():
        raise NoDatabaseError(path)
    writer = PoliteWriter(path, patience)
    try:
        yield writer
    finally:
        writer.close()


class PoliteWriter:
    """A second writer, which keeps its transactions short and leaves time between them.

    Args:
        path: The database file; it is there.
        patience: How time passes.

    Attributes:
        connection: The database.
        locked_seconds: How long nobody else could write because of this one.

    Raises:
        DatabaseError: It cannot be opened.
        SchemaError: A newer version of this program made it.
    """

    def __init__(self, path: Path, patience: Patience) -> None:
        self._path = path
        self._patience = patience
        self.connection = connect(path)
        # SQLite's own waiting sleeps for up to 100 ms, longer than a busy builder leaves a gap.
        self.connection.execute("PRAGMA busy_timeout = 0")
        self.locked_seconds = 0.0
        self._version_alone = self._version()

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def write(self, work: Callable[[], object]) -> None:
        """Do a short piece of work in a transaction, then leave the builder its time.

        That is more once it has written: the database is ours for a hundredth of the time then,
        and for a twentieth otherwise.

        Raises:
            DatabaseError: Another writer held the file for too long, or SQLite refuses.
        """
        began = self.insist(lambda: self._transact(work))
        locked = self._patience.monotonic() - began
        self.locked_seconds += locked
        self._patience.sleep(_SHARE * locked)
        if self._version() != self._version_alone:
            self._patience.sleep((_BUSY_SHARE - _SHARE) * locked)

    def _version(self) -> int:
        """Return a number that is another one when anybody else has committed."""
        version: int = self.connection.execute("PRAGMA data_version").fetchone()[0]
        return version

    def truncate_wal(self) -> bool:
        """Bring all pages into the file and empty the log beside it.

        Returns:
            False if readers held old pages until patience was over; then it is not empty.

        Raises:
            DatabaseError: SQLite refuses.
        """
        # Most of the work is done here, where nobody waits for it.
        self.insist(lambda: self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone())
        deadline = self._patience.monotonic() + self._patience.reader_seconds
        while not self._truncate():
            if self._patience.monotonic() > deadline:
                return False
            # Each attempt syncs the file, for which a builder's commits wait.
            self._patience.sleep(_TRUNCATE_PAUSE_SECONDS)
        return True

    def vacuum(self) -> None:
        """Write the whole file anew; every other writer waits meanwhile.

        Raises:
            DatabaseError: Another writer held the file for too long, or SQLite refuses.
        """
        self.insist(lambda: self.connection.execute("VACUUM"))

    def insist(self, work: Callable[[], object]) -> float:
        """Do something as soon as the file is free; return when that was.

        Raises:
            DatabaseError: Another writer held the file for too long, or SQLite refuses.
        """
        deadline = self._patience.monotonic() + self._patience.lock_seconds
        while True:
            began = self._patience.monotonic()
            try:
                work()
            except sqlite3.Error as error:
                if not _is_busy(error) or began > deadline:
                    raise DatabaseError(self._path, error) from error
            else:
                return began
            self._patience.sleep(_POLL_SECONDS)

    def _transact(self, work: Callable[[], object]) -> None:
        with transaction(self.connection):
            work()

    def _truncate(self) -> bool:
        execute = self.connection.execute
        execute(f"PRAGMA busy_timeout = {round(_TRUNCATE_SECONDS * 1000)}")
        try:
            busy, *_ = execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError as error:
            if not _is_busy(error):
                raise DatabaseError(self._path, error) from error
            return False
        finally:
            execute("PRAGMA busy_timeout = 0")
        return not busy


def _is_busy(error: sqlite3.Error) -> bool:
    return error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
