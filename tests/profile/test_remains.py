"""Bytes that no row has any more are found in the database file, and overwritten."""

from __future__ import annotations

import random
import shutil
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.batches import database, dump, message, writer
from support.payloads import RECEIVED_US, TAUGHT_FIELDS

from oo_profile.errors import DatabaseError
from oo_profile.privacy.database_erasure import count_rows, erase_rows
from oo_profile.privacy.pages import BTreePage, values_of
from oo_profile.privacy.remains import scrub
from oo_profile.privacy.writing import Patience, PoliteWriter, open_writer
from oo_profile.storage.database import PAGE_BYTES, reading

if TYPE_CHECKING:
    from collections.abc import Iterator

USERS = [f"user-{number:04}" for number in range(60)]


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a database that has grown in many batches, so that its tree was balanced often."""
    path = tmp_path_factory.mktemp("grown") / "oo.db"
    chance, number = random.Random(3), 0
    with database(path) as connection:
        batches = writer(connection)
        for _ in range(25):
            messages = []
            for _ in range(120):
                number += 1
                subject = chance.choice(list(TAUGHT_FIELDS))
                received_us = RECEIVED_US + number * 1000
                late = timedelta(seconds=chance.choice([0, 0, 0, chance.randrange(5000)]))
                at = datetime.fromtimestamp(received_us / 1e6, UTC) - late
                data = TAUGHT_FIELDS[subject] | {
                    "user_id": chance.choice(USERS),
                    "event_id": f"e{chance.getrandbits(48)}",
                    "occurred_at": at.isoformat(),
                }
                messages.append(message(subject, data, number, received_us))
            batches.write(messages)
    return path


@pytest.fixture
def path(grown: Path, tmp_path: Path) -> Path:
    """Give a copy of it."""
    return Path(shutil.copy(grown, tmp_path / "oo.db"))


@pytest.fixture
def polite(path: Path) -> Iterator[PoliteWriter]:
    """Give a second writer, which waits for nobody's sake."""
    with open_writer(path, Patience(time.monotonic, lambda _: None)) as opened:
        yield opened


def test_deleted_rows_leave_copies_and_scrubbing_overwrites_them(
    path: Path, polite: PoliteWriter
) -> None:
    """Of each of all users nothing is in the file afterwards, and every other row is as before."""
    gone = USERS[::3]
    for user in gone:
        erase_rows(polite, user)
    polite.truncate_wal()
    kept, content = dump(polite.connection), path.read_bytes()
    copied = [user for user in gone if user.encode() in content]
    assert copied
    for user in copied:
        after = scrub(polite, path, user.encode())
        assert (after.outside_rows, after.in_rows) == (0, 0)
    assert not [user for user in gone if user.encode() in path.read_bytes()]
    assert dump(polite.connection) == kept
    assert polite.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_pages_are_read_as_sqlite_reads_them(path: Path, polite: PoliteWriter) -> None:
    """Every signal is in a cell of a page, with the same values."""
    polite.truncate_wal()
    columns = (
        "user_id, event_id, occurred_at, subject, received_at, stream_sequence, "
        "utc_offset_minutes, payload"
    )
    expected = {tuple(row) for row in polite.connection.execute(f"SELECT {columns} FROM signals")}
    content, found = path.read_bytes(), set()
    for number in range(1, len(content) // PAGE_BYTES + 1):
        page = content[(number - 1) * PAGE_BYTES : number * PAGE_BYTES]
        if parsed := BTreePage.parse(page, number, PAGE_BYTES):
            found |= {tuple(values_of(cell.record)) for cell in parsed.cells if cell.record}
    assert expected <= found


def test_a_reader_keeps_the_log_from_being_emptied(path: Path) -> None:
    """The writer is patient for a while, says no, and succeeds when the reader has ended."""
    patience = Patience(time.monotonic, time.sleep, reader_seconds=0.05)
    polite = PoliteWriter(path, patience)
    with reading(path) as reader:
        reader.execute("SELECT count(*) FROM signals").fetchone()
        erase_rows(polite, USERS[0])
        assert not polite.truncate_wal()
        assert path.with_name("oo.db-wal").stat().st_size > 0
    assert polite.truncate_wal()
    assert path.with_name("oo.db-wal").stat().st_size == 0
    polite.close()


def test_another_writer_is_waited_for_and_not_for_ever(path: Path) -> None:
    """Nothing was deleted when patience is over, and the error says what holds the file."""
    polite = PoliteWriter(path, Patience(time.monotonic, time.sleep, lock_seconds=0.05))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseError, match="locked"):
        erase_rows(polite, USERS[0])
    other.execute("ROLLBACK")
    other.close()
    assert count_rows(polite.connection, USERS[0]) > 0
    polite.close()
