"""A database that takes nothing stops the builder, which says why and goes on when it can."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support.batches import count, database, dump, message, writer
from support.building import (
    Backlog,
    all_is_acknowledged,
    backlog,
    build_until,
    minutes_ago,
    number_of,
    publish_signals,
    redis_has_all,
    until,
)
from support.events import captured
from support.payloads import RECEIVED_US, SUBJECTS
from support.payloads import message as data_of
from support.world import SignalData, World, signal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from oo_profile.transport.message import Message

COUNT = 60
LONG_NOTE = "x" * 10_000
MEBIBYTE = 1 << 20
ROOM_FOR_NO_BATCH = 64 << 10
"""Bytes: the files beside the database can begin, and a batch of long notes does not fit."""


def sessions(first: int, note: str = "") -> list[SignalData]:
    """Make sessions of five users."""
    return [
        signal(
            "app.session",
            f"u{n % 5}",
            minutes_ago(500 - n),
            f"e{n}",
            duration_seconds=n,
            note=note,
        )
        for n in range(first, first + COUNT)
    ]


def messages() -> list[Message]:
    """Make messages of every subject for many users, and one that is no signal."""
    valid = [
        message(subject, data_of(subject, user_id=f"u{n}", event_id=f"e{n}"), n, RECEIVED_US)
        for n, subject in enumerate(SUBJECTS * 40, start=1)
    ]
    return [*valid, message("signals.unknown", {}, len(valid) + 1, RECEIVED_US)]


def test_a_batch_that_does_not_fit_is_not_there_at_all(tmp_path: Path) -> None:
    """SQLite says that it is full, nothing of the batch is kept, and later all of it is."""
    with database(tmp_path / "oo.db") as connection:
        before = dump(connection)
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 5}")
        with pytest.raises(sqlite3.OperationalError, match="database or disk is full"):
            writer(connection).write(messages())
        assert dump(connection) == before
        connection.execute("PRAGMA max_page_count = 1000000")
        outcome = writer(connection).write(messages())
        assert outcome.stored.total() == count(connection, "signals") == len(messages()) - 1
        assert outcome.rejected.total() == count(connection, "rejected_signals") == 1


@contextmanager
def no_larger_files_than(size: int) -> Iterator[Callable[[], None]]:
    """Let this process write no file beyond a size; give what lifts that again."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def lift() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield lift
    finally:
        lift()


def assert_it_waited(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Assert that it said why once, and that all is stored and served."""
    assert [event.context["part"] for event in captured(caplog, "builder.waiting")] == ["sqlite"]
    assert len(captured(caplog, "builder.resumed")) == 1
    assert number_of(world, "signals") == 2 * COUNT
    assert redis_has_all(world)


@pytest.mark.live
def test_a_disk_that_takes_no_more_is_waited_for(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is stored in part or acknowledged, it is said once, and then all is stored once."""
    caplog.set_level("INFO", logger="oo_profile")
    world.publish_and_build(sessions(0))
    publish_signals(world, sessions(COUNT, note=LONG_NOTE))

    async def make_room_later() -> None:
        await until(lambda: captured(caplog, "builder.waiting") != [])
        await until(lambda: backlog(world) == Backlog(0, COUNT))
        assert number_of(world, "signals") == COUNT
        lift()

    with no_larger_files_than(ROOM_FOR_NO_BATCH) as lift:
        totals = build_until(world, lambda: all_is_acknowledged(world), meanwhile=make_room_later)
    assert (totals.stored.total(), totals.duplicates) == (COUNT, 0)
    assert_it_waited(world, caplog)


@contextmanager
def small_disk(folder: Path, size_bytes: int) -> Iterator[Path]:
    """Mount a file system of this size; only root may."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "none", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("a small file system can only be mounted by root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.live
def test_a_full_disk_is_waited_for(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As above, on a file system that is really full until somebody deletes a file."""
    caplog.set_level("INFO", logger="oo_profile")
    with small_disk(tmp_path / "disk", 4 * MEBIBYTE) as disk:
        moved = replace(world, settings=replace(world.settings, db=disk / "oo.db"))
        moved.publish_and_build(sessions(0))
        publish_signals(moved, sessions(COUNT, note=LONG_NOTE))
        other = disk / "other"

        async def make_room_later() -> None:
            await until(lambda: captured(caplog, "builder.waiting") != [])
            assert number_of(moved, "signals") == COUNT
            other.unlink()

        with other.open("wb") as file:
            file.write(b"x" * (shutil.disk_usage(disk).free - ROOM_FOR_NO_BATCH))
        build_until(moved, lambda: all_is_acknowledged(moved), meanwhile=make_room_later)
        assert_it_waited(moved, caplog)
        reasons = [event.context["reason"] for event in captured(caplog, "builder.waiting")]
        assert reasons == ["database or disk is full"]
