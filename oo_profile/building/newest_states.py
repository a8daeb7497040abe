"""The newest states of many users: what a batch leaves, and what the online store must have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from oo_transforms.version_columns import VersionColumns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oo_transforms.history import Version
    from oo_transforms.state_view import StateView

UserView: TypeAlias = tuple[str, str]
"""A user and the name of a view."""


@dataclass(frozen=True, slots=True)
class ViewStates:
    """The newest states of some users in one view.

    Attributes:
        user_ids: The users, each once.
        columns: Their versions, one row a user in the order of `user_ids`.
    """

    user_ids: Sequence[str]
    columns: VersionColumns


class NewestStates(Mapping[UserView, "Version"]):
    """States by user and view; as versions only for who asks for them.

    Args:
        parts: The states; where two parts have the same user and view, the later one counts.

    Attributes:
        parts: As given.
    """

    def __init__(self, parts: Sequence[ViewStates] = ()) -> None:
        self.parts = tuple(part for part in parts if part.user_ids)

    @classmethod
    def of(
        cls, views: Mapping[str, StateView], versions: Mapping[UserView, Version]
    ) -> NewestStates:
        """Put together versions of some of these views, by their names."""
        by_view: dict[str, dict[str, Version]] = {}
        for (user_id, name), version in versions.items():
            by_view.setdefault(name, {})[user_id] = version
        return cls(
            [
                ViewStates(tuple(own), VersionColumns.of(views[name], [[v] for v in own.values()]))
                for name, own in by_view.items()
            ]
        )

    def __getitem__(self, key: UserView) -> Version:
        """Return a user's version in a view."""
        columns, row = self._places[key]
        return columns.version(row)

    def __iter__(self) -> Iterator[UserView]:
        """Give the pairs of user and view."""
        return iter(self._places)

    def __len__(self) -> int:
        """Return how many states there are."""
        return len(self._places)

    @property
    def user_ids(self) -> set[str]:
        """All users that have a state here."""
        return set().union(*(part.user_ids for part in self.parts))

    @cached_property
    def _places(self) -> dict[UserView, tuple[VersionColumns, int]]:
        return {
            (user_id, part.columns.view.name): (part.columns, row)
            for part in self.parts
            for row, user_id in enumerate(part.user_ids)
        }


def newest_rows(columns: VersionColumns, user_ids: Sequence[str]) -> ViewStates:
    """Take each user's last row.

    Args:
        columns: Versions ordered by user, each user's newest last.
        user_ids: The users that `columns.users` numbers.
    """
    users = columns.users
    ends = np.ones(len(users), dtype=bool)
    ends[:-1] = users[1:] != users[:-1]
    newest = columns.take(np.flatnonzero(ends))
    return ViewStates([user_ids[user] for user in newest.users.tolist()], newest)
