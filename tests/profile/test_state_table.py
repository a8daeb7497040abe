"""The table of a state view gives back what was written, and finds the version that counts."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.batches import (
    TABLES,
    database,
    dump,
    history_rows,
    messages_of,
    write_in_batches,
)
from support.logs import columns_of
from support.strategies import BASE_US, Logged, logs

from oo_profile.building import replay
from oo_profile.errors import SchemaError
from oo_profile.storage.database import missing_state_tables
from oo_profile.storage.state_table import StateTable, newest_created_many
from oo_transforms.history import Version, truth_at
from oo_transforms.signals import STORED_TYPES
from oo_transforms.version_columns import VersionColumns
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

ACTIVITY = next(table for table in TABLES if table.name == "activity_state")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Give a database without signals."""
    with database(tmp_path / "oo.db") as opened:
        yield opened


def sessions(*times: tuple[int, int]) -> list[tuple[str, Version]]:
    """Make versions of one user at (event, created) times, told apart by their sum."""
    state = ACTIVITY.state(None)
    versions = []
    for number, (event_us, created_us) in enumerate(times):
        state.sums[0] = number
        versions.append(("u1", Version(event_us, created_us, state.cells())))
    return versions


def test_every_subject_has_a_table_to_write_to() -> None:
    """Received times are read from the state tables, so every signal must write one."""
    assert {kind for view in STATE_VIEWS for kind in view.weights} == set(STORED_TYPES)


@settings(deadline=None, max_examples=30)
@given(logs())
def test_a_version_comes_back_as_it_was_written(log: list[Logged]) -> None:
    """Numbers, texts, names and arrays of every view survive the table bit by bit."""
    with tempfile.TemporaryDirectory() as folder, database(Path(folder) / "oo.db") as connection:
        write_in_batches(connection, messages_of(log), [])
        for table in TABLES:
            versions = table.history(connection, "u1")
            connection.execute(f"DELETE FROM {table.name}")
            table.insert_many(connection, [("u1", version) for version in reversed(versions)])
            found = [columns_of(table.view, v.cells) for v in table.history(connection, "u1")]
            assert found == [columns_of(table.view, v.cells) for v in versions]


@settings(deadline=None, max_examples=15)
@given(logs())
def test_columns_are_written_as_versions_are(log: list[Logged]) -> None:
    """A replay that comes as columns leaves the very rows that it leaves version by version."""
    with tempfile.TemporaryDirectory() as folder, database(Path(folder) / "oo.db") as connection:
        write_in_batches(connection, messages_of(log), [])
        for table in TABLES:
            everything = f"SELECT * FROM {table.name}"
            rows = connection.execute(everything).fetchall()
            history = table.history(connection, "u1")
            connection.execute(f"DELETE FROM {table.name}")
            columns = VersionColumns.of(table.view, [[], history])
            table.insert_raw(connection, table.pack(["nobody", "u1"], columns))
            assert connection.execute(everything).fetchall() == rows


@settings(deadline=None, max_examples=30)
@given(logs(), st.integers(BASE_US - 1, BASE_US + 8 * 86_400_000_000))
def test_the_newest_version_at_a_time_is_the_truth_then(log: list[Logged], time_us: int) -> None:
    """One seek finds what a search through the whole history finds."""
    with tempfile.TemporaryDirectory() as folder, database(Path(folder) / "oo.db") as connection:
        write_in_batches(connection, messages_of(log), [3])
        for table in TABLES:
            versions = table.history(connection, "u1")
            for at in (time_us, *(version.event_time_us for version in versions)):
                found, expected = table.newest_at(connection, "u1", at), truth_at(versions, at)
                assert (found and found.created_us) == (expected and expected.created_us)
                assert (found and found.event_time_us) == (expected and expected.event_time_us)


@settings(deadline=None, max_examples=20)
@given(logs(), st.sets(st.sampled_from(["u1", "ü", "🌱", "nobody", 'a"b', "a\\b"])))
def test_many_users_are_read_as_one_by_one(log: list[Logged], asked: set[str]) -> None:
    """One statement for many users gives what one for each gives; who has none is left out."""
    with tempfile.TemporaryDirectory() as folder, database(Path(folder) / "oo.db") as connection:
        for user in ("u1", "ü", "🌱", 'a"b', "a\\b"):
            mine = [Logged(s.subject, {**s.data, "user_id": user}, 0, s.received_us) for s in log]
            write_in_batches(connection, messages_of(mine), [])
        created = dict.fromkeys(asked, 0)
        for table in TABLES:
            found = table.newest_many(connection, asked)
            singly = {user: table.newest(connection, user) for user in asked}
            assert found.keys() == {user for user, version in singly.items() if version}
            for user, version in found.items():
                created[user] = max(created[user], version.created_us)
                single = singly[user]
                assert single is not None
                assert columns_of(table.view, version.cells) == columns_of(table.view, single.cells)
        assert newest_created_many(connection, TABLES, asked) == created


def test_a_tail_begins_with_the_event_time_before(connection: sqlite3.Connection) -> None:
    """A correction needs the rows from its time on, and the truth just before it."""
    ACTIVITY.insert_many(connection, sessions((10, 11), (20, 21), (20, 35), (30, 31)))

    def keys(time_us: int) -> list[tuple[int, int]]:
        tail = ACTIVITY.tail(connection, "u1", time_us, limit=4)
        return [(version.event_time_us, version.created_us) for version in tail or ()]

    assert keys(30) == keys(21) == [(20, 21), (20, 35), (30, 31)]
    assert keys(31) == [(30, 31)]
    assert keys(10) == keys(5) == [(10, 11), (20, 21), (20, 35), (30, 31)]
    assert ACTIVITY.tail(connection, "u2", 5, limit=4) == []


def test_a_tail_over_the_limit_is_none(connection: sqlite3.Connection) -> None:
    """A tail is read whole or not at all, so that a long one costs no more than its limit."""
    ACTIVITY.insert_many(connection, sessions((10, 11), (20, 21), (20, 35), (30, 31)))
    assert ACTIVITY.tail(connection, "u1", 5, limit=3) is None
    assert len(ACTIVITY.tail(connection, "u1", 30, limit=3) or ()) == 3


def test_columns_say_how_they_are_stored() -> None:
    """Instants and arrays are told apart from numbers by the declared type of their column."""
    types = dict(ACTIVITY.columns)
    assert types["event_timestamp"] == types["created_timestamp"] == "TIMESTAMP_US"
    assert types["activity_sessions"] == "DOUBLE"
    assert types["activity_by_hour"] == "DOUBLE_LIST"
    assert dict(TABLES[-2].columns) != dict(StateTable(STATE_VIEWS[0]).columns)


def test_a_table_with_other_columns_is_refused(connection: sqlite3.Connection) -> None:
    """Where a view's declaration changed under its table, no table is made or changed."""
    connection.execute("DROP TABLE activity_state")
    connection.execute("ALTER TABLE task_state DROP COLUMN task_snoozed")
    before = dump(connection)
    with pytest.raises(SchemaError, match=r"task_state has the columns .*: run `oo rebuild --view"):
        replay.make_tables(connection, STATE_VIEWS)
    assert dump(connection) == before


def test_tables_that_are_missing_are_found(connection: sqlite3.Connection) -> None:
    """Only a view without a table counts as new."""
    assert missing_state_tables(connection, STATE_VIEWS) == []
    connection.execute("DROP TABLE mood_state")
    assert [table.name for table in missing_state_tables(connection, STATE_VIEWS)] == ["mood_state"]
    assert history_rows(connection) == {}
