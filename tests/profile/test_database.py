"""The SQLite file is opened as promised, or refused with everything as it was."""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest

from oo_profile.errors import DatabaseError, NoDatabaseError, SchemaError
from oo_profile.storage.database import (
    MIGRATIONS,
    connect,
    power_cut_may_undo,
    reading,
    transaction,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INSERT_DUE = "INSERT INTO profile_due VALUES (?)"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give the path of a file in a folder that is not there yet."""
    return tmp_path / "data" / "oo.db"


@pytest.fixture
def connection(file: Path) -> Iterator[sqlite3.Connection]:
    """Give an open database."""
    opened = connect(file)
    yield opened
    opened.close()


def due(connection: sqlite3.Connection) -> list[str]:
    """List the users whose profile is due."""
    return [user for (user,) in connection.execute("SELECT user_id FROM profile_due")]


def insert(connection: sqlite3.Connection, *users: str) -> None:
    """Mark users in one transaction."""
    with transaction(connection):
        for user in users:
            connection.execute(INSERT_DUE, (user,))


def test_the_file_is_durable_and_readable_beside_the_writer(connection: sqlite3.Connection) -> None:
    """It is in WAL mode, commits survive a power cut, and the schema has its version."""
    pragmas = ("journal_mode", "synchronous", "user_version")
    values = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
    assert values == ["wal", 2, len(MIGRATIONS)]


def test_less_durable_only_if_asked(file: Path) -> None:
    """NORMAL is taken from the caller."""
    opened = connect(file, synchronous="NORMAL")
    assert opened.execute("PRAGMA synchronous").fetchone() == (1,)
    opened.close()


def test_syncs_are_spared_for_a_while_only(file: Path) -> None:
    """What is committed meanwhile is there, and whoever commits next waits for the disk again."""
    opened = connect(file)
    with power_cut_may_undo(opened):
        assert opened.execute("PRAGMA synchronous").fetchone() == (1,)
        opened.execute(INSERT_DUE, ("a",))
    assert opened.execute("PRAGMA synchronous").fetchone() == (2,)
    opened.close()
    with reading(file) as opened:
        assert due(opened) == ["a"]


def test_opening_again_keeps_what_is_there(file: Path) -> None:
    """The second start finds the rows of the first."""
    for user in ("a", "b"):
        opened = connect(file)
        opened.execute(INSERT_DUE, (user,))
        opened.close()
    with reading(file) as opened:
        assert due(opened) == ["a", "b"]


def test_programs_that_start_together_share_one_file(file: Path) -> None:
    """Whoever comes first makes the tables, and no other stumbles over them."""
    barrier, failed = threading.Barrier(8), []

    def start() -> None:
        barrier.wait()
        try:
            connect(file).close()
        except DatabaseError as error:
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_newer_schema_is_refused_and_left_alone(file: Path) -> None:
    """A file of a later program is not touched by an earlier one."""
    opened = connect(file)
    opened.execute("PRAGMA user_version = 99")
    opened.close()
    before = file.read_bytes()
    with pytest.raises(SchemaError, match=r"schema version 99, this program knows \d"):
        connect(file)
    assert file.read_bytes() == before


def test_what_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A text file under the name is named with SQLite's reason."""
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but longer than the header of one would be")
    with pytest.raises(DatabaseError, match=r"SQLite refuses .*notes.txt: file is not a database"):
        connect(file)
    assert file.read_text().startswith("not a database")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file in the way of the data folder is an error that names it."""
    (tmp_path / "data").write_text("a file")
    with pytest.raises(DatabaseError, match="data") as caught:
        connect(tmp_path / "data" / "oo.db")
    assert "`oo run` makes it" not in str(caught.value)


def test_reading_a_missing_file_says_who_makes_it(file: Path) -> None:
    """Nothing is made by a reader, and the message says what to run."""
    with pytest.raises(NoDatabaseError, match="`oo run` makes it"), reading(file):
        pass
    assert not file.exists()


def test_a_reader_sees_one_state_while_others_write(
    file: Path, connection: sqlite3.Connection
) -> None:
    """What is committed between two reads shows in neither, and a reader cannot write."""
    connection.execute(INSERT_DUE, ("a",))
    with reading(file) as reader:
        assert due(reader) == ["a"]
        connection.execute(INSERT_DUE, ("b",))
        assert due(reader) == ["a"]
    with pytest.raises(DatabaseError, match="readonly"), reading(file) as reader:
        reader.execute(INSERT_DUE, ("c",))
    assert due(connection) == ["a", "b"]


def test_an_error_inside_a_transaction_undoes_it(connection: sqlite3.Connection) -> None:
    """The error comes out as it is, nothing is kept, and the next transaction works."""
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        insert(connection, "a", "b", "a")
    assert due(connection) == []
    insert(connection, "b")
    assert due(connection) == ["b"]


def test_a_commit_that_is_refused_undoes_the_transaction(connection: sqlite3.Connection) -> None:
    """A constraint that is checked at the commit leaves nothing open behind it."""
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("CREATE TABLE parent (id TEXT PRIMARY KEY)")
    connection.execute("DROP TABLE profile_due")
    connection.execute(
        "CREATE TABLE profile_due (user_id REFERENCES parent DEFERRABLE INITIALLY DEFERRED)"
    )
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        insert(connection, "a")
    assert not connection.in_transaction
    assert due(connection) == []


def test_a_full_disk_undoes_the_transaction(connection: sqlite3.Connection) -> None:
    """SQLite has rolled back by itself then: the error is still the disk's."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        insert(connection, *(f"{number}" * 400 for number in range(100)))
    assert not connection.in_transaction
    assert due(connection) == []
