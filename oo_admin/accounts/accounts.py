"""Accounts: names, roles and password hashes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from oo_admin.errors import AccountError

if TYPE_CHECKING:
    from oo_admin.accounts.database import AdminDatabase

MIN_PASSWORD, MAX_PASSWORD = 12, 256
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


class Role(StrEnum):
    """What an account may do."""

    VIEWER = "viewer"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may look.

    Attributes:
        name: The name to log in with.
        role: What he may do.
    """

    name: str
    role: Role

    @property
    def is_operator(self) -> bool:
        """Whether this account may change things."""
        return self.role is Role.OPERATOR


class Accounts:
    """Keeps accounts; passwords as argon2id hashes alone.

    Args:
        database: Where.
        hasher: Makes and checks hashes, by default with the library's own cost.
    """

    def __init__(self, database: AdminDatabase, hasher: PasswordHasher | None = None) -> None:
        self._database = database
        self._hasher = hasher or PasswordHasher()
        # Checked for names that nobody has, so that the time of an answer tells nothing of them.
        self._nobody = self._hasher.hash("nobody has this password")

    def put(self, name: str, role: Role, password: str, now_us: int) -> None:
        """Make an account, or give one another role and password, which ends its sessions.

        Raises:
            AccountError: The name or the password is out of its bounds.
        """
        if not _NAME.fullmatch(name):
            raise AccountError(
                f"{name!r} is no account name: 1 to 64 letters, digits and . _ @ -, the first a "
                "letter or digit"
            )
        if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
            raise AccountError(
                f"the password has {len(password)} characters; {MIN_PASSWORD} to {MAX_PASSWORD} "
                "are allowed"
            )
        password_hash = self._hasher.hash(password)
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO accounts VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
                "role = excluded.role, password_hash = excluded.password_hash",
                (name, role.value, password_hash, now_us),
            )
            connection.execute("DELETE FROM sessions WHERE account = ?", (name,))

    def remove(self, name: str) -> None:
        """Remove an account and its sessions; what it did stays in the audit log.

        Raises:
            AccountError: There is none of this name.
        """
        with self._database.writing() as connection:
            removed = connection.execute("DELETE FROM accounts WHERE name = ?", (name,)).rowcount
            connection.execute("DELETE FROM sessions WHERE account = ?", (name,))
        if not removed:
            raise AccountError(f"there is no account {name!r}: `oo admin users` lists them")

    def find(self, name: str) -> Account | None:
        """Return an account by name; None if there is none."""
        with self._database.connected() as connection:
            row = connection.execute("SELECT role FROM accounts WHERE name = ?", (name,)).fetchone()
        return None if row is None else Account(name, Role(row[0]))

    def all(self) -> list[Account]:
        """List the accounts by name."""
        with self._database.connected() as connection:
            rows = connection.execute("SELECT name, role FROM accounts ORDER BY name").fetchall()
        return [Account(name, Role(role)) for name, role in rows]

    def check(self, name: str, password: str) -> Account | None:
        """Return the account if the password is its own; takes as long if there is none."""
        with self._database.connected() as connection:
            row = connection.execute(
                "SELECT role, password_hash FROM accounts WHERE name = ?", (name,)
            ).fetchone()
        try:
            self._hasher.verify(self._nobody if row is None else row[1], password)
        except (VerificationError, InvalidHashError):
            return None
        return None if row is None else Account(name, Role(row[0]))
