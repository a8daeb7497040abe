"""What is asked of database, disk and stream every few seconds, beside the builder."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from oo_profile.errors import StreamError
from oo_profile.storage.database import reading
from oo_profile.transport.stream import find_consumer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nats.aio.client import Client

BACKLOGS: Final[Mapping[str, str]] = {
    "users_behind": "SELECT count(*) FROM online_behind",
    "late_tails_waiting": "SELECT count(*) FROM late_tails",
    "profiles_due": "SELECT count(*) FROM profile_due",
}
"""What waits in the database to be done behind the batches: a name, and how to count it."""

_PROBE_SECONDS = 0.0


@dataclass(frozen=True, slots=True)
class DatabaseSample:
    """The database.

    Attributes:
        database_bytes: Size of the file.
        wal_bytes: Size of its write-ahead log.
        backlogs: How much waits behind the batches, by the names of `BACKLOGS`.
        refusal: Why nothing can be written, empty if it can.
    """

    database_bytes: int
    wal_bytes: int
    backlogs: Mapping[str, int]
    refusal: str


@dataclass(frozen=True, slots=True)
class LagSample:
    """What the builder's consumer has before it.

    Attributes:
        waiting: Messages that were not delivered yet.
        unacknowledged: Messages that were delivered and not acknowledged.
        redelivered: Those of them that were delivered more than once.
    """

    waiting: int
    unacknowledged: int
    redelivered: int


def sample_database(path: Path, inode: int) -> DatabaseSample:
    """Look at the database; blocks for milliseconds.

    Args:
        path: The file.
        inode: What the file was when the builder opened it.

    Raises:
        DatabaseError: It cannot be read.
    """
    refusal = _refusal(path, inode)
    with reading(path) as connection:
        backlogs = {
            name: int(connection.execute(count).fetchone()[0]) for name, count in BACKLOGS.items()
        }
    return DatabaseSample(_bytes(path), _bytes(wal_of(path)), backlogs, refusal)


async def sample_lag(connection: Client) -> LagSample | None:
    """Ask NATS what the builder's consumer has before it; None if it does not say."""
    try:
        info: dict[str, Any] | None = await find_consumer(connection)
    except StreamError:
        return None
    if info is None:
        return None
    return LagSample(info["num_pending"], info["num_ack_pending"], info["num_redelivered"])


def wal_of(path: Path) -> Path:
    """Return the write-ahead log of a database."""
    return path.with_name(f"{path.name}-wal")


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _refusal(path: Path, inode: int) -> str:
    """Begin to write, and say why that is not possible."""
    if not path.exists():
        return f"{path} is gone: stop the builder, put it back, start the builder"
    if path.stat().st_ino != inode:
        return f"another file was put in place of {path}: start the builder again"
    if not os.access(path, os.W_OK):
        return f"{path} may not be written"
    uri = f"{path.absolute().as_uri()}?mode=rw"
    try:
        connection = sqlite3.connect(uri, uri=True, timeout=_PROBE_SECONDS, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        # Somebody else writes at the moment, the builder most likely: so it can be written.
        return "" if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY else str(error)
    return ""
