"""Which users a statement is about: a range of ids, or a list."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable


class UserRange(NamedTuple):
    """All users from an id to another, both inclusive, in the order of their bytes."""

    first: str
    last: str

    @classmethod
    def of(cls, user_id: str) -> UserRange:
        """Return the range of one user."""
        return cls(user_id, user_id)

    @property
    def condition(self) -> str:
        """The condition for a statement's WHERE."""
        return "user_id BETWEEN ? AND ?"

    @property
    def arguments(self) -> tuple[str, ...]:
        """What stands for its question marks."""
        return (self.first, self.last)


class UserList(NamedTuple):
    """Some users, as many as one likes."""

    as_json: str

    @classmethod
    def of(cls, user_ids: Iterable[str]) -> UserList:
        """Return the list of these users."""
        return cls(json.dumps(sorted(set(user_ids))))

    @property
    def condition(self) -> str:
        """The condition for a statement's WHERE."""
        return "user_id IN (SELECT value FROM json_each(?))"

    @property
    def arguments(self) -> tuple[str, ...]:
        """What stands for its question marks."""
        return (self.as_json,)


ChosenUsers: TypeAlias = "UserRange | UserList"
