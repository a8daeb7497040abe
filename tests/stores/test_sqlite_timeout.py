"""A query that takes longer than its timeout is stopped, and leaves nothing behind."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from support.sqlite_repo import DATABASE, NOON, USER, project, score_view, scores_project

from oo_stores.errors import DatabaseLockedError, QueryTimeoutError, SourceError
from oo_stores.sqlite import SavedDatasetSQLiteStorage

if TYPE_CHECKING:
    from pathlib import Path

    from feast import FeatureStore

ENDLESS = """
CREATE TABLE base (
    user_id TEXT, event_timestamp TIMESTAMP_US, created_timestamp TIMESTAMP_US, score DOUBLE
);
CREATE VIEW score AS
SELECT user_id, event_timestamp, created_timestamp, score FROM base
UNION ALL
SELECT 'u', n, n, 1.0
FROM (WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count) SELECT n FROM count);
"""
# Several intervals of the clock, and nothing to wait for.
SHORT = 0.05


@pytest.fixture
def endless(tmp_path: Path) -> Any:  # noqa: ANN401  Feast's type takes whole seconds only
    """Give a retrieval over a view whose rows never end."""
    store = endless_project(tmp_path)
    rows = pd.DataFrame({"user_id": ["a"], "event_timestamp": [NOON]})
    return store.get_historical_features(rows, ["scores:score"])


def endless_project(folder: Path) -> FeatureStore:
    """Return a project over a view whose rows never end."""
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        connection.executescript(ENDLESS)
    store = project(folder)
    store.apply([USER, score_view()])
    return store


def test_a_query_is_stopped_when_its_time_is_up(endless: Any) -> None:  # noqa: ANN401
    """The error is ours and a TimeoutError, and names the file and the timeout."""
    with pytest.raises(QueryTimeoutError, match=r"timeout=0\.05 s .*features\.db"):
        endless.to_arrow(timeout=SHORT)
    with pytest.raises(TimeoutError, match="give it more time"):
        endless.to_df(timeout=SHORT)


def test_a_save_that_is_stopped_leaves_no_table(endless: Any, tmp_path: Path) -> None:  # noqa: ANN401
    """Nothing of the result is kept."""
    with pytest.raises(QueryTimeoutError):
        endless.persist(SavedDatasetSQLiteStorage("training", "other.db"), timeout=SHORT)
    assert not (tmp_path / "other.db").exists()


def test_a_save_waits_for_another_writer_no_longer_than_its_time(tmp_path: Path) -> None:
    """However long the busy timeout is; without a timeout of the job's that one counts."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.5)])
    rows = pd.DataFrame({"user_id": ["a"], "event_timestamp": [NOON]})
    job: Any = store.get_historical_features(rows, ["scores:score"])
    storage = SavedDatasetSQLiteStorage("training")
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(QueryTimeoutError):
            job.persist(storage, timeout=SHORT)
        store.config.offline_store.busy_timeout_seconds = SHORT
        with pytest.raises(DatabaseLockedError, match="raise busy_timeout_seconds"):
            store.get_historical_features(rows, ["scores:score"]).persist(storage, timeout=600)
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("score",)]


def test_a_query_within_its_time_is_not_touched(tmp_path: Path) -> None:
    """A generous timeout changes nothing; one that is no length of time is refused."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.5)])
    rows = pd.DataFrame({"user_id": ["a"], "event_timestamp": [NOON]})
    job: Any = store.get_historical_features(rows, ["scores:score"])
    assert job.to_df(timeout=600)["score"].tolist() == [1.5]
    for nonsense in (0, -1, float("nan")):
        with pytest.raises(SourceError, match="above zero"):
            job.to_arrow(timeout=nonsense)
    assert job.to_df()["score"].tolist() == [1.5]
