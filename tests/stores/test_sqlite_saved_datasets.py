"""Results can be kept as tables, and read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest
from feast.errors import SavedDatasetLocationAlreadyExists
from feast.infra.offline_stores.file_source import SavedDatasetFileStorage
from feast.saved_dataset import SavedDatasetStorage
from support.sqlite_repo import NOON, score_source, scores_project

from oo_stores.errors import SourceError
from oo_stores.sqlite import SavedDatasetSQLiteStorage

if TYPE_CHECKING:
    from pathlib import Path

    from feast import FeatureStore
    from feast.infra.offline_stores.offline_store import RetrievalJob

# Feast says so on each call, and offers no switch.
pytestmark = pytest.mark.filterwarnings("ignore:.*datasets? is an experimental:RuntimeWarning")


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
