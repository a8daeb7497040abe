"""Failed attempts to log in, and when further ones are refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oo_transforms.clock import MINUTE_US, SECOND_US

if TYPE_CHECKING:
    from oo_admin.accounts.database import AdminDatabase

WINDOW_US: Final = 15 * MINUTE_US
PER_ACCOUNT_AND_ADDRESS = 5
PER_ADDRESS = 20
PER_ACCOUNT = 50
"""Failures within the window after which an address, or an account from anywhere, must wait."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody who wants to log in.

    Attributes:
        account: The name given, whether or not anybody has it.
        address: Where the request came from.
    """

    account: str
    address: str

    def limits(self) -> dict[str, int]:
        """Return how many failures are allowed, by what they are counted under."""
        return {
            f"both:{self.address}:{self.account}": PER_ACCOUNT_AND_ADDRESS,
            f"address:{self.address}": PER_ADDRESS,
            f"account:{self.account}": PER_ACCOUNT,
        }


class Attempts:
    """Counts failures.

    Args:
        database: Where, so that a restart forgets none.
    """

    def __init__(self, database: AdminDatabase) -> None:
        self._database = database

    def begin(self, attempt: Attempt, now_us: int) -> int:
        """Count an attempt as failed until `succeeded`, unless it is refused.

        Counted before the password is looked at: of many at once none gets in for free.

        Returns:
            Seconds to wait before the next one; 0: this one may be looked at.
        """
        with self._database.writing() as connection:
            connection.execute("DELETE FROM attempts WHERE at <= ?", (now_us - WINDOW_US,))
            for key, limit in attempt.limits().items():
                count, first_us = connection.execute(
                    "SELECT count(*), min(at) FROM attempts WHERE key = ?", (key,)
                ).fetchone()
                if count >= limit:
                    return max(1, (int(first_us) + WINDOW_US - now_us) // SECOND_US)
            connection.executemany(
                "INSERT INTO attempts VALUES (?, ?)", [(key, now_us) for key in attempt.limits()]
            )
        return 0

    def succeeded(self, attempt: Attempt) -> None:
        """Forget the failures of this account from this address, and that this was an attempt.

        Failures of other accounts from there, and of this one from elsewhere, stay counted: who
        has an account guesses no more than others do.
        """
        own, *others = attempt.limits()
        with self._database.writing() as connection:
            connection.execute("DELETE FROM attempts WHERE key = ?", (own,))
            connection.executemany(
                "DELETE FROM attempts WHERE rowid = (SELECT rowid FROM attempts WHERE key = ? "
                "ORDER BY at DESC LIMIT 1)",
                [(key,) for key in others],
            )
