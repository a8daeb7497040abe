"""Replays in processes of their own, so that they are computed while others are written."""

from __future__ import annotations

import multiprocessing
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Self

from oo_profile.building.replaying import Replayer
from oo_profile.storage.database import reading
from oo_profile.storage.state_table import StateTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from oo_profile.building.replaying import Replayed
    from oo_profile.storage.chosen_users import UserRange
    from oo_transforms.state_view import StateView

AHEAD = 2
"""Ranges that each process has before it: one at work and one that waits."""


class ReplayPool:
    """Replays ranges of users, and gives them in order.

    A context manager; leaving it ends the processes.

    Args:
        path: The database.
        workers: How many processes; 0: this one replays, when the next range is asked for.
    """

    def __init__(self, path: Path, workers: int) -> None:
        self._path = path
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        """Start the processes."""
        if self._workers:
            # Not forked: Feast and Redis have threads here, and a copy of their locks would hang.
            self._pool = ProcessPoolExecutor(self._workers, multiprocessing.get_context("spawn"))
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes; what they have not begun is not done."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def replay(
        self,
        ranges: Iterable[UserRange],
        tables: Sequence[StateTable],
        *,
        from_checkpoints: bool = True,
    ) -> Iterator[Replayed]:
        """Give what these tables must hold of each range, in order.

        Each is read in a transaction of its own, so a range may be outdated when it comes.
        """
        work = partial(replay_range, self._path, [table.view for table in tables], from_checkpoints)
        if self._pool is None:
            yield from map(work, ranges)
            return
        under_way: deque[Future[Replayed]] = deque()
        for users in ranges:
            under_way.append(self._pool.submit(work, users))
            if len(under_way) > AHEAD * self._workers:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()


def replay_range(
    path: Path,
    views: Sequence[StateView],
    from_checkpoints: bool,  # noqa: FBT001 - positional for `partial`
    users: UserRange,
) -> Replayed:
    """Replay a range of users of a database; what a process of the pool does."""
    tables = [StateTable(view) for view in views]
    with reading(path) as connection:
        return Replayer(connection, tables, from_checkpoints=from_checkpoints).replay(users)
