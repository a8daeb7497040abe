"""The state histories of many users in one view at once; each is what `history` says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_transforms.history import replay
from oo_transforms.version_columns import VersionColumns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oo_transforms.history import LogEntry
    from oo_transforms.state_view import StateView


def replay_many(view: StateView, logs: Sequence[Sequence[LogEntry]]) -> VersionColumns:
    """Compute whole histories from the logs of many users, as `replay` does for one.

    A thousand users or so at a time are best: everything is held in memory at once.

    Args:
        view: The view.
        logs: Each user's entries in log order; a user may have none.

    Returns:
        All rows, ordered by user, event time and created time. `users` numbers the logs; the
        last row of each user is his newest version.
    """
    return VersionColumns.of(view, [replay(view, log) for log in logs])
