"""A backup is the database of one moment, whole, and restored it ends with everything once."""

from __future__ import annotations

import asyncio
import os
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from support.building import (
    Backlog,
    backlog,
    build_until,
    minutes_ago,
    number_of,
    publish_signals,
    rows,
    served_states,
    stored_states,
    until,
)
from support.world import SignalData, signal

from oo_profile.storage.database import connect, transaction
from oo_profile.storage.tombstones import FOR_GOOD, find_many, set_until
from oo_profile.transport.position import Position
from oo_profile.upkeep.backup import back_up, examine
from oo_profile.wall_clock import wall_clock

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from support.world import World

TABLES = ("signals", "rejected_signals", "mood_state")


def moods(first: int, count: int) -> list[SignalData]:
    """Make signals of a few users, and a copy of the first of them."""
    signals = [
        signal("mood.logged", f"u{n % 7}", minutes_ago(5000 - n), f"e{n}", score=1 + n % 5)
        for n in range(first, first + count)
    ]
    return [*signals, signals[0]]


def everything(world: World) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of the tables that a backup is about."""
    return {table: rows(world, f"SELECT * FROM {table}") for table in TABLES}


def all_is_built(world: World) -> bool:
    """Say whether the builder has taken care of all that was published."""
    return backlog(world) == Backlog(0, 0)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Give a database with a log beside it and ten thousand signals, which somebody writes to."""
    path = tmp_path / "oo.db"
    with closing(connect(path)) as connection:
        insert(connection, 0, 10_000)
    return path


def insert(connection: sqlite3.Connection, first: int, count: int) -> None:
    """Store signals, one transaction for all of them."""
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO signals VALUES (?, 0, ?, 's', 0, 0, 0, ?)",
        ((f"u{n}", f"e{n}", bytes(200)) for n in range(first, first + count)),
    )
    connection.execute("COMMIT")


def test_a_copy_in_steps_is_of_one_moment(database: Path, tmp_path: Path) -> None:
    """What is committed while it is made is not in it, and does not make it begin again."""
    copy = tmp_path / "copies" / "one.db"
    steps: list[int] = []
    with closing(connect(database)) as writer:

        def commit_more(done: int, _total: int) -> None:
            insert(writer, 10_000 + 100 * len(steps), 100)
            steps.append(done)

        done = back_up(database, copy, Position("made", 7), commit_more, step_pages=64)
    assert len(steps) > 8
    assert steps == sorted(set(steps))
    assert done == examine(copy)
    assert (done.signals, done.position) == (10_000, Position("made", 7))
    assert [path.name for path in copy.parent.iterdir()] == ["one.db"]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_a_backup_that_fails_leaves_the_older_one(database: Path, tmp_path: Path) -> None:
    """A file that cannot be written, or is the database itself, is named and left as it is."""
    folder = tmp_path / "full"
    older = folder / "oo.db"
    back_up(database, older, None)
    before = older.read_bytes()
    database.write_bytes(b"no database" * 1000)
    with pytest.raises(Exception, match="not a database"):
        back_up(database, older, None)
    assert older.read_bytes() == before
    assert list(folder.iterdir()) == [older]
    link = tmp_path / "link.db"
    link.symlink_to(database)
    with pytest.raises(Exception, match="it is the database itself"):
        back_up(database, link, None)


def test_a_damaged_copy_is_found(database: Path, tmp_path: Path) -> None:
    """One page of garbage somewhere in the file is enough."""
    copy = tmp_path / "copy.db"
    back_up(database, copy, None)
    content = bytearray(copy.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = bytes([255]) * 4096
    copy.write_bytes(content)
    with pytest.raises(Exception, match=r"it is damaged|malformed"):
        examine(copy)


def some_are_acknowledged(world: World, published: int) -> bool:
    """Say whether the stream need not be read again from its start."""
    left = backlog(world)
    return left is not None and left.waiting + left.unacknowledged < published


@pytest.mark.live
def test_a_restored_backup_ends_with_everything_stored_once(world: World, tmp_path: Path) -> None:
    """Taken while the builder ran, restored after more was built and published: nothing is lost."""
    copy = str(tmp_path / "copy.db")
    publish_signals(world, moods(0, 3000))

    async def back_up_in_between() -> None:
        await until(lambda: some_are_acknowledged(world, 3000))
        told = await asyncio.to_thread(world.oo, "backup", copy)
        assert "looked through and whole" in told.stdout

    build_until(world, lambda: all_is_built(world), meanwhile=back_up_in_between, max_batch=50)
    publish_signals(world, [*moods(3000, 200), ("signals.mood.logged", {})])
    build_until(world, lambda: all_is_built(world))
    before = everything(world)
    publish_signals(world, moods(3200, 100))
    told = world.oo("restore", copy).stdout
    assert f"the database that was there is {world.settings.db}.replaced" in told
    restored = number_of(world, "signals")
    assert 0 < restored < 3200
    # The stream is read again from where the backup ends, not from its start.
    left = backlog(world)
    assert left is not None
    assert 301 < left.waiting < 3303
    build_until(world, lambda: all_is_built(world))
    assert number_of(world, "signals") == 3300
    after = everything(world)
    assert all(set(before[table]) <= set(after[table]) for table in ("signals", "rejected_signals"))
    assert served_states(world) == stored_states(world)


@pytest.mark.live
def test_a_database_in_use_is_not_replaced(world: World, tmp_path: Path) -> None:
    """While a builder has it open, nothing is touched: neither file nor consumer."""
    copy = tmp_path / "copy.db"
    world.publish_and_build(moods(0, 5))
    world.oo("backup", str(copy))
    inode = world.settings.db.stat().st_ino
    with closing(connect(world.settings.db)):
        refused = world.oo("restore", str(copy), code=1)
    assert "is in use" in refused.stderr
    assert world.settings.db.stat().st_ino == inode
    assert backlog(world) == Backlog(0, 0)


@pytest.mark.live
def test_who_was_forgotten_since_stays_forgotten(world: World, tmp_path: Path) -> None:
    """Tombstones of the database that is replaced hold in the one that comes back, at once."""
    copy = tmp_path / "copy.db"
    world.publish_and_build(moods(0, 50))
    world.oo("backup", str(copy))
    with closing(connect(world.settings.db)) as connection, transaction(connection):
        set_until(connection, "u1", FOR_GOOD, os.urandom)
        set_until(connection, "u2", wall_clock(), os.urandom)
    assert "2 persons forgotten since" in world.oo("restore", str(copy)).stdout
    everybody = {"u0", "u3", "u4", "u5", "u6"}
    for table in ("signals", "mood_state", "profile_due"):
        assert {user for (user,) in rows(world, f"SELECT user_id FROM {table}")} <= everybody
    with closing(connect(world.settings.db)) as connection:
        assert set(find_many(connection, ["u1", "u2", "u3"])) == {"u1", "u2"}
    build_until(world, lambda: all_is_built(world))
    assert {user for (user,) in rows(world, "SELECT user_id FROM signals")} == everybody


@pytest.mark.live
def test_without_nats_a_backup_is_made_all_the_same(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that a restore will read the whole stream, and does."""
    copy = tmp_path / "copy.db"
    world.publish_and_build(moods(0, 5))
    monkeypatch.setenv("OO_NATS", "nats://127.0.0.1:1")
    assert "whole stream" in world.oo("backup", str(copy)).stderr
    monkeypatch.setenv("OO_NATS", world.nats_url)
    assert "from message 1 on" in world.oo("restore", str(copy)).stdout
    assert backlog(world) == Backlog(6, 0)
