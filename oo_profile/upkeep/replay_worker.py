"""The program of a process that replays: tasks come in on its input, replays go out.

    python -m oo_profile.upkeep.replay_worker DATABASE

It imports neither Feast nor Redis, and ends when its input does.
"""

from __future__ import annotations

import gc
import pickle
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from oo_profile.errors import DatabaseError
from oo_profile.upkeep.replay_task import Refusal, replay_range

if TYPE_CHECKING:
    from oo_profile.building.replaying import Replayed


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
            answer = Refusal(str(error.__cause__ or error))
        pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()


if __name__ == "__main__":
    main()
