"""Files that cannot be used are named with the next step; connections and threads keep to order."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from support.sqlite_repo import (
    DATABASE,
    HOUR,
    NOON,
    USER,
    project,
    score_rows,
    score_source,
    score_view,
    scores,
    scores_project,
    write_scores,
)

from oo_stores.errors import (
    DatabaseCorruptError,
    DatabaseLockedError,
    DatabaseMissingError,
    DatabaseReadOnlyError,
    QueryError,
    TableMissingError,
)
from oo_stores.sqlite import SQLiteOfflineStore
from oo_stores.sqlite.connection import reader, writer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feast import FeatureStore

ASKED = pd.DataFrame({"user_id": ["a"], "event_timestamp": [NOON]})
NOBODY = 65534


@pytest.fixture
def others_folder() -> Iterator[Path]:
    """Give a folder that another user may read and not write, as a folder in a shared place."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


@contextmanager
def another_user(path: Path) -> Iterator[None]:
    """Have only a reader's rights on a file and its folder, whoever runs the tests."""
    if os.geteuid() != 0:
        # This user owns the files, and takes its own rights away.
        path.chmod(0o444)
        path.parent.chmod(0o555)
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def rollback_mode(path: Path) -> None:
    """Take a file out of WAL mode."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def test_a_file_of_anothers_is_not_written(others_folder: Path) -> None:
    """A writer without rights is told which file it is and what it needs."""
    path = others_folder / DATABASE
    write_scores(others_folder, [("a", NOON, NOON, 1.0)])
    rollback_mode(path)
    with (
        another_user(path),
        pytest.raises(DatabaseReadOnlyError, match=rf"refuses {path}: .*right to write the file"),
    ):
        write_scores(others_folder, [("b", NOON, NOON, 1.0)])
    with reader(path) as connection:
        assert connection.execute("SELECT user_id FROM score").fetchall() == [("a",)]


def test_a_wal_file_in_a_folder_of_anothers_is_not_read(others_folder: Path) -> None:
    """SQLite's readers of WAL files write beside them; the message says so and the ways out."""
    path = others_folder / DATABASE
    write_scores(others_folder, [("a", NOON, NOON, 1.0)])
    with (
        another_user(path),
        pytest.raises(DatabaseReadOnlyError, match=rf"refuses {path}: .*WAL mode.*copy it"),
        reader(path) as connection,
    ):
        connection.execute("SELECT count(*) FROM score")


def test_another_file_in_a_folder_of_anothers_is_read(others_folder: Path) -> None:
    """Without WAL the rights to read are enough."""
    path = others_folder / DATABASE
    write_scores(others_folder, [("a", NOON, NOON, 1.0)])
    rollback_mode(path)
    with another_user(path), reader(path) as connection:
        assert connection.execute("SELECT count(*) FROM score").fetchone() == (1,)


def test_a_copy_without_its_log_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """What was only in the -wal is missing; if that is all tables, the message thinks of it."""
    (tmp_path / "copy").mkdir()
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE score (user_id TEXT)")
        shutil.copy(tmp_path / DATABASE, tmp_path / "copy" / DATABASE)
    store = project(tmp_path / "copy")
    store.apply([USER, score_view()])
    with pytest.raises(TableMissingError, match="was it copied without its -wal"):
        scores(store, ASKED)


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    """A path that is a folder is told apart from one where nothing is."""
    store = project(tmp_path, path=".")
    store.apply([USER, score_view()])
    with pytest.raises(DatabaseMissingError, match="is a folder; give the path of a SQLite file"):
        scores(store, ASKED)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    """Pages overwritten behind a sound header are damage, with the way to save the rest."""
    rows = [(f"u{number}", NOON, NOON, 1.0) for number in range(5000)]
    store = scores_project(tmp_path, rows)
    path = tmp_path / DATABASE
    rollback_mode(path)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    for asked in (ASKED, "SELECT user_id, event_timestamp FROM score"):
        with pytest.raises(DatabaseCorruptError, match=r"features\.db: .*`\.recover`"):
            store.get_historical_features(asked, ["scores:score"]).to_arrow()


def test_a_reader_waits_no_longer_than_told(tmp_path: Path) -> None:
    """In a file without WAL a writer stops readers, who say what is in the way."""
    write_scores(tmp_path, [("a", NOON, NOON, 1.0)])
    rollback_mode(tmp_path / DATABASE)
    store = project(tmp_path, busy_timeout_seconds=0)
    store.apply([USER, score_view()])
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        query = "SELECT user_id, event_timestamp FROM score"
        for asked in (ASKED, query):
            with pytest.raises(DatabaseLockedError, match="another process is writing"):
                store.get_historical_features(asked, ["scores:score"]).to_arrow()
        other.execute("ROLLBACK")
    assert scores(store, ASKED) == [1.0]


def open_files(path: Path) -> int:
    """Return how often this process holds a file open."""
    links = Path("/proc/self/fd").iterdir()
    return sum(link.exists() and link.resolve() == path.resolve() for link in links)


has_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only Linux lists them")


@has_proc
@pytest.mark.parametrize("refused", [True, False])
def test_no_connection_is_left_open(tmp_path: Path, *, refused: bool) -> None:
    """Neither a retrieval that ends nor one that fails in its midst holds the file open."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)])
    query = "SELECT 1 +" if refused else "SELECT user_id, event_timestamp FROM score"
    if refused:
        with pytest.raises(QueryError):
            store.get_historical_features(query, ["scores:score"])
    else:
        store.get_historical_features(query, ["scores:score"]).to_df()
    assert open_files(tmp_path / DATABASE) == 0


@has_proc
def test_a_job_that_is_abandoned_closes_the_file(tmp_path: Path) -> None:
    """Who reads one slice of many and goes away leaves nothing open."""
    rows = [(f"u{number}", NOON, NOON, 1.0) for number in range(20_001)]
    store = scores_project(tmp_path, rows)
    columns = (["user_id"], ["score"], "event_timestamp", "created_timestamp", NOON, NOON)
    pull = SQLiteOfflineStore.pull_all_from_table_or_query
    slices = pull(store.config, score_source(), *columns).slices()
    assert next(slices).num_rows
    assert open_files(tmp_path / DATABASE) == 1
    del slices
    assert open_files(tmp_path / DATABASE) == 0


def test_readers_see_a_batch_whole_or_not_at_all(tmp_path: Path) -> None:
    """One thread writes while others retrieve: nobody fails, and nobody sees half a batch."""
    users = [f"u{number}" for number in range(20)]
    store = scores_project(tmp_path, [(user, NOON, NOON, 0.0) for user in users])
    asked = pd.DataFrame({"user_id": users, "event_timestamp": [NOON + HOUR] * len(users)})
    written = Event()

    def write(batches: int) -> None:
        try:
            for number in range(batches):
                rows = score_rows([(user, NOON, NOON, float(number)) for user in users])
                store.write_to_offline_store("scores", rows.to_pandas())
        finally:
            written.set()

    def read(own: FeatureStore) -> set[int]:
        seen = set()
        while not written.is_set():
            seen.add(len(set(scores(own, asked))))
        return seen

    # Each thread has a registry cache of its own; what they share is the database.
    own_stores = [project(tmp_path) for _ in range(3)]
    with ThreadPoolExecutor(max_workers=4) as pool:
        readers = [pool.submit(read, own) for own in own_stores]
        pool.submit(write, 10).result(timeout=60)
        assert {size for one in readers for size in one.result(timeout=60)} <= {1}
    assert scores(store, asked) == [9.0] * len(users)


def test_a_reader_keeps_the_state_that_it_began_with(tmp_path: Path) -> None:
    """A commit in the midst of a read does not show in it."""
    write_scores(tmp_path, [("a", NOON, NOON, 1.0)])
    with reader(tmp_path / DATABASE) as connection:
        assert connection.execute("SELECT count(*) FROM score").fetchone() == (1,)
        with writer(tmp_path / DATABASE) as other:
            other.execute("DELETE FROM score")
        assert connection.execute("SELECT count(*) FROM score").fetchone() == (1,)
