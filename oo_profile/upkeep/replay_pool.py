"""Replays in processes of their own, so that they are computed while others are written."""

from __future__ import annotations

import pickle
import sqlite3
import subprocess
import sys
from collections import deque
from typing import IO, TYPE_CHECKING, Self, cast

from oo_profile.errors import DatabaseError, WorkerDiedError
from oo_profile.upkeep.replay_task import Refusal, ReplayTask, replay_range

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from oo_profile.building.replaying import Replayed
    from oo_profile.storage.chosen_users import UserRange
    from oo_profile.storage.state_table import StateTable

AHEAD = 2
"""Ranges that each process has before it: one at work and one that waits."""

_Process = subprocess.Popen[bytes]


class ReplayPool:
    """Replays ranges of users, and gives them in order.

    A context manager; leaving it ends the processes. They are programs of their own and no forks:
    Feast and Redis have threads here, and a copy of their locks would hang.

    Args:
        path: The database.
        workers: How many processes; 0: this one replays, when the next range is asked for.
    """

    def __init__(self, path: Path, workers: int) -> None:
        self._path = path
        self._workers = workers
        self._processes: list[_Process] = []

    def __enter__(self) -> Self:
        """Start the processes."""
        command = [sys.executable, "-m", "oo_profile.upkeep.replay_worker", str(self._path)]
        for _ in range(self._workers):
            self._processes.append(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - ourselves
            )
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes, whatever they are at: they only read."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.communicate()

    def replay(
        self,
        ranges: Iterable[UserRange],
        tables: Sequence[StateTable],
        *,
        from_checkpoints: bool = True,
    ) -> Iterator[Replayed]:
        """Give what these tables must hold of each range, in order; to the end, or not again.

        Each is read in a transaction of its own, so a range may be outdated when it comes.

        Raises:
            DatabaseError: SQLite refuses.
            WorkerDiedError: A process has ended.
        """
        views = tuple(table.view for table in tables)
        tasks = (ReplayTask(views, users, from_checkpoints) for users in ranges)
        if not self._processes:
            yield from (replay_range(self._path, task) for task in tasks)
            return
        under_way: deque[_Process] = deque()
        for number, task in enumerate(tasks):
            process = self._processes[number % len(self._processes)]
            _send(process, task)
            under_way.append(process)
            if len(under_way) > AHEAD * len(self._processes):
                yield self._receive(under_way.popleft())
        while under_way:
            yield self._receive(under_way.popleft())

    def _receive(self, process: _Process) -> Replayed:
        try:
            answer = pickle.load(cast("IO[bytes]", process.stdout))  # noqa: S301 - from ourselves
        except EOFError as error:
            raise WorkerDiedError(process.wait()) from error
        if isinstance(answer, Refusal):
            raise DatabaseError(self._path, sqlite3.OperationalError(answer.reason))
        return cast("Replayed", answer)


def _send(process: _Process, task: ReplayTask) -> None:
    pipe = cast("IO[bytes]", process.stdin)
    try:
        pickle.dump(task, pipe)
        pipe.flush()
    except BrokenPipeError as error:
        raise WorkerDiedError(process.wait()) from error
