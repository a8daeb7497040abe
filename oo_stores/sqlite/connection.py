"""Connections to a SQLite file, and its errors in our words."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

from oo_stores.errors import (
    DatabaseCorruptError,
    DatabaseLockedError,
    DatabaseMissingError,
    DatabaseReadOnlyError,
    OfflineStoreError,
    QueryTimeoutError,
)
from oo_stores.sqlite.deadline import lock_wait_seconds, watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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
    sqlite3.SQLITE_FULL: (
        OfflineStoreError,
        "make room on its disk, or on that of temporary copies (SQLITE_TMPDIR)",
    ),
    sqlite3.SQLITE_CONSTRAINT: (
        OfflineStoreError,
        "correct the rows, or what their table is declared to allow",
    ),
    sqlite3.SQLITE_NOTADB: (
        DatabaseCorruptError,
        "check the path, or restore the file from a backup",
    ),
    sqlite3.SQLITE_CORRUPT: (
        DatabaseCorruptError,
        "restore the file from a backup, or run `.recover` in the sqlite3 shell",
    ),
    sqlite3.SQLITE_INTERRUPT: (QueryTimeoutError, "its time was up"),
}
_temporary_numbers = count()
_WAL_MARK_AT = 18  # https://sqlite.org/fileformat.html, 1.3
_RIGHTS = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN})
_WAL_ADVICE = (
    "give this process the right to write the file and its folder; it is in WAL mode, in which "
    "readers too write a file beside it: to read it without that right copy it (and its -wal) to "
    "a folder of your own, or have its owner run PRAGMA journal_mode = DELETE"
)
_PRIMARY_CODE = 0xFF  # extended result codes carry the primary one in their low byte


def quoted(identifier: str) -> str:
    """Return a table's or column's name as SQL takes it, whatever characters it has.

    >>> quoted('a"; drop table x; --')
    '"a""; drop table x; --"'
    """
    return '"' + identifier.replace('"', '""') + '"'


def _is_on_fixed_disk(path: Path) -> bool:
    """Tell whether nobody can write the file, nor has left a log of writes beside it.

    Only then SQLite may be told so (`immutable`), which it needs to be for a WAL database there.
    """
    if sys.platform == "win32" or not os.statvfs(path).f_flag & os.ST_RDONLY:
        return False
    log = path.with_name(f"{path.name}-wal")
    return not (log.exists() and log.stat().st_size)


def _is_in_wal_mode(path: Path) -> bool:
    """Tell whether a file's header asks for a write-ahead log; not if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(_WAL_MARK_AT + 1)[_WAL_MARK_AT:] == b"\x02"
    except OSError:
        return False


class Connection(sqlite3.Connection):
    """A connection that remembers why a function of ours refused a value.

    SQLite only says that a function failed.

    Attributes:
        refusal: The error, None if there was none.
    """

    refusal: OfflineStoreError | None = None


def add_function(
    connection: sqlite3.Connection, name: str, function: Callable[[Any], int | None]
) -> None:
    """Let a connection's statements call a function of one value, which has no other effect.

    Args:
        connection: A connection of `reader` or `writer`.
        name: What statements call it.
        function: An error of ours that it raises comes out of the statement.
    """

    def kept(value: object) -> int | None:
        try:
            return function(value)
        except OfflineStoreError as error:
            if isinstance(connection, Connection):
                connection.refusal = error
            raise

    connection.create_function(name, 1, kept, deterministic=True)


def temporary_name(word: str) -> str:
    """Return a new name for a temporary object, which no table of a user's has."""
    return f"__oo_{word}_{next(_temporary_numbers)}"


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
    if path.is_dir():
        raise DatabaseMissingError(f"{path} is a folder; give the path of a SQLite file in it")
    if not path.is_file():
        raise DatabaseMissingError(
            f"there is no SQLite file {path}; write it first (for example with "
            f"oo_stores.sqlite.write_table), or correct `path` in feature_store.yaml"
        )
    uri = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if _is_on_fixed_disk(path) else ''}"
    with _opened(uri, path, busy_timeout_seconds) as connection:
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
    connection: Connection | None = None
    try:
        connection = sqlite3.connect(
            uri,
            uri=True,
            timeout=lock_wait_seconds(busy_timeout_seconds),
            isolation_level=None,
            # A generator that reads may be finished by another thread than the one that began it.
            check_same_thread=False,
            factory=Connection,
        )
        watch(connection)
        yield connection
    except sqlite3.Error as error:
        refusal = connection.refusal if connection else None
        raise refusal or translated(error, path) from error
    finally:
        if connection is not None:
            connection.close()


def translated(error: sqlite3.Error, path: Path) -> OfflineStoreError:
    """Return SQLite's error as one of ours that names the file and the next step."""
    code = (getattr(error, "sqlite_errorcode", None) or 0) & _PRIMARY_CODE
    kind, advice = _ERRORS.get(code, (OfflineStoreError, "see the cause above"))
    if code in _RIGHTS and _is_in_wal_mode(path):
        advice = _WAL_ADVICE
    return kind(f"SQLite refuses {path}: {error}; {advice}")
