"""The audit log: who looked, rebuilt, exported, forgot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oo_transforms.clock import MINUTE_US

if TYPE_CHECKING:
    from oo_admin.accounts.database import AdminDatabase

NOBODY = ""
"""Stands for no person, where an action is about none."""
SAME_LOOK_US: Final = 10 * MINUTE_US
"""Who looks at the same again within this time is still looking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFacts:
    """Something that was done, as the pages tell it.

    Attributes:
        number: Its place in the log.
        at: When, Unix seconds.
        account: Who did it.
        action: What, a fixed word.
        person: The keyed hash of the user it is about; empty: about none.
        detail: More about it; it names no user.
    """

    number: int
    at: float
    account: str
    action: str
    person: str
    detail: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Something that was done.

    Attributes:
        number: Its place in the log.
        at_us: When, microseconds.
        account: Who did it.
        action: What, a fixed word.
        person: The keyed hash of the user it is about; empty: about none.
        detail: More about it; it names no user.
    """

    number: int
    at_us: int
    account: str
    action: str
    person: str
    detail: str

    def facts(self) -> AuditFacts:
        """Return it as the pages tell it."""
        return AuditFacts(
            number=self.number,
            at=self.at_us / 1e6,
            account=self.account,
            action=self.action,
            person=self.person,
            detail=self.detail,
        )


class AuditLog:
    """Keeps the log; entries are added and never changed.

    Args:
        database: Where.
    """

    def __init__(self, database: AdminDatabase) -> None:
        self._database = database

    def record(
        self,
        account: str,
        action: str,
        now_us: int,
        *,
        user_id: str | None = None,
        detail: str = "",
    ) -> None:
        """Add an entry.

        Args:
            account: Who did it.
            action: What, a fixed word.
            now_us: When, microseconds.
            user_id: The user it is about, of whom a keyed hash is kept.
            detail: More about it; must name no user.
        """
        person = NOBODY if user_id is None else self._database.person_hash(user_id)
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO audit (at, account, action, person, detail) VALUES (?, ?, ?, ?, ?)",
                (now_us, account, action, person, detail),
            )

    def record_look(self, account: str, action: str, now_us: int, user_id: str) -> None:
        """Add that somebody looked at a user, unless he just did the same."""
        newest = self.newest(1, user_id=user_id)
        is_again = newest and (newest[0].account, newest[0].action) == (account, action)
        if not is_again or newest[0].at_us < now_us - SAME_LOOK_US:
            self.record(account, action, now_us, user_id=user_id)

    def newest(
        self, limit: int, *, before: int | None = None, user_id: str | None = None
    ) -> list[AuditEntry]:
        """List entries, the newest first.

        Args:
            limit: At most so many.
            before: Only those with a smaller number.
            user_id: Only those about this user.
        """
        where, arguments = ["number < ?"], [2**62 if before is None else before, limit]
        if user_id is not None:
            where.insert(0, "person = ?")
            arguments.insert(0, self._database.person_hash(user_id))  # type: ignore[arg-type]
        statement = (
            "SELECT number, at, account, action, person, detail FROM audit "  # noqa: S608 - ours
            f"WHERE {' AND '.join(where)} ORDER BY number DESC LIMIT ?"
        )
        with self._database.connected() as connection:
            return [AuditEntry(*row) for row in connection.execute(statement, arguments)]
