"""Which rows of a training set read a history that is still being corrected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oo_profile.storage import tail_marks
from oo_profile.storage.database import reading

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    import numpy.typing as npt

Firsts = dict[str, int]
"""By user, the event time, microseconds, from which his history may lack late signals."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """How much of a training set may lack signals that came late.

    Attributes:
        rows: Rows at a time from which the history of their user is being corrected.
        users: Their users.
    """

    rows: int = 0
    users: int = 0

    @classmethod
    def of(
        cls, firsts: Firsts, user_ids: Sequence[str], times_us: npt.NDArray[np.int64]
    ) -> Unfinished:
        """Count the rows of users and times that are affected."""
        never = np.iinfo(np.int64).max
        since = np.array([firsts.get(user_id, never) for user_id in user_ids], dtype=np.int64)
        rows = np.flatnonzero(times_us >= since)
        return cls(len(rows), len({user_ids[row] for row in rows.tolist()}))


def unfinished_from(database: Path, user_ids: Collection[str], views: Collection[str]) -> Firsts:
    """Read from when on the histories of users are being corrected, in any of the views.

    Raises:
        DatabaseError: SQLite refuses the file.
    """
    firsts: Firsts = {}
    with reading(database) as connection:
        for mark in tail_marks.marks(connection, user_ids):
            if mark.view_name in views:
                firsts[mark.user_id] = min(firsts.get(mark.user_id, mark.first_us), mark.first_us)
    return firsts


def earlier(one: Firsts, other: Firsts) -> Firsts:
    """Join what two looks found: a correction goes on while a training set is made."""
    users = one.keys() | other.keys()
    return {user: min(firsts[user] for firsts in (one, other) if user in firsts) for user in users}
