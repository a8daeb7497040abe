"""The SQLite file: its tables, its schema versions and the builder's connection.

One file, WAL. Instants are INTEGER microseconds since the epoch. A table for each state view is
made from the view's declaration; the others by numbered migrations.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from oo_profile.errors import DatabaseError, NoDatabaseError, SchemaError
from oo_profile.storage.migration_progress import migration_progress
from oo_profile.storage.state_table import StateTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from oo_transforms.state_view import StateView

BUSY_TIMEOUT_SECONDS = 5.0
"""How long one attempt waits for another writer; a stop that is asked for meanwhile waits too."""

_TRY_AGAIN_SECONDS = 0.01
_PRIMARY_CODE = 0xFF
"""What is left of SQLite's extended error codes by this is the kind of error."""

PAGE_BYTES = 4096
CHECKPOINT_BYTES = 64 * 1024 * 1024
CACHE_KIB = 64 * 1024

Synchronous = Literal["FULL", "NORMAL"]
"""FULL: what is committed survives a power cut. NORMAL: only a crash of the process."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE signals (
            user_id TEXT NOT NULL,
            occurred_at TIMESTAMP_US NOT NULL,
            event_id TEXT NOT NULL,
            subject TEXT NOT NULL,
            received_at TIMESTAMP_US NOT NULL,
            stream_sequence BIGINT NOT NULL,
            utc_offset_minutes INT NOT NULL,
            payload BLOB NOT NULL,
            PRIMARY KEY (user_id, event_id)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE rejected_signals (
            stream_created_at TEXT NOT NULL,
            stream_sequence BIGINT NOT NULL,
            subject TEXT NOT NULL,
            reason TEXT NOT NULL,
            detail TEXT NOT NULL,
            received_at TIMESTAMP_US NOT NULL,
            payload BLOB NOT NULL,
            payload_bytes BIGINT NOT NULL,
            payload_sha256 TEXT NOT NULL,
            PRIMARY KEY (stream_created_at, stream_sequence)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE profile (
            user_id TEXT NOT NULL,
            feature_name TEXT NOT NULL,
            value,
            updated_at TIMESTAMP_US NOT NULL,
            PRIMARY KEY (user_id, feature_name)
        ) WITHOUT ROWID
        """,
        "CREATE TABLE profile_due (user_id TEXT PRIMARY KEY) WITHOUT ROWID",
    ),
    (
        """
        CREATE TABLE state_definitions (
            view_name TEXT PRIMARY KEY,
            definition TEXT NOT NULL
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE checkpoints (
            user_id TEXT NOT NULL,
            view_name TEXT NOT NULL,
            event_timestamp TIMESTAMP_US NOT NULL,
            created_timestamp TIMESTAMP_US NOT NULL,
            cells BLOB NOT NULL,
            PRIMARY KEY (user_id, view_name)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE pruned_users (
            user_id TEXT PRIMARY KEY,
            pruned_to TIMESTAMP_US NOT NULL,
            signals BIGINT NOT NULL,
            occurred_at TIMESTAMP_US NOT NULL,
            event_id TEXT NOT NULL,
            received_at TIMESTAMP_US NOT NULL,
            utc_offset_minutes INT NOT NULL
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE pruned_signals (
            user_id TEXT NOT NULL,
            event_digest BIGINT NOT NULL,
            content_digest BIGINT NOT NULL,
            PRIMARY KEY (user_id, event_digest)
        ) WITHOUT ROWID
        """,
        """
        CREATE VIEW signal_offsets AS
            SELECT user_id, occurred_at, event_id, received_at, utc_offset_minutes FROM signals
            UNION ALL
            SELECT user_id, occurred_at, event_id, received_at, utc_offset_minutes
            FROM pruned_users
        """,
    ),
    (
        # Of people who asked to be forgotten there is no id; see `tombstones`.
        """
        CREATE TABLE forgotten_users (
            user_hash TEXT PRIMARY KEY,
            keeps_out_until TIMESTAMP_US NOT NULL
        ) WITHOUT ROWID
        """,
        "CREATE TABLE forgetting_salt (one INT PRIMARY KEY CHECK (one = 0), salt BLOB NOT NULL)",
    ),
    ("CREATE TABLE online_behind (user_id TEXT PRIMARY KEY) WITHOUT ROWID",),
    (
        """
        CREATE TABLE late_tails (
            user_id TEXT NOT NULL,
            view_name TEXT NOT NULL,
            first_event_at TIMESTAMP_US NOT NULL,
            PRIMARY KEY (user_id, view_name)
        ) WITHOUT ROWID
        """,
    ),
    (
        """
        CREATE TABLE history_exports (
            path TEXT PRIMARY KEY,
            exported_at TIMESTAMP_US NOT NULL
        ) WITHOUT ROWID
        """,
    ),
    (
        """
        CREATE TABLE signal_minutes (
            minute INTEGER PRIMARY KEY,
            written BIGINT NOT NULL,
            stream_created_at TEXT NOT NULL,
            stream_sequence BIGINT NOT NULL,
            counts BLOB NOT NULL
        )
        """,
        """
        CREATE TABLE busiest_users (
            minute INTEGER PRIMARY KEY,
            user_id TEXT NOT NULL,
            signals BIGINT NOT NULL
        )
        """,
    ),
    (
        """
        CREATE TABLE user_activity (
            user_id TEXT PRIMARY KEY,
            newest_event_at TIMESTAMP_US NOT NULL
        ) WITHOUT ROWID
        """,
        "INSERT INTO user_activity SELECT user_id, max(occurred_at) FROM signal_offsets GROUP BY 1",
        "CREATE INDEX user_activity_order ON user_activity (newest_event_at, user_id)",
    ),
    (
        """
        CREATE TABLE answered_tips (
            user_id TEXT NOT NULL,
            tip_id TEXT NOT NULL,
            event_id TEXT NOT NULL,
            PRIMARY KEY (user_id, tip_id)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE pruned_answers (
            user_id TEXT NOT NULL,
            tip_id TEXT NOT NULL,
            event_id TEXT NOT NULL,
            PRIMARY KEY (user_id, tip_id)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE pruned_histories (
            user_id TEXT NOT NULL,
            event_id TEXT NOT NULL,
            features BLOB NOT NULL,
            PRIMARY KEY (user_id, event_id)
        ) WITHOUT ROWID
        """,
    ),
    (
        # Of steps that people took, not of people who are decided for: no column names a user.
        """
        CREATE TABLE rollout_steps (
            step INTEGER PRIMARY KEY,
            taken_at TIMESTAMP_US NOT NULL,
            taken_by TEXT NOT NULL,
            rollout TEXT NOT NULL,
            forced INT NOT NULL,
            reason TEXT NOT NULL,
            evidence TEXT NOT NULL
        )
        """,
    ),
    (
        # A record of our own tells nothing of its user's clock.
        "DROP VIEW signal_offsets",
        """
        CREATE VIEW signal_offsets AS
            SELECT user_id, occurred_at, event_id, received_at, utc_offset_minutes FROM signals
            WHERE subject <> 'learned.imported'
            UNION ALL
            SELECT user_id, occurred_at, event_id, received_at, utc_offset_minutes
            FROM pruned_users
        """,
    ),
)
"""Statements that bring the schema from version i to i + 1; never edited once they are released."""


def connect(
    path: Path,
    *,
    synchronous: Synchronous = "FULL",
    monotonic: Callable[[], float] = time.monotonic,
) -> sqlite3.Connection:
    """Open the file for writing, make or migrate its tables, and return the connection.

    The caller closes it. Transactions are begun with `transaction`. A migration that takes longer
    than a second says so in the log, and goes on saying it.

    Args:
        path: The file; it and its folder are made if they are not there.
        synchronous: What survives a power cut.
        monotonic: Tells seconds that only grow, for the log of a migration.

    Raises:
        DatabaseError: The file cannot be opened or is no database.
        SchemaError: A newer version of this program made it.
    """
    connection = open_file(path, synchronous=synchronous)
    with _closed_on_error(connection, path):
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_BYTES // PAGE_BYTES}")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        migrate(connection, path, MIGRATIONS, monotonic)
    return connection


def open_file(path: Path, *, synchronous: Synchronous) -> sqlite3.Connection:
    """Open a file of ours for writing, make it if it is not there, and return the connection.

    The caller closes it. It may be used by any thread, by one at a time; each statement outside of
    `transaction` is one of its own.

    Raises:
        DatabaseError: The file cannot be opened or is no database.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
        )
    except (OSError, sqlite3.Error) as error:
        raise DatabaseError(path, error) from error
    with _closed_on_error(connection, path):
        _log_ahead(connection)
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        # What is deleted is overwritten: of a person who is forgotten later nothing may be left in
        # free pages from before. Some builds of SQLite do this by themselves, others do not.
        connection.execute("PRAGMA secure_delete = ON")
    return connection


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Write a log ahead of the file.

    A new file is brought to it by one connection alone; others who come at that moment are refused
    at once, without SQLite's own waiting, and try again.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode & _PRIMARY_CODE == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > deadline:
                raise
            time.sleep(_TRY_AGAIN_SECONDS)
        else:
            return


@contextmanager
def _closed_on_error(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error):
            raise DatabaseError(path, error) from error
        raise


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the file for reading only, in one transaction, so that all reads see one state.

    Raises:
        NoDatabaseError: There is no such file; none is made.
        DatabaseError: It cannot be read.
    """
    with reading_as_it_goes(path) as connection:
        connection.execute("BEGIN")
        yield connection


@contextmanager
def reading_as_it_goes(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the file for reading only; each read sees what is committed by then.

    Raises:
        NoDatabaseError: There is no such file; none is made.
        DatabaseError: It cannot be read.
    """
    if not path.exists():
        raise NoDatabaseError(path)
    connection = None
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            timeout=BUSY_TIMEOUT_SECONDS,
            isolation_level=None,
        )
        yield connection
    except sqlite3.Error as error:
        raise DatabaseError(path, error) from error
    finally:
        if connection is not None:
            connection.close()


def _commit(connection: sqlite3.Connection) -> None:
    connection.execute("COMMIT")


@contextmanager
def transaction(
    connection: sqlite3.Connection, commit: Callable[[sqlite3.Connection], None] = _commit
) -> Iterator[None]:
    """Commit everything that is done inside, or nothing.

    Args:
        connection: Not in a transaction.
        commit: Executes COMMIT, and may do something else meanwhile.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        commit(connection)
    except BaseException:
        # After some errors, a full disk for one, SQLite has rolled back by itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def power_cut_may_undo(connection: sqlite3.Connection) -> Iterator[None]:
    """Let what is committed inside survive a crash of the process only, which saves its syncs.

    For what can be computed again. Afterwards all of it is synced at once; the file is whole in
    any case.
    """
    (before,) = connection.execute("PRAGMA synchronous").fetchone()
    connection.execute("PRAGMA synchronous = NORMAL")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA synchronous = {before}")
        _sync_log(connection)


def _sync_log(connection: sqlite3.Connection) -> None:
    _, _, file = connection.execute("PRAGMA database_list").fetchone()
    # Without a log everything is in the file, where whoever removed it has synced it.
    with suppress(FileNotFoundError), Path(f"{file}-wal").open("rb") as log:
        os.fsync(log.fileno())


def commits_of_others(connection: sqlite3.Connection) -> int:
    """Return a number that is another one once another connection has committed anything."""
    (version,) = connection.execute("PRAGMA data_version").fetchone()
    return int(version)


def has_table(connection: sqlite3.Connection, name: str) -> bool:
    """Say whether there is a table of this name."""
    found = connection.execute(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)
    )
    return found.fetchone() is not None


def missing_state_tables(
    connection: sqlite3.Connection, views: Iterable[StateView]
) -> list[StateTable]:
    """Find the state views that have no table yet; all others have the table that they declare.

    Raises:
        SchemaError: A table is there with other columns than its view declares.
    """
    missing = []
    for table in map(StateTable, views):
        present = _columns(connection, table)
        if not present:
            missing.append(table)
        elif present != table.columns:
            raise SchemaError(
                f"table {table.name} has the columns {dict(present)}, its view declares "
                f"{dict(table.columns)}: run `oo rebuild --view {table.name}`, which makes it "
                "again from the stored signals"
            )
    return missing


def differs(connection: sqlite3.Connection, table: StateTable) -> bool:
    """Say whether a state view's table is not there, or has other columns than it declares."""
    return _columns(connection, table) != table.columns


def _columns(connection: sqlite3.Connection, table: StateTable) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, dtype)
        for _, name, dtype, *_ in connection.execute(f"PRAGMA table_info({table.name})")
    )


def migrate(
    connection: sqlite3.Connection,
    path: Path,
    migrations: Sequence[Sequence[str]],
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Bring the tables of a file to the newest version of its schema.

    Args:
        connection: Writes.
        path: The file, for errors and the log.
        migrations: Statements that bring the schema from version i to i + 1.
        monotonic: Tells seconds that only grow.

    Raises:
        SchemaError: A newer version of this program made it.
    """
    if _version(connection, path, migrations) == len(migrations):
        return
    with transaction(connection):
        # Asked again: of two programs that start together the second finds everything done.
        known = _version(connection, path, migrations)
        pending = [one for some in migrations[known:] for one in some]
        with migration_progress(connection, path, len(pending), monotonic) as begin:
            for statement in pending:
                begin()
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(migrations)}")


def _version(
    connection: sqlite3.Connection, path: Path, migrations: Sequence[Sequence[str]]
) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(migrations):
        raise SchemaError(
            f"{path} has schema version {version}, this program knows {len(migrations)}: "
            "use the program that made it, or a newer one"
        )
    return int(version)
