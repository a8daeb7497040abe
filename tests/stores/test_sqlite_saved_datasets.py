"""Results can be kept as tables, and read back."""

from __future__ import annotations

import sqlite3
import weakref
from contextlib import closing
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pytest
from feast import Field, RequestSource
from feast.dqm.errors import ValidationFailed
from feast.errors import SavedDatasetLocationAlreadyExists
from feast.infra.offline_stores.file_source import SavedDatasetFileStorage
from feast.on_demand_feature_view import on_demand_feature_view
from feast.saved_dataset import SavedDatasetStorage
from feast.types import Float64, Int64
from support.own_profile import NoNewNulls
from support.sqlite_repo import (
    DATABASE,
    HOUR,
    NOON,
    USER,
    project,
    score_source,
    score_view,
    scores_project,
)

from oo_stores.errors import OfflineStoreError, SourceError, ValueTypeError
from oo_stores.sqlite import SavedDatasetSQLiteStorage, SQLiteOfflineStore
from oo_stores.sqlite.writing.result_table import ResultTable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from feast import FeatureStore
    from feast.infra.offline_stores.offline_store import RetrievalJob

# Feast says so on each call, and offers no switch.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.* is an experimental feature:RuntimeWarning"),
]


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    """Give a project in which user a has a score."""
    return scores_project(tmp_path, [("a", NOON, NOON, 1.5)])


def retrieval(store: FeatureStore, time_column: str = "event_timestamp") -> RetrievalJob:
    """Return a job for a known and an unknown user."""
    rows = pd.DataFrame({"user_id": ["a", "x"], time_column: [NOON, NOON]})
    return store.get_historical_features(rows, ["scores:score"], full_feature_names=True)


@pytest.mark.parametrize("time_column", ["event_timestamp", "shown_at"])
def test_a_saved_dataset_is_read_back(store: FeatureStore, time_column: str) -> None:
    """Names and values are those saved, whatever the column of times was called."""
    job = retrieval(store, time_column)
    store.create_saved_dataset(job, name="training", storage=SavedDatasetSQLiteStorage("training"))
    back = store.get_saved_dataset("training").to_df()
    pd.testing.assert_frame_equal(back[job.to_df().columns], job.to_df(), check_dtype=False)


def test_a_table_is_replaced_only_if_told(store: FeatureStore) -> None:
    """A second save is refused and changes nothing, unless overwriting is allowed."""
    storage = SavedDatasetSQLiteStorage("training")
    job = retrieval(store)
    job.persist(storage)
    with pytest.raises(SavedDatasetLocationAlreadyExists, match="training in"):
        job.persist(storage)
    job.persist(storage, allow_overwrite=True)
    source = storage.to_data_source()
    assert len(list(source.get_table_column_names_and_types(store.config))) == 3
    assert job.to_df()["scores__score"].fillna(-1).tolist() == [1.5, -1]


def test_a_storage_survives_the_registry() -> None:
    """Its entry records the class, since several share its field."""
    storage = SavedDatasetSQLiteStorage("training", "other.db")
    back = SavedDatasetStorage.from_proto(storage.to_proto())
    assert isinstance(back, SavedDatasetSQLiteStorage)
    assert (back.table, back.path) == ("training", "other.db")


def test_a_storage_has_a_name() -> None:
    """SQLite would make a table without one, which no source can read."""
    with pytest.raises(SourceError, match="needs the name of a table"):
        SavedDatasetSQLiteStorage("")


def test_a_storage_is_found_for_a_source() -> None:
    """Feast asks for the storage of a source by the source's class."""
    storage = SavedDatasetStorage.from_data_source(score_source(path="other.db"))
    assert isinstance(storage, SavedDatasetSQLiteStorage)
    assert (storage.table, storage.path) == ("score", "other.db")


def test_another_stores_storage_is_refused(store: FeatureStore, tmp_path: Path) -> None:
    """A result is kept in SQLite or not at all."""
    file = tmp_path / "x.parquet"
    with pytest.raises(SourceError, match="SavedDatasetFileStorage"):
        retrieval(store).persist(SavedDatasetFileStorage(str(file)))
    assert not file.exists()


def test_a_result_can_be_asked_for_again_and_again(store: FeatureStore) -> None:
    """As a frame twice, as Arrow behind a frame, saved, and as a frame once more."""
    job = retrieval(store)
    first = job.to_df()
    pd.testing.assert_frame_equal(job.to_df(), first)
    assert job.to_arrow().to_pandas().equals(first)
    job.persist(SavedDatasetSQLiteStorage("training"))
    pd.testing.assert_frame_equal(job.to_df(), first)
    feast_frame = job.to_feast_df()
    assert feast_frame.data.num_rows == 2


def test_times_are_found_among_other_instants(tmp_path: Path) -> None:
    """Read back by the time that the rows were asked for, not by one that stands beside it."""
    rows = pa.table(
        {
            "user_id": ["a"],
            "born_at": pa.array([NOON - 1000 * HOUR], pa.timestamp("us", tz="UTC")),
            "shown_at": pa.array([NOON], pa.timestamp("us", tz="UTC")),
        }
    )
    target = ResultTable(tmp_path / DATABASE, "training")
    target.write([rows], keys=["user_id", "born_at"])
    job = SQLiteOfflineStore.pull_all_from_table_or_query(
        project(tmp_path).config,
        SavedDatasetSQLiteStorage("training").to_data_source(),
        ["user_id"],
        ["born_at"],
        "event_timestamp",
        start_date=NOON,
        end_date=NOON,
    )
    assert job.to_arrow().to_pydict() == rows.to_pydict()


@pytest.mark.parametrize("full", [False, True])
def test_on_demand_features_are_saved_too(store: FeatureStore, *, full: bool) -> None:
    """With the name they have in the result, and their values."""
    asked = RequestSource(name="asked", schema=[Field(name="factor", dtype=Int64)])

    @on_demand_feature_view(  # type: ignore[untyped-decorator]
        sources=[score_view(), asked],
        schema=[Field(name="scaled", dtype=Float64)],
        mode="pandas",
    )
    def scaled(inputs: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"scaled": inputs["score"] * inputs["factor"]})

    store.apply([USER, score_view(), scaled])
    rows = pd.DataFrame({"user_id": ["a", "x"], "event_timestamp": [NOON] * 2, "factor": [2, 3]})
    job = store.get_historical_features(
        rows, ["scores:score", "scaled:scaled"], full_feature_names=full
    )
    store.create_saved_dataset(job, "training", SavedDatasetSQLiteStorage("training"))
    back = store.get_saved_dataset("training").to_arrow()
    assert back["scaled__scaled" if full else "scaled"].to_pylist() == [3.0, None]


def bad_history(folder: Path) -> FeatureStore:
    """Return a project over a table that holds text where numbers are declared."""
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        connection.execute(
            "CREATE TABLE score (user_id TEXT, event_timestamp TIMESTAMP_US,"
            " created_timestamp TIMESTAMP_US, score DOUBLE)"
        )
        connection.execute("INSERT INTO score VALUES ('a', 1, 1, 'fast')")
        connection.commit()
    store = project(folder)
    store.apply([USER, score_view()])
    return store


def test_a_save_that_fails_leaves_the_old_table(tmp_path: Path) -> None:
    """Also when it was told that it may be replaced."""
    store = bad_history(tmp_path)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("CREATE TABLE training AS SELECT 'precious' AS word")
        connection.commit()
        with pytest.raises(ValueTypeError, match="score"):
            retrieval(store).persist(SavedDatasetSQLiteStorage("training"), allow_overwrite=True)
        assert connection.execute("SELECT word FROM training").fetchall() == [("precious",)]


def test_a_view_is_not_replaced(store: FeatureStore, tmp_path: Path) -> None:
    """What is not a table stays, and the error says what SQLite thinks of it."""
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("CREATE VIEW training AS SELECT 1 AS one")
        connection.commit()
        with pytest.raises(OfflineStoreError, match="view"):
            retrieval(store).persist(SavedDatasetSQLiteStorage("training"), allow_overwrite=True)
        assert connection.execute("SELECT one FROM training").fetchall() == [(1,)]


def test_a_result_may_replace_the_table_that_it_reads(store: FeatureStore) -> None:
    """All of it was read before anything is written."""
    job = retrieval(store)
    job.persist(SavedDatasetSQLiteStorage("score"), allow_overwrite=True)
    source = SavedDatasetSQLiteStorage("score").to_data_source()
    columns = dict(source.get_table_column_names_and_types(store.config))
    assert set(columns) == {"event_timestamp", "user_id", "scores__score"}


def test_one_slice_is_held_at_a_time(tmp_path: Path) -> None:
    """However many there are: none lives when the next but one is made."""
    alive: list[weakref.ref[object]] = []

    def slices() -> Iterator[pa.Table]:
        for number in range(20):
            assert sum(each() is not None for each in alive) <= 1
            table = pa.table({"number": [number] * 10})
            alive.append(weakref.ref(table))
            yield table

    assert ResultTable(tmp_path / "x.db", "numbers").write(slices()) == 200
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
        assert connection.execute("SELECT sum(number) FROM numbers").fetchone() == (1900,)


def test_types_are_those_of_all_slices(tmp_path: Path) -> None:
    """A slice of nulls, of whole numbers or of microseconds does not decide for the others."""
    instant = pa.timestamp("ns", tz="UTC")
    parts = [
        pa.table({"score": pa.nulls(1), "at": pa.array([1_000], instant)}),
        pa.table({"score": [1], "at": pa.array([1], instant)}),
        pa.table({"score": [1.5], "at": pa.array([2], instant)}),
    ]
    ResultTable(tmp_path / "x.db", "mixed").write(parts)
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
        kinds = connection.execute("SELECT name, type FROM pragma_table_info('mixed')").fetchall()
        rows = connection.execute("SELECT score, at FROM mixed").fetchall()
    assert kinds == [("score", "DOUBLE"), ("at", "TIMESTAMP_NS")]
    assert rows == [(None, 1_000), (1.0, 1), (1.5, 2)]


def test_a_saved_dataset_is_a_reference_for_later_ones(store: FeatureStore) -> None:
    """A profile of our own is made from it, and what does not meet it is refused."""
    job = retrieval(store)
    dataset = store.create_saved_dataset(job, "training", SavedDatasetSQLiteStorage("training"))
    reference = dataset.as_reference("no new nulls", NoNewNulls())
    assert job.to_df(validation_reference=reference).shape == (2, 3)
    unknown = pd.DataFrame({"user_id": ["x", "y"], "event_timestamp": [NOON, NOON]})
    worse = store.get_historical_features(unknown, ["scores:score"], full_feature_names=True)
    with pytest.raises(ValidationFailed) as failed:
        worse.to_df(validation_reference=reference)
    assert [error.column_name for error in failed.value.report.errors] == ["scores__score"]
