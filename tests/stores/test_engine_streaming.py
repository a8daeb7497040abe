"""`feast materialize` in slices brings online what Feast's own engine does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, cast

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feast import (
    Entity,
    FeatureStore,
    FeatureView,
    FileSource,
    PushSource,
    RepoConfig,
)
from feast.infra.common.materialization_job import MaterializationTask
from feast.on_demand_feature_view import on_demand_feature_view
from feast.types import Float64
from support.sqlite_repo import (
    HOUR,
    NOON,
    USER,
    fields,
    score_source,
    score_view,
    write_scores,
)

from oo_stores.engine import StreamingEngine, StreamingEngineConfig
from oo_stores.engine.streaming import BATCH_ROWS
from oo_stores.errors import TableMissingError

if TYPE_CHECKING:
    from pathlib import Path

    from tqdm import tqdm

pytestmark = pytest.mark.live

ENGINE = {"type": "oo_stores.engine.StreamingEngine"}
ENDS = (NOON, NOON + 2 * HOUR)
ROWS = [
    ("a", NOON, NOON, 1.0),
    ("a", NOON + HOUR, NOON, 2.0),
    ("a", NOON + HOUR, NOON + HOUR, 3.0),
    ("b", NOON, NOON + 9 * HOUR, 4.0),
    ("c", NOON + 9 * HOUR, NOON, 5.0),
]


def project(
    folder: Path,
    *definitions: object,
    online: dict[str, object] | None = None,
    offline: dict[str, object] | None = None,
    engine: object = ENGINE,
    **materialization: object,
) -> FeatureStore:
    """Return an applied project; its stores are our SQLite and Feast's own SQLite by default."""
    store = FeatureStore(
        config=RepoConfig(
            project="shop",
            provider="local",
            registry=str(folder / "registry.db"),
            online_store=online or {"type": "sqlite", "path": str(folder / "online.db")},
            offline_store=offline
            or {"type": "oo_stores.sqlite.SQLiteOfflineStore", "path": "features.db"},
            batch_engine=engine,
            materialization=materialization,
            repo_path=folder,
            entity_key_serialization_version=3,
        )
    )
    store.apply(list(cast("list[Entity | FeatureView]", definitions)))
    return store


def served(store: FeatureStore, view: str = "scores", feature: str = "score") -> list[object]:
    """Read the feature of three users."""
    users = [{"user_id": user} for user in ("a", "b", "c")]
    answer: dict[str, list[object]] = store.get_online_features(
        [f"{view}:{feature}"], users
    ).to_dict()
    return answer[feature]


@pytest.mark.parametrize("pull_latest", [False, True])
@pytest.mark.parametrize("redis", [False, True])
def test_the_newest_row_of_each_entity_is_served(
    tmp_path: Path, redis_address: str, *, pull_latest: bool, redis: bool
) -> None:
    """Into any online store goes the newest row in the range, whatever `pull_latest` says."""
    write_scores(tmp_path, ROWS)
    online: dict[str, object] | None = (
        {"type": "oo_stores.redis.RedisOnlineStore", "connection_string": redis_address}
        if redis
        else None
    )
    store = project(tmp_path, USER, score_view(), online=online, pull_latest_features=pull_latest)
    store.materialize(*ENDS)
    assert served(store) == [3.0, 4.0, None]


def test_an_incremental_run_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    """`materialize_incremental` after `materialize` serves what came between the two."""
    write_scores(tmp_path, ROWS)
    store = project(tmp_path, USER, score_view())
    store.materialize(*ENDS)
    assert served(store) == [3.0, 4.0, None]
    store.materialize_incremental(NOON + 10 * HOUR)
    assert served(store) == [3.0, 4.0, 5.0]


class Bar:
    """A progress bar that keeps what it is told.

    Args:
        total: The rows that are announced.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.told: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def update(self, rows: int) -> None:
        """Take note of rows that are done."""
        self.told.append(rows)


@pytest.mark.parametrize(("setting", "batch"), [(None, BATCH_ROWS), (999, 999)])
def test_rows_come_in_batches_with_progress(
    tmp_path: Path, redis_address: str, setting: int | None, batch: int
) -> None:
    """Every row is told to Feast's bar, and no more are written at a time than is set."""
    count = BATCH_ROWS + 500
    write_scores(tmp_path, [(f"u{n}", NOON, NOON, 1.0) for n in range(count)])
    online: dict[str, object] = {
        "type": "oo_stores.redis.RedisOnlineStore",
        "connection_string": redis_address,
    }
    store = project(tmp_path, USER, score_view(), online=online, online_write_batch_size=setting)
    bars: list[Bar] = []

    def build(total: int) -> tqdm[Any]:
        bars.append(Bar(total))
        return cast("tqdm[Any]", bars[-1])

    engine = cast("Any", store._get_provider()).batch_engine  # noqa: SLF001  no other way to it
    assert isinstance(engine, StreamingEngine)
    view = store.get_feature_view("scores")
    engine.materialize(store.registry, MaterializationTask("shop", view, *ENDS, tqdm_builder=build))
    (bar,) = bars
    assert sum(bar.told) == count
    assert len(bar.told) > 1
    assert max(bar.told) <= batch


def test_raw_names_are_mapped(tmp_path: Path) -> None:
    """A source that calls key, feature and times by other names is served by the view's."""
    write_scores(tmp_path, ROWS)
    source = score_source(
        table="score",
        timestamp_field="at",
        field_mapping={"score": "points", "event_timestamp": "at"},
    )
    view = score_view(source, schema=fields(points=Float64))
    store = project(tmp_path, USER, view)
    store.materialize(*ENDS)
    assert served(store, feature="points") == [3.0, 4.0, None]


def test_a_pushed_view_is_materialized_from_its_batch_source(tmp_path: Path) -> None:
    """Behind a push source stands a table, and that is read; pushed rows are there as well."""
    write_scores(tmp_path, ROWS)
    pushed = PushSource(name="pushed", batch_source=score_source(name="score_table"))
    store = project(tmp_path, USER, score_view(cast("Any", pushed)))
    store.materialize(*ENDS)
    assert served(store) == [3.0, 4.0, None]
    row = {
        "user_id": ["c"],
        "event_timestamp": [NOON],
        "created_timestamp": [NOON],
        "score": [7.0],
    }
    store.push("pushed", pd.DataFrame(row))
    assert served(store) == [3.0, 4.0, 7.0]


def test_a_view_without_entities_is_materialized(tmp_path: Path) -> None:
    """The one row of a view without entities is the newest."""
    write_scores(tmp_path, ROWS[:2])
    store = project(tmp_path, score_view(entities=[], schema=fields(score=Float64)))
    store.materialize(*ENDS)
    anybody = [{"user_id": "a"}]
    assert store.get_online_features(["scores:score"], anybody).to_dict()["score"] == [2.0]


def test_a_validated_view_goes_through_feasts_own_engine(tmp_path: Path) -> None:
    """What has to see all rows at once is left to Feast, which shows no progress."""
    write_scores(tmp_path, ROWS)
    store = project(tmp_path, USER, score_view(enable_validation=True))
    told: list[int] = []
    engine = cast("Any", store._get_provider()).batch_engine  # noqa: SLF001  no other way to it
    view = store.get_feature_view("scores")
    task = MaterializationTask("shop", view, *ENDS, tqdm_builder=cast("Any", told.append))
    engine.materialize(store.registry, task)
    assert served(store) == [3.0, 4.0, None]
    assert told == []


def test_another_offline_store_is_read_feasts_way(tmp_path: Path) -> None:
    """A parquet file through Feast's Dask store is materialized as well."""
    path = tmp_path / "score.parquet"
    pq.write_table(
        pa.table(
            {
                "user_id": [row[0] for row in ROWS],
                "event_timestamp": [row[1] for row in ROWS],
                "created_timestamp": [row[2] for row in ROWS],
                "score": [row[3] for row in ROWS],
            }
        ),
        path,
    )
    source = FileSource(
        path=str(path),
        timestamp_field="event_timestamp",
        created_timestamp_column="created_timestamp",
    )
    store = project(tmp_path, USER, score_view(cast("Any", source)), offline={"type": "dask"})
    store.materialize(*ENDS)
    assert served(store) == [3.0, 4.0, None]


@pytest.mark.filterwarnings("ignore:On demand feature view is an experimental:RuntimeWarning")
def test_a_written_on_demand_view_is_materialized(tmp_path: Path, redis_address: str) -> None:
    """An on-demand view that is stored is computed and written along with its source."""
    write_scores(tmp_path, ROWS)
    view = score_view()

    # Feast rebuilds it from this text, without the module around it.
    def doubles(inputs: "pd.DataFrame") -> "pd.DataFrame":  # noqa: UP037
        return inputs.assign(twice=inputs["score"] * 2)[["twice"]]

    stored = on_demand_feature_view(
        sources=[view],
        schema=fields(twice=Float64),
        mode="pandas",
        entities=[USER],
        write_to_online_store=True,
    )(doubles)
    online: dict[str, object] = {
        "type": "oo_stores.redis.RedisOnlineStore",
        "connection_string": redis_address,
    }
    store = project(tmp_path, USER, view, stored, online=online)
    store.materialize(*ENDS)
    assert served(store, "doubles", "twice") == [6.0, 8.0, None]


def test_a_range_without_rows_writes_nothing(tmp_path: Path) -> None:
    """Nothing to materialize is no error, and the view counts as materialized."""
    write_scores(tmp_path, ROWS)
    store = project(tmp_path, USER, score_view())
    store.materialize(NOON - 2 * HOUR, NOON - HOUR)
    assert served(store) == [None, None, None]
    assert store.get_feature_view("scores").most_recent_end_time == NOON - HOUR


def test_a_failure_is_the_stores_own_and_leaves_no_mark(tmp_path: Path) -> None:
    """A table that is gone is told as such, and the view does not count as materialized."""
    write_scores(tmp_path, ROWS)
    store = project(tmp_path, USER, score_view())
    (tmp_path / "features.db").unlink()
    write_scores(tmp_path, [])
    broken = score_view(score_source(table="elsewhere"))
    store.registry.apply_feature_view(broken, "shop")
    with pytest.raises(TableMissingError):
        store.materialize(*ENDS)
    assert store.get_feature_view("scores").materialization_intervals == []


@pytest.mark.parametrize("engine", [ENGINE, ENGINE["type"]])
def test_the_type_names_engine_and_config(tmp_path: Path, engine: object) -> None:
    """Feast finds both classes by the one name, given alone or with settings."""
    store = project(tmp_path, USER, engine=engine)
    config: object = store.config.batch_engine
    assert isinstance(config, StreamingEngineConfig)
    assert isinstance(cast("Any", store._get_provider()).batch_engine, StreamingEngine)  # noqa: SLF001  no other way to it
