"""Connections to a SQLite file, and its errors in our words."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from oo_stores.errors import (
    DatabaseCorruptError,
    DatabaseLockedError,
    DatabaseMissingError,
    DatabaseReadOnlyError,
    OfflineStoreError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEFAULT_BUSY_TIMEOUT_SECONDS = 30.0

_ERRORS: dict[int, tuple[type[OfflineStoreError], str]] = {
    sqlite3.SQLITE_BUSY: (
        DatabaseLockedError,
        "another process is writing to it; try again, or raise busy_timeout_seconds",
    ),
    sqlite3.SQLITE_LOCKED: (
        DatabaseLockedError,
        "another connection of this process holds it; close that one first",
    ),
    sqlite3.SQLITE_READONLY: (
        DatabaseReadOnlyError,
        "give this process the right to write the file and its folder",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        DatabaseReadOnlyError,
        "check the rights of this process on the file and its folder",
    ),
    sqlite3.SQLITE_NOTADB: (
        DatabaseCorruptError,
        "check the path, or restore the file from a backup",
    ),
    sqlite3.SQLITE_CORRUPT: (
        DatabaseCorruptError,
        "restore the file from a backup, or run `.recover` in the sqlite3 shell",
    ),
}
_PRIMARY_CODE = 0xFF  # extended result codes carry the primary one in their low byte


def quoted(identifier: str) -> str:
    """Return a table's or column's name as SQL takes it, whatever characters it has.

    >>> quoted('a"; drop table x; --')
    '"a""; drop table x; --"'
    """
    return '"' + identifier.replace('"', '""') + '"'


@contextmanager
def reader(
    path: Path, *, busy_timeout_seconds: float = DEFAULT_BUSY_TIMEOUT_SECONDS
) -> Iterator[sqlite3.Connection]:
    """Open a file for reading, in one read transaction, and close it at the end.

    All reads see the same state of the file; a writer is neither seen nor hindered (WAL). Temporary
    tables may be made.

    Raises:
        DatabaseMissingError: There is no such file.
        OfflineStoreError: See `oo_stores.errors`; also from the body, for whatever SQLite raises.
    """
    if not path.is_file():
        raise DatabaseMissingError(
            f"there is no SQLite file {path}; write it first (for example with "
            f"oo_stores.sqlite.write_table), or correct `path` in feature_store.yaml"
        )
    with _opened(f"{path.absolute().as_uri()}?mode=ro", path, busy_timeout_seconds) as connection:
        connection.execute("BEGIN")
        yield connection


@contextmanager
def writer(
    path: Path, *, busy_timeout_seconds: float = DEFAULT_BUSY_TIMEOUT_SECONDS
) -> Iterator[sqlite3.Connection]:
    """Open a file for writing, in one transaction: all of the body is committed, or nothing.

    A missing file is made, with its folders, in WAL mode.

    Raises:
        OfflineStoreError: See `oo_stores.errors`; also from the body, for whatever SQLite raises.
    """
    is_new = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    with _opened(path.absolute().as_uri(), path, busy_timeout_seconds) as connection:
        if is_new:
            connection.execute("PRAGMA journal_mode = WAL")
        # Immediate: waits for another writer here, where waiting works, and not at the first write.
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")


@contextmanager
def _opened(uri: str, path: Path, busy_timeout_seconds: float) -> Iterator[sqlite3.Connection]:
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(
            uri,
            uri=True,
            timeout=busy_timeout_seconds,
            isolation_level=None,
            # A generator that reads may be finished by another thread than the one that began it.
            check_same_thread=False,
        )
        yield connection
    except sqlite3.Error as error:
        raise translated(error, path) from error
    finally:
        if connection is not None:
            connection.close()


def translated(error: sqlite3.Error, path: Path) -> OfflineStoreError:
    """Return SQLite's error as one of ours that names the file and the next step."""
    code = getattr(error, "sqlite_errorcode", None)
    kind, advice = _ERRORS.get(
        (code or 0) & _PRIMARY_CODE, (OfflineStoreError, "see the cause above")
    )
    return kind(f"SQLite refuses {path}: {error}; {advice}")
