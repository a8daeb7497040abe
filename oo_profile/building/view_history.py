"""Whole histories of some users in one view, as columns until somebody wants rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from oo_profile.storage.state_rows import StateRowCodec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oo_profile.storage.state_table import RawRow
    from oo_transforms.version_columns import VersionColumns

UserRows: TypeAlias = "dict[str, list[RawRow]]"
"""Rows as they are stored by user, each user's in the order of the key; none has no rows."""


@dataclass(frozen=True, slots=True)
class ViewHistory:
    """All versions of some users; sent from process to process, which columns are quick at.

    Attributes:
        user_ids: The users, sorted.
        columns: Their versions, in the order of the key; `users` numbers `user_ids`.
    """

    user_ids: Sequence[str]
    columns: VersionColumns

    def rows(self) -> list[RawRow]:
        """Return the rows as they are stored, in the order of the key."""
        return list(StateRowCodec(self.columns.view).rows(self.user_ids, self.columns))

    def by_user(self) -> UserRows:
        """Return the rows as they are stored, by user."""
        rows: UserRows = {user_id: [] for user_id in self.user_ids}
        for row in self.rows():
            rows[row[0]].append(row)
        return rows
