"""What a process that replays is asked, and what it answers instead of a replay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oo_profile.building.replaying import Replayer
from oo_profile.storage.database import reading
from oo_profile.storage.state_table import StateTable

if TYPE_CHECKING:
    from pathlib import Path

    from oo_profile.building.replaying import Replayed
    from oo_profile.storage.chosen_users import UserRange
    from oo_transforms.state_view import StateView


@dataclass(frozen=True, slots=True)
class ReplayTask:
    """What to replay.

    Attributes:
        views: Of which views.
        users: Of whom.
        from_checkpoints: Begin with the states that stand for pruned signals.
    """

    views: tuple[StateView, ...]
    users: UserRange
    from_checkpoints: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """SQLite refused a task, and said why."""

    reason: str


def replay_range(path: Path, task: ReplayTask) -> Replayed:
    """Replay a range of users of a database, read in a transaction of its own.

    Raises:
        DatabaseError: SQLite refuses.
    """
    tables = [StateTable(view) for view in task.views]
    with reading(path) as connection:
        replayer = Replayer(connection, tables, from_checkpoints=task.from_checkpoints)
        return replayer.replay(task.users)
