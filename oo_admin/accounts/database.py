"""The file of the pages: accounts, sessions, attempts to log in, jobs, what they found, audit log.

A file of its own, so that the builder's has one writer's purpose and a backup of it holds no
password. It names no user of oO: a person is a keyed hash here (see `person_hash`), so whoever is
forgotten is not named, whichever way that was done.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import sqlite3
from typing import TYPE_CHECKING

from oo_profile.errors import DatabaseError
from oo_profile.storage.database import migrate, open_file, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_KEY_BYTES = 32
_HASH_BYTES = 16
_OWNER_ONLY = 0o600

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE secret (one INT PRIMARY KEY CHECK (one = 0), key BLOB NOT NULL)",
        """
        CREATE TABLE accounts (
            name TEXT PRIMARY KEY,
            role TEXT NOT NULL,
            password_hash TEXT NOT NULL,
            created_at BIGINT NOT NULL
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE sessions (
            token_hash TEXT PRIMARY KEY,
            account TEXT NOT NULL,
            csrf TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            used_at BIGINT NOT NULL,
            by_proxy INT NOT NULL
        ) WITHOUT ROWID
        """,
        "CREATE TABLE attempts (key TEXT NOT NULL, at BIGINT NOT NULL)",
        "CREATE INDEX attempts_by_key ON attempts (key, at)",
        """
        CREATE TABLE audit (
            number INTEGER PRIMARY KEY,
            at BIGINT NOT NULL,
            account TEXT NOT NULL,
            action TEXT NOT NULL,
            person TEXT NOT NULL,
            detail TEXT NOT NULL
        )
        """,
        "CREATE INDEX audit_by_person ON audit (person, number)",
        """
        CREATE TABLE jobs (
            number INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            account TEXT NOT NULL,
            person TEXT NOT NULL,
            state TEXT NOT NULL,
            done BIGINT NOT NULL,
            total BIGINT NOT NULL,
            began_at BIGINT NOT NULL,
            ended_at BIGINT,
            result TEXT NOT NULL
        )
        """,
    ),
    (
        "ALTER TABLE jobs ADD COLUMN press TEXT NOT NULL DEFAULT ''",
        "CREATE INDEX jobs_by_press ON jobs (press) WHERE press <> ''",
    ),
    (
        """
        CREATE TABLE evaluations (
            number INTEGER PRIMARY KEY,
            made_at BIGINT NOT NULL,
            made_by TEXT NOT NULL,
            found TEXT NOT NULL
        )
        """,
    ),
)
"""Statements that bring the schema from version i to i + 1; never edited once they are released."""


class AdminDatabase:
    """Opens the file, each time anew, so that it may be used from any thread.

    Args:
        path: The file; it is made, readable by this user alone, where it is not there.

    Raises:
        DatabaseError: The file cannot be opened or is no database.
        SchemaError: A newer version of this program made it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, _OWNER_ONLY))
        except OSError as error:
            raise DatabaseError(path, error) from error
        with self.connected() as connection:
            migrate(connection, path, MIGRATIONS)
            connection.execute(
                "INSERT OR IGNORE INTO secret VALUES (0, ?)", (secrets.token_bytes(_KEY_BYTES),)
            )
            (self._key,) = connection.execute("SELECT key FROM secret").fetchone()

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @contextlib.contextmanager
    def connected(self) -> Iterator[sqlite3.Connection]:
        """Open the file; each statement is a transaction of its own.

        Raises:
            DatabaseError: It refuses.
        """
        with contextlib.closing(open_file(self._path, synchronous="NORMAL")) as connection:
            try:
                yield connection
            except sqlite3.Error as error:
                raise DatabaseError(self._path, error) from error

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction: all that is done inside, or nothing."""
        with self.connected() as connection, transaction(connection):
            yield connection

    def person_hash(self, user_id: str) -> str:
        """Return what stands for a user in this file: nobody reads an id out of it."""
        digest = hashlib.blake2b(
            user_id.encode(errors="surrogatepass"), key=self._key, digest_size=_HASH_BYTES
        )
        return digest.hexdigest()
