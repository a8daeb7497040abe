"""Replays in processes of their own are those of this one, in order."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from support.batches import TABLES, database, messages_of, write_in_batches
from support.strategies import BASE_US, Logged

from oo_profile.errors import DatabaseError, WorkerDiedError
from oo_profile.storage.user_ranges import user_ranges
from oo_profile.upkeep.replay_pool import ReplayPool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from oo_profile.storage.chosen_users import UserRange


@contextmanager
def filled(path: Path) -> Iterator[list[UserRange]]:
    """Make a database of ten users, and give their ranges."""
    log = [
        Logged(
            "signals.mood.logged",
            {
                "event_id": f"e{number}",
                "user_id": f"u{number % 10}",
                "occurred_at": "2026-01-01T00:00:00Z",
                "score": 3,
            },
            BASE_US,
            BASE_US + number * 1000,
        )
        for number in range(40)
    ]
    with database(path) as connection:
        write_in_batches(connection, messages_of(log), [])
        yield list(user_ranges(connection, 4))


def test_processes_give_what_this_one_gives(tmp_path: Path) -> None:
    """Every range comes once, in the order asked, with the same rows."""
    path = tmp_path / "oo.db"
    with filled(path) as ranges, ReplayPool(path, 0) as here, ReplayPool(path, 2) as there:
        assert len(ranges) == 11
        pairs = zip(there.replay(ranges, TABLES), here.replay(ranges, TABLES), strict=True)
        for (one, other), users in zip(pairs, ranges, strict=True):
            assert one.users == other.users == users
            assert (one.ends, one.rows) == (other.ends, other.rows)


def test_what_sqlite_refuses_is_told(tmp_path: Path) -> None:
    """A database that is none is named, and so is a process that has ended."""
    path = tmp_path / "oo.db"
    with filled(path) as ranges, ReplayPool(path, 1) as pool:
        replays = pool.replay(ranges, TABLES)
        next(replays)
        (process,) = pool._processes  # noqa: SLF001 - killed as the system would
        process.kill()
        with pytest.raises(WorkerDiedError, match="ended with code -9"):
            list(replays)
    path.write_bytes(b"no database at all, but some text that is long enough to be a header")
    with ReplayPool(path, 1) as pool, pytest.raises(DatabaseError, match="not a database"):
        list(pool.replay(ranges, TABLES))
