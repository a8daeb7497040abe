"""The program of a process that replays: tasks come in on its input, replays go out.

    python -m oo_profile.upkeep.replay_worker DATABASE

It imports neither Feast nor Redis, and ends when its input does.
"""

from __future__ import annotations

import gc
import pickle
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from oo_profile.building.replaying import Replayer
from oo_profile.errors import DatabaseError
from oo_profile.storage.chosen_users import UserRange  # noqa: TC001 - unpickled
from oo_profile.storage.database import reading
from oo_profile.storage.state_table import StateTable

if TYPE_CHECKING:
    from oo_profile.building.replaying import Replayed
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


def main() -> None:
    """Answer each task by its replay, or by the error that came of it."""
    # Ctrl-C goes to the whole group of processes; the first of them decides what becomes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Nothing here is cyclic, and looking for cycles among the rows costs a tenth of the time.
    gc.disable()
    tasks, answers = sys.stdin.buffer, sys.stdout.buffer
    while True:
        try:
            task = pickle.load(tasks)  # noqa: S301 - from the one who started this
        except EOFError:
            return
        answer: Replayed | Refusal
        try:
            answer = replay_range(Path(sys.argv[1]), task)
        except DatabaseError as error:
            answer = Refusal(str(error.__cause__))
        pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()


if __name__ == "__main__":
    main()
