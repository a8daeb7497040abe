"""Logs of served features are written into a table, and read back as they were."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pytest
from feast import FeatureService
from feast.feature_logging import LoggingConfig
from feast.infra.offline_stores.file_source import FileLoggingDestination
from feast.saved_dataset import SavedDataset
from feast.types import Float64, Int64, String
from pyarrow import parquet
from support.own_profile import NoNewNulls
from support.sqlite_logs import DAY, log_schema, logged_service, logs_between, served_logs
from support.sqlite_repo import DATABASE, NOON, USER, fields, project, score_view

from oo_stores.errors import ColumnMissingError, SourceError, ValueTypeError
from oo_stores.sqlite import SavedDatasetSQLiteStorage, SQLiteLoggingDestination
from oo_stores.sqlite.config import database_path

if TYPE_CHECKING:
    from pathlib import Path

    from feast import FeatureStore
    from feast.dqm.errors import ValidationFailed

LATER = NOON + DAY


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    """Give a project with a logged service over one view."""
    store = project(tmp_path)
    view = score_view()
    store.apply([USER, view, logged_service(view)])
    return store


def write(store: FeatureStore, logs: pa.Table | Path) -> None:
    """Write logs of the service."""
    store.write_logged_features(logs, store.get_feature_service("served"))


def read(store: FeatureStore) -> pa.Table:
    """Return all logs, in the order of the service's columns and of the requests."""
    found = logs_between(store, NOON - DAY, LATER + DAY).to_arrow()
    return found.select(log_schema(store).names).sort_by("__log_timestamp")


def test_logs_come_back_as_they_were(store: FeatureStore) -> None:
    """Names, types and values are those that Feast logs: dates, statuses, whole seconds."""
    logs = served_logs(log_schema(store), 3)
    write(store, logs)
    found = read(store)
    assert found.schema.equals(logs.schema)
    assert found.to_pylist() == logs.to_pylist()


def test_logs_add_up(store: FeatureStore, tmp_path: Path) -> None:
    """A table first, then folders of parquet files: all rows are there."""
    schema = log_schema(store)
    parts = [served_logs(schema, 2, NOON + timedelta(minutes=number)) for number in range(3)]
    write(store, parts[0])
    for number, part in enumerate(parts[1:]):
        folder = tmp_path / f"logs {number}"
        folder.mkdir()
        parquet.write_table(part.slice(0, 1), folder / "0.parquet")
        parquet.write_table(part.slice(1), folder / "1.parquet")
        write(store, folder)
    assert read(store).to_pylist() == pa.concat_tables(parts).to_pylist()


def test_a_range_reads_its_own_logs(store: FeatureStore) -> None:
    """Both ends of the time range are inclusive, and an index finds it."""
    write(store, served_logs(log_schema(store), 5))
    second = timedelta(seconds=1)
    found = logs_between(store, NOON + second, NOON + 3 * second).to_arrow()
    assert found.num_rows == 3
    with closing(sqlite3.connect(database_path(store.config))) as connection:
        plan = connection.execute(
            'EXPLAIN QUERY PLAN SELECT 1 FROM served WHERE "__log_timestamp" >= 1'
        ).fetchall()
    assert "SEARCH" in str(plan)


def test_a_later_version_of_the_service_adds_columns(store: FeatureStore) -> None:
    """Logs from before the change have nulls there, and so have late logs of the old version."""
    old = served_logs(log_schema(store), 1)
    write(store, old)
    view = score_view(schema=fields(user_id=String, score=Float64, visits=Int64))
    store.apply([USER, view, logged_service(view)])
    new = served_logs(log_schema(store), 1, LATER)
    write(store, new)
    write(store, old.slice(0, 1))
    assert read(store)["scores__visits"].to_pylist() == [None, None, 0]
    assert read(store)["scores__visits"].type == pa.int64()


def test_logs_of_a_dropped_feature_are_kept(store: FeatureStore) -> None:
    """What an older version logged, and has not been written yet, is not lost."""
    view = score_view(schema=fields(user_id=String, score=Float64, visits=Int64))
    store.apply([USER, view, logged_service(view)])
    old = served_logs(log_schema(store), 1)
    view = score_view()
    store.apply([USER, view, logged_service(view)])
    write(store, old)
    with closing(sqlite3.connect(database_path(store.config))) as connection:
        assert connection.execute("SELECT scores__visits FROM served").fetchall() == [(0,)]


@pytest.mark.parametrize("bad", ["no time", "wrong type"])
def test_logs_that_do_not_fit_are_refused_whole(
    store: FeatureStore, tmp_path: Path, bad: str
) -> None:
    """If one file of a folder does not fit, nothing of the folder is written."""
    good = served_logs(log_schema(store), 2)
    write(store, good)
    folder = tmp_path / "logs"
    folder.mkdir()
    parquet.write_table(good, folder / "0.parquet")
    words = pa.array(["one", "two"])
    wrong = (
        good.drop_columns("__log_timestamp")
        if bad == "no time"
        else good.set_column(good.column_names.index("scores__score"), "scores__score", words)
    )
    parquet.write_table(wrong, folder / "1.parquet")
    with pytest.raises((ColumnMissingError, ValueTypeError), match=r"time|scores__score"):
        write(store, folder)
    assert read(store).num_rows == 2


def test_an_empty_folder_writes_nothing(store: FeatureStore, tmp_path: Path) -> None:
    """The table is made all the same, so that reading it finds no rows; a missing folder raises."""
    (tmp_path / "logs").mkdir()
    write(store, tmp_path / "logs")
    assert read(store).num_rows == 0
    with pytest.raises(FileNotFoundError, match="nowhere"):
        write(store, tmp_path / "nowhere")


def test_a_table_of_something_else_is_left_alone(tmp_path: Path) -> None:
    """Logs never add columns to a feature's table, and go to no other store's destination."""
    store = project(tmp_path)
    view = score_view()
    store.apply([USER, view, logged_service(view, table="scores")])
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("CREATE TABLE scores (user_id TEXT)")
    with pytest.raises(SourceError, match="holds no logs"):
        write(store, served_logs(log_schema(store), 1))
    elsewhere = LoggingConfig(destination=FileLoggingDestination(path=str(tmp_path / "logs")))
    service = FeatureService(name="served", features=[view], logging_config=elsewhere)
    with pytest.raises(SourceError, match="FileLoggingDestination"):
        store.write_logged_features(served_logs(log_schema(store), 1), service)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        assert connection.execute("SELECT name FROM pragma_table_info('scores')").fetchall() == [
            ("user_id",)
        ]


def test_a_destination_survives_the_registry(tmp_path: Path) -> None:
    """Table and file come back; a table without a name is refused."""
    store = project(tmp_path)
    view = score_view()
    store.apply([USER, view, logged_service(view, path="logs/served.db")])
    config = store.get_feature_service("served").logging_config
    assert config is not None
    assert isinstance(config.destination, SQLiteLoggingDestination)
    assert (config.destination.table, config.destination.path) == ("served", "logs/served.db")
    write(store, served_logs(log_schema(store), 1))
    assert (tmp_path / "logs" / "served.db").exists()
    assert read(store).num_rows == 1
    with pytest.raises(SourceError, match="name of a table"):
        SQLiteLoggingDestination(table="")


def test_logs_are_frames_too(store: FeatureStore) -> None:
    """Read as a frame, a missing value is NaN and a status a whole number."""
    write(store, served_logs(log_schema(store), 2))
    frame = logs_between(store, NOON, LATER).to_df()
    assert frame["scores__score"].isna().tolist() == [False, True]
    assert frame["scores__score__status"].tolist() == [1, 2]
    assert pd.api.types.is_integer_dtype(frame["scores__score__status"])


@pytest.mark.filterwarnings("ignore:.* is an experimental feature:RuntimeWarning")
def test_logs_are_validated_against_a_reference(store: FeatureStore) -> None:
    """Those of one time pass, and those of another, with a greater share of nulls, do not."""
    logs = served_logs(log_schema(store), 4)
    write(store, logs)
    storage = SavedDatasetSQLiteStorage("served")
    usual = SavedDataset("usual", [], [], storage).with_retrieval_job(
        logs_between(store, NOON, NOON + DAY / 2)
    )
    reference = usual.as_reference("no new nulls", NoNewNulls())
    service = store.get_feature_service("served")

    def failure(start: datetime) -> ValidationFailed | None:
        return store.validate_logged_features(
            service, start, start + DAY / 2, reference, throw_exception=False, cache_profile=False
        )

    assert failure(NOON) is None
    write(store, served_logs(log_schema(store), 3, LATER).slice(1, 1))
    failed = failure(LATER)
    assert failed is not None
    assert "scores__score" in {error.column_name for error in failed.report.errors}
