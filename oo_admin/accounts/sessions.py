"""Sessions: a random token in a cookie, of which only a hash is kept here."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oo_admin.accounts.accounts import Account, Role
from oo_transforms.clock import HOUR_US, MINUTE_US

if TYPE_CHECKING:
    from oo_admin.accounts.database import AdminDatabase

LASTS_US: Final = 12 * HOUR_US
"""A session ends so long after it began, and sooner if nothing is asked for `IDLE_US`."""
IDLE_US: Final = 2 * HOUR_US
_TOKEN_BYTES = 32
_TOUCH_US: Final = MINUTE_US

_FIND = """
    SELECT account, role, csrf, used_at, by_proxy FROM sessions JOIN accounts ON name = account
    WHERE token_hash = ? AND sessions.created_at > ? AND used_at > ?
"""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is logged in.

    Attributes:
        account: Who.
        csrf: What every change must bring along.
        by_proxy: Whether a proxy said who it is, instead of a password.
    """

    account: Account
    csrf: str
    by_proxy: bool

    def allows(self, token: str) -> bool:
        """Say whether a change that brought this token was sent from one of our own pages."""
        return hmac.compare_digest(self.csrf.encode(), token.encode(errors="replace"))


class Sessions:
    """Keeps sessions.

    Args:
        database: Where.
    """

    def __init__(self, database: AdminDatabase) -> None:
        self._database = database

    def begin(self, account: Account, now_us: int, *, by_proxy: bool = False) -> str:
        """Begin a session and return its token, which nobody can have known before."""
        token, csrf = secrets.token_urlsafe(_TOKEN_BYTES), secrets.token_urlsafe(_TOKEN_BYTES)
        with self._database.writing() as connection:
            connection.execute(
                "DELETE FROM sessions WHERE created_at <= ? OR used_at <= ?",
                (now_us - LASTS_US, now_us - IDLE_US),
            )
            connection.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)",
                (_hash(token), account.name, csrf, now_us, now_us, by_proxy),
            )
        return token

    def find(self, token: str, now_us: int, *, by_itself: bool = False) -> Session | None:
        """Return the session of a token; None if there is none, or it has ended.

        Args:
            token: The token.
            now_us: The present, microseconds.
            by_itself: Whether a page asks, not somebody: that keeps no session from ending.
        """
        with self._database.connected() as connection:
            row = connection.execute(
                _FIND, (_hash(token), now_us - LASTS_US, now_us - IDLE_US)
            ).fetchone()
            if row is None:
                return None
            name, role, csrf, used_us, by_proxy = row
            if used_us < now_us - _TOUCH_US and not by_itself:
                connection.execute(
                    "UPDATE sessions SET used_at = ? WHERE token_hash = ?", (now_us, _hash(token))
                )
        return Session(Account(name, Role(role)), csrf, bool(by_proxy))

    def end(self, token: str) -> None:
        """End a session; one that has ended is left so."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM sessions WHERE token_hash = ?", (_hash(token),))


def _hash(token: str) -> str:
    # The token has 256 random bits: nobody guesses it, so a fast hash hides it as well as a slow.
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
