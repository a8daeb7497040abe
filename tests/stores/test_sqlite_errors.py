"""A database that cannot be used is named, with what to do."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pytest
from feast.types import Float64, String
from support.sqlite_repo import (
    DATABASE,
    NOON,
    USER,
    fields,
    project,
    score_source,
    score_view,
    scores,
    scores_project,
    write_scores,
)

from oo_stores import errors
from oo_stores.errors import (
    ColumnMissingError,
    DatabaseCorruptError,
    DatabaseLockedError,
    DatabaseMissingError,
    StoreError,
    TableMissingError,
)
from oo_stores.sqlite import write_table

if TYPE_CHECKING:
    from pathlib import Path

ASKED = pd.DataFrame({"user_id": ["a"], "event_timestamp": [NOON]})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A retrieval before anything was written says which file it misses, and makes none."""
    store = project(tmp_path)
    store.apply([USER, score_view()])
    with pytest.raises(DatabaseMissingError, match=rf"no SQLite file .*{DATABASE}; write it first"):
        scores(store, ASKED)
    assert not (tmp_path / DATABASE).exists()


def test_a_missing_table_is_named_beside_those_there_are(tmp_path: Path) -> None:
    """The message lists the file's tables."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)])
    store.apply([score_view(score_source(table="mood", name="mood"), name="moods")])
    with pytest.raises(TableMissingError, match="no table 'mood'; it has: score"):
        store.get_historical_features(ASKED, ["moods:score"])


def test_a_missing_column_is_named_beside_those_there_are(tmp_path: Path) -> None:
    """A view may declare what its table lacks; the retrieval says so."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)])
    schema = fields(user_id=String, speed=Float64)
    store.apply([score_view(schema=schema)])
    with pytest.raises(ColumnMissingError, match="no column 'speed'; it has: user_id"):
        store.get_historical_features(ASKED, ["scores:speed"]).to_df()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """Bytes of another kind are reported with the file, and left alone."""
    store = project(tmp_path)
    store.apply([USER, score_view()])
    (tmp_path / DATABASE).write_bytes(b"no database" * 100)
    with pytest.raises(DatabaseCorruptError, match=f"{DATABASE}: file is not a database"):
        scores(store, ASKED)
    assert (tmp_path / DATABASE).read_bytes() == b"no database" * 100


def test_a_locked_file_is_named(tmp_path: Path) -> None:
    """A writer that waits longer than it may says who is in the way; nothing is written."""
    write_scores(tmp_path, [("a", NOON, NOON, 1.0)])
    rows = pa.table({"x": [1]})
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseLockedError, match="another process is writing"):
            write_table(tmp_path / DATABASE, "more", rows, busy_timeout_seconds=0)
        other.execute("ROLLBACK")
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("score",)]


def test_readers_go_on_while_a_writer_writes(tmp_path: Path) -> None:
    """A transaction that is not committed neither stops a retrieval nor shows in it."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)])
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE score SET score = 2.0")
        assert scores(store, ASKED) == [1.0]
        other.execute("COMMIT")
    assert scores(store, ASKED) == [2.0]


def test_every_error_has_one_base_and_is_in_the_tree() -> None:
    """Whoever catches StoreError catches all, and the module's drawing is complete."""
    kinds = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}
    assert all(issubclass(kind, StoreError) for kind in kinds.values())
    assert all(name in (errors.__doc__ or "") for name in kinds)
