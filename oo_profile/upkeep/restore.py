"""A backup put in the place of the database, and the stream read again from where it ends."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oo_profile.errors import DatabaseInUseError, RestoreError
from oo_profile.storage.database import connect, transaction
from oo_profile.transport.position import deliver_again
from oo_profile.upkeep.backup import examine, sync, unmark
from oo_profile.upkeep.staying_forgotten import keep_forgotten
from oo_profile.whole_file import is_same_file

if TYPE_CHECKING:
    from pathlib import Path

    from nats.aio.client import Client

    from oo_profile.upkeep.backup import Backup

LOGS: Final = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database, by the end of its name."""

_PATIENCE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did.

    Attributes:
        backup: What was put in place.
        replaced: Where the database is that was there before; None if there was none.
        first_sequence: The first message of the stream that comes again.
        tombstones: People who were forgotten since the backup was taken, and stay forgotten.
    """

    backup: Backup
    replaced: Path | None
    first_sequence: int
    tombstones: int


async def restore(database: Path, backup: Path, connection: Client) -> Restored:
    """Put a backup in the place of the database; no builder may run.

    First the stream is set back, then the file is replaced: whatever ends this in between, no
    signal is missed. The database that was there is kept beside it.

    Args:
        database: The file to be replaced, or made.
        backup: What `back_up` made.
        connection: A connection to NATS.

    Raises:
        BackupError: The backup is not whole, or is none.
        DatabaseInUseError: Somebody has the database open.
        RestoreError: An earlier one's is still there, or the backup is of another database.
        StreamError: The stream could not be set back; the database is as before.
    """
    if is_same_file(database, backup):
        raise RestoreError(backup, "it is the database itself")
    found = examine(backup)
    kept = database.with_name(f"{database.name}.replaced")
    if kept.exists():
        raise RestoreError(
            backup, f"{kept}, which an earlier restore has replaced, is still there: move it away"
        )
    _close_log(database)
    part = database.with_name(f"{database.name}.restoring")
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(backup, part)
        carried = _prepare(part, database)
        first = await deliver_again(connection, found.position)
        had_one = _put_in_place(part, database, kept)
    except OSError as error:
        raise RestoreError(backup, str(error)) from error
    finally:
        for end in ("", *LOGS):
            part.with_name(part.name + end).unlink(missing_ok=True)
    return Restored(found, kept if had_one else None, first, carried)


def _close_log(database: Path) -> None:
    """Put what is in the log of the old database into its file, which only its last user can.

    A log that stayed behind would be taken for the new file's.
    """
    if not database.exists():
        return
    with contextlib.closing(
        sqlite3.connect(database, timeout=_PATIENCE_SECONDS, isolation_level=None)
    ) as old:
        try:
            old.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError as error:
            raise DatabaseInUseError(database, str(error)) from error
        except sqlite3.DatabaseError:
            return  # It is broken, which may be why it is replaced; it is kept with its log.


def _prepare(part: Path, database: Path) -> int:
    """Bring the copy up to this program's schema, and keep forgotten people forgotten."""
    with contextlib.closing(connect(part)) as copy, transaction(copy):
        unmark(copy)
    return keep_forgotten(part, database)


def _put_in_place(part: Path, database: Path, kept: Path) -> bool:
    """Replace the database so that there is one at every moment; say whether there was one."""
    sync(part)
    had_one = database.exists()
    if had_one:
        os.link(database, kept)
    for end in LOGS:
        log = database.with_name(database.name + end)
        if log.exists():
            log.replace(kept.with_name(kept.name + end))
    part.replace(database)
    sync(database.parent)
    return had_one
