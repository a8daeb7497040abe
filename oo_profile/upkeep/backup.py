"""A copy of the database as it was at one moment, taken while the builder runs."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oo_profile.errors import BackupError
from oo_profile.storage.database import MIGRATIONS, reading
from oo_profile.transport.position import Position
from oo_profile.whole_file import OWNER_ONLY, is_same_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

COPY_PAGES: Final = 2048
"""Pages that are copied between two signs of progress: 8 MiB."""

_MARK = """
    CREATE TABLE backup_position (
        one INT PRIMARY KEY CHECK (one = 0),
        stream_created_at TEXT NOT NULL,
        acknowledged_to BIGINT NOT NULL
    ) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy that was looked through and found to be whole.

    Attributes:
        path: The file.
        size_bytes: Its size.
        schema_version: Of its tables.
        signals: Signals in it.
        position: Up to where it has every message of the stream; None if that is not known.
    """

    path: Path
    size_bytes: int
    schema_version: int
    signals: int
    position: Position | None


def back_up(
    source: Path,
    target: Path,
    position: Position | None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    step_pages: int = COPY_PAGES,
) -> Backup:
    """Copy the database to a file that is complete when it appears, and look it through.

    All of the copy is from one moment. The builder goes on; its write-ahead log grows meanwhile.

    Args:
        source: The database.
        target: Where to; what is there is replaced at the end. Only its owner may read it.
        position: How far the builder had come before this call.
        progress: Called with the bytes copied so far, and all of them.
        step_pages: Pages copied between two calls of it.

    Raises:
        BackupError: It would replace the database, or it cannot be written, or it is not whole.
        DatabaseError: The database cannot be read.
    """
    if is_same_file(target, source):
        raise BackupError(target, "it is the database itself; give another file")
    if target.exists() and not target.is_file():
        raise BackupError(target, "it is no file; name one, it is made or replaced")
    with _part_of(target) as part:
        with reading(source) as original:
            signals = _count(original)
            _copy(original, part, target, progress, step_pages)
        _mark(part, position)
        found = examine(part)
        if found.signals != signals:
            raise BackupError(target, f"it has {found.signals} signals, not {signals}")
        sync(part)
        part.replace(target)
        sync(target.parent)
    return Backup(target, found.size_bytes, found.schema_version, signals, position)


def examine(path: Path) -> Backup:
    """Look a copy through: every page of it.

    Raises:
        BackupError: It is not whole, or no such copy, or one of a newer program.
    """
    if not path.is_file():
        raise BackupError(path, "there is no such file")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as copy:
            (problem,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
            if problem != "ok":
                raise BackupError(path, f"it is damaged: {problem}")
            (version,) = copy.execute("PRAGMA user_version").fetchone()
            if not 0 < version <= len(MIGRATIONS):
                raise BackupError(
                    path,
                    f"its schema version is {version}, this program knows 1 to {len(MIGRATIONS)}",
                )
            return Backup(path, path.stat().st_size, version, _count(copy), _position(copy))
    except sqlite3.Error as error:
        raise BackupError(path, str(error)) from error


def unmark(connection: sqlite3.Connection) -> None:
    """Remove what only a copy has, in the caller's transaction."""
    connection.execute("DROP TABLE IF EXISTS backup_position")


@contextmanager
def _part_of(target: Path) -> Iterator[Path]:
    """Give an empty file beside a target, which is gone at the end unless it was renamed."""
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY))
        yield part
    except (OSError, sqlite3.Error) as error:
        raise BackupError(target, str(error)) from error
    finally:
        for name in (part.name, f"{part.name}-journal", f"{part.name}-wal", f"{part.name}-shm"):
            part.with_name(name).unlink(missing_ok=True)


def _copy(
    original: sqlite3.Connection,
    part: Path,
    target: Path,
    progress: Callable[[int, int], None],
    step_pages: int,
) -> None:
    """Copy page by page from the one moment that the original's transaction sees.

    Without an open transaction a copy in steps would begin again at every commit of the builder.
    """
    (page_bytes,) = original.execute("PRAGMA page_size").fetchone()

    def told(_status: int, remaining: int, total: int) -> None:
        progress((total - remaining) * page_bytes, total * page_bytes)

    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as copy:
            copy.execute("PRAGMA synchronous = OFF")  # it is synced once, at the end
            original.backup(copy, pages=step_pages, progress=told, sleep=0)
            # One file without a log beside it; the builder goes over to a log again.
            copy.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise BackupError(target, str(error)) from error


def _mark(part: Path, position: Position | None) -> None:
    with closing(sqlite3.connect(part)) as copy, copy:
        unmark(copy)  # there is one in a database that was restored by hand
        if position is None:
            return
        copy.execute(_MARK)
        copy.execute(
            "INSERT INTO backup_position VALUES (0, ?, ?)",
            (position.stream_created_at, position.acknowledged_to),
        )


def _position(copy: sqlite3.Connection) -> Position | None:
    marked = copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'backup_position'").fetchone()
    if marked is None:
        return None
    row = copy.execute("SELECT stream_created_at, acknowledged_to FROM backup_position").fetchone()
    return None if row is None else Position(row[0], row[1])


def _count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM signals").fetchone()[0])


def sync(path: Path) -> None:
    """See to it that a file, or the names in a folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
