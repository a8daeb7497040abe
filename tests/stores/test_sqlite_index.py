"""A table without an index for point-in-time reads gets one, or is scanned, and says so."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from support.sqlite_repo import (
    DATABASE,
    HOUR,
    NOON,
    USER,
    project,
    score_source,
    score_view,
    scores,
    scores_project,
    write_scores,
)

if TYPE_CHECKING:
    from pathlib import Path

# The correction holds the smaller value, so that no order but that of created times finds it.
ROWS = [("a", NOON, NOON, 2.0), ("a", NOON, NOON + HOUR, 1.0), ("b", NOON, NOON, 3.0)]
ASKED = pd.DataFrame({"user_id": ["a", "b", "x"], "event_timestamp": [NOON] * 3})
ANSWER = [1.0, 3.0, None]


def indexes(folder: Path) -> list[str]:
    """Return the names of the indexes that somebody made."""
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE INDEX%'")
        return [name for (name,) in found]


def test_the_first_retrieval_makes_the_index_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One line is logged, once; the second retrieval finds the index."""
    store = scores_project(tmp_path, ROWS, key=None)
    assert scores(store, ASKED) == ANSWER
    assert indexes(tmp_path) == ["ix_score_user_id_event_timestamp_created_timestamp"]
    assert [
        "made one on (user_id, event_timestamp, created_timestamp)" in m for m in caplog.messages
    ]
    caplog.clear()
    assert scores(store, ASKED) == ANSWER
    assert caplog.messages == []


@pytest.mark.parametrize(
    "key",
    [
        ("user_id", "event_timestamp", "created_timestamp"),
        ("user_id", "event_timestamp", "score"),
    ],
)
def test_a_fitting_key_is_used_as_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, key: tuple[str, ...]
) -> None:
    """A primary key that begins with join key and event time needs no further index."""
    assert scores(scores_project(tmp_path, ROWS, key), ASKED) == ANSWER
    assert (indexes(tmp_path), caplog.messages) == ([], [])


@pytest.mark.parametrize(
    "index",
    ["(user_id, event_timestamp) WHERE score > 1", "(user_id)", "(event_timestamp, user_id)"],
)
def test_an_index_that_does_not_fit_does_not_count(tmp_path: Path, index: str) -> None:
    """An index that leaves out rows, or that does not lead to a key's newest row, is no help."""
    store = scores_project(tmp_path, ROWS, key=None)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute(f"CREATE INDEX some ON score {index}")
    assert scores(store, ASKED) == ANSWER
    assert len(indexes(tmp_path)) == 2


def test_a_file_that_cannot_be_written_is_scanned(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """While another process writes, the answer is the same and the line says why it is slower."""
    write_scores(tmp_path, ROWS, key=None)
    store = project(tmp_path, busy_timeout_seconds=0)
    store.apply([USER, score_view()])
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert scores(store, ASKED) == ANSWER
        other.execute("ROLLBACK")
    assert len(caplog.messages) == 1
    assert "is scanned" in caplog.messages[0]
    assert indexes(tmp_path) == []


def test_a_sql_view_is_scanned(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A SQL view can have no index; it is read all the same, and silently."""
    write_scores(tmp_path, ROWS, key=None)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("CREATE VIEW seen AS SELECT * FROM score WHERE score < 3")
    store = project(tmp_path)
    store.apply([USER, score_view(score_source(table="seen"))])
    assert scores(store, ASKED) == [1.0, None, None]
    assert (indexes(tmp_path), caplog.messages) == ([], [])
