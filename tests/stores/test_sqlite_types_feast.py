"""Every type goes all the way through Feast: table, training set, saved dataset, online store."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pytest
from feast import Entity, FeatureStore, FeatureView, Field
from feast.infra.offline_stores.offline_utils import get_offline_store_from_config
from feast.value_type import ValueType
from support.sqlite_repo import DATABASE, HOUR, NOON, project
from support.sqlite_types import WORDS, example

from oo_stores.sqlite import SavedDatasetSQLiteStorage, SQLiteSource, write_table
from oo_stores.sqlite.types import column_type
from oo_stores.sqlite.values.codec import arrow_type

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore:.*datasets? is an experimental:RuntimeWarning")

ITEM = Entity(name="item", join_keys=["item_id"], value_type=ValueType.INT64)
SOURCE = SQLiteSource(table="item", timestamp_field="event_timestamp")
FEATURES = {f"f{number}": word for number, word in enumerate(WORDS)}
GIVEN = {name: example(word).given for name, word in FEATURES.items()}
SERVED = {name: example(word).served for name, word in FEATURES.items()}
IS_LIST = {name: column_type(word).is_list for name, word in FEATURES.items()}
NOTHING: dict[str, Any] = dict.fromkeys(FEATURES)
EMPTY: dict[str, Any] = {name: [] if is_list else None for name, is_list in IS_LIST.items()}
ROWS = (GIVEN, NOTHING, EMPTY)
"""What the items 0, 1 and 2 have."""
TIMES = [NOON, NOON + HOUR, NOON + 2 * HOUR]
END = TIMES[-1]


def make_table(folder: Path) -> None:
    """Make the table with a column of each declared type."""
    columns = {"item_id": "BIGINT", "event_timestamp": "TIMESTAMP_US", **FEATURES}
    listed = ", ".join(
        f'"{name}" "{word.replace(chr(34), chr(34) * 2)}"' for name, word in columns.items()
    )
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        connection.execute(f"CREATE TABLE item ({listed})")


def rows() -> pa.Table:
    """Return the rows in the Arrow types of their columns."""
    values = {
        name: pa.array([row[name] for row in ROWS], arrow_type(column_type(word)))
        for name, word in FEATURES.items()
    }
    at = pa.array(TIMES, pa.timestamp("us", tz="UTC"))
    return pa.table({"item_id": range(len(ROWS)), "event_timestamp": at, **values})


def applied(folder: Path, schema: list[Field] | None = None) -> FeatureStore:
    """Return a project with a view of the table; without a schema Feast infers it."""
    store = project(folder)
    store.apply([ITEM, FeatureView(name="items", entities=[ITEM], schema=schema, source=SOURCE)])
    return store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    """Give an applied project whose view declares each type, with the rows in the table."""
    folder = tmp_path_factory.mktemp("types")
    make_table(folder)
    write_table(folder / DATABASE, "item", rows())
    return applied(
        folder, [Field(name=name, dtype=example(word).feast) for name, word in FEATURES.items()]
    )


def training_set(store: FeatureStore) -> Any:  # noqa: ANN401  Feast's base class has no types
    """Return the job that asks for all items."""
    asked = pd.DataFrame({"item_id": range(len(ROWS)), "event_timestamp": [END] * 3})
    return store.get_historical_features(asked, features=[f"items:{name}" for name in FEATURES])


def assert_rows(found: pa.Table) -> None:
    """Check values and Arrow types of all items."""
    expected = rows()
    for name, word in FEATURES.items():
        assert found.column(name).to_pylist() == expected.column(name).to_pylist(), word
        assert found.schema.field(name).type == expected.schema.field(name).type, word


def test_feast_infers_every_type(tmp_path: Path) -> None:
    """A view without a schema gets Feast's type of each declared column, from the registry too."""
    make_table(tmp_path)
    applied(tmp_path)
    view = project(tmp_path).get_feature_view("items")
    inferred = {field.name: field.dtype.to_value_type() for field in view.features}
    assert inferred == {
        name: example(word).feast.to_value_type() for name, word in FEATURES.items()
    }


def test_a_training_set_has_every_type(store: FeatureStore) -> None:
    """Retrieval gives values in the Arrow types of the source, as often as it is asked."""
    job = training_set(store)
    assert_rows(job.to_arrow())
    frame = job.to_df()
    assert frame["f0"].tolist() == [GIVEN["f0"], None, None]
    assert len(frame.columns) == len(FEATURES) + 2


def test_a_saved_dataset_has_every_type(store: FeatureStore) -> None:
    """What is saved is read back as it was."""
    storage = SavedDatasetSQLiteStorage("saved")
    dataset = store.create_saved_dataset(
        training_set(store), "saved", storage, allow_overwrite=True
    )
    found = dataset.to_arrow().sort_by("item_id")
    expected = rows()
    for name, word in FEATURES.items():
        assert found.column(name).to_pylist() == expected.column(name).to_pylist(), word
        # Whole microseconds need no nanoseconds.
        is_of_the_type = found.schema.field(name).type == expected.schema.field(name).type
        assert is_of_the_type or word.startswith("TIMESTAMP_NS"), word


@pytest.mark.parametrize("latest", [True, False])
def test_pulls_have_every_type(store: FeatureStore, *, latest: bool) -> None:
    """Both pulls give values in the Arrow types of the source."""
    offline = get_offline_store_from_config(store.config.offline_store)
    pull = (
        offline.pull_latest_from_table_or_query if latest else offline.pull_all_from_table_or_query
    )
    asked = (store.config, SOURCE, ["item_id"], [*FEATURES], "event_timestamp", None)
    assert_rows(pull(*asked, NOON, END).to_arrow().sort_by("item_id"))


def test_every_type_is_served(store: FeatureStore) -> None:
    """Materialised values come from the online store as Feast's own Python values."""
    # Item by item: Feast makes floats of integers that stand beside a null.
    for at in TIMES:
        store.materialize(at, at)
    served = store.get_online_features(
        [f"items:{name}" for name in FEATURES], [{"item_id": number} for number in range(3)]
    ).to_dict()
    for name, word in FEATURES.items():
        assert served[name][:2] == [SERVED[name], None], word
        assert not served[name][2], word
        assert (served[name][2] is not None) == IS_LIST[name], word


def test_frames_are_written_through_feast(tmp_path: Path) -> None:
    """`write_to_offline_store` takes plain Python values for every column."""
    make_table(tmp_path)
    store = applied(tmp_path)
    frame = pd.DataFrame({name: pd.Series([GIVEN[name], None], dtype=object) for name in FEATURES})
    frame.insert(0, "item_id", range(2))
    frame.insert(1, "event_timestamp", [NOON] * 2)
    store.write_to_offline_store("items", frame)
    found = training_set(store).to_arrow()
    for name, word in FEATURES.items():
        assert found.column(name).to_pylist()[:2] == [GIVEN[name], None], word
