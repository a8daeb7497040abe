"""Metrics and jobs are kept in the offline store's file and come back as Feast expects them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from feast.monitoring.dqm_job_manager import DQMJobManager
from feast.monitoring.monitoring_utils import monitoring_table_meta
from support.sqlite_repo import DATABASE, project

from oo_stores.errors import SourceError
from oo_stores.sqlite import SQLiteOfflineStore
from oo_stores.sqlite.monitoring.storage import MetricStorage

if TYPE_CHECKING:
    from pathlib import Path

    from feast import RepoConfig

TYPES = ("feature", "feature_view", "feature_service", "job")
HISTOGRAM = {"bins": [0.0, 0.1, 0.2], "counts": [1, 2], "bin_width": 0.1}
COMPUTED = datetime(2024, 1, 3, 4, 5, 6, 7, UTC)


@pytest.fixture
def config(tmp_path: Path) -> RepoConfig:
    """Give the config of a project whose tables of metrics are made."""
    found: RepoConfig = project(tmp_path).config
    SQLiteOfflineStore.ensure_monitoring_tables(found)
    return found


def feature_metrics(**changes: Any) -> dict[str, Any]:  # noqa: ANN401  any of Feast's columns
    """Return a row as Feast saves it."""
    row: dict[str, Any] = {
        "project_id": "shop",
        "feature_view_name": "orders",
        "feature_name": "price",
        "metric_date": date(2024, 1, 2),
        "granularity": "daily",
        "data_source_type": "batch",
        "computed_at": COMPUTED,
        "max_event_timestamp": None,
        "is_baseline": False,
        "feature_type": "numeric",
        "row_count": 3,
        "null_count": 0,
        "null_rate": 0.0,
        "mean": 0.1,
        "histogram": HISTOGRAM,
    }
    return row | changes


def save(config: RepoConfig, *rows: dict[str, Any]) -> None:
    """Save metrics of features."""
    SQLiteOfflineStore.save_monitoring_metrics(config, "feature", list(rows))


def query(config: RepoConfig, project_id: str = "shop", **options: Any) -> list[dict[str, Any]]:  # noqa: ANN401  any of Feast's options
    """Return metrics of features."""
    return SQLiteOfflineStore.query_monitoring_metrics(config, project_id, "feature", **options)


def test_metrics_come_back_as_json_takes_them(config: RepoConfig) -> None:
    """Dates and instants as ISO texts, the histogram as it was, baselines as booleans."""
    save(config, feature_metrics(is_baseline=True, max_event_timestamp=datetime(2024, 1, 2)))  # noqa: DTZ001  naive on purpose
    (found,) = query(config)
    assert list(found) == monitoring_table_meta("feature")[1]
    assert found["metric_date"] == "2024-01-02"
    assert found["computed_at"] == COMPUTED.isoformat()
    assert found["max_event_timestamp"] == "2024-01-02T00:00:00+00:00"
    assert (found["is_baseline"], found["histogram"], found["stddev"]) == (True, HISTOGRAM, None)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@pytest.mark.parametrize("metric_type", TYPES)
def test_every_type_has_feasts_columns(config: RepoConfig, metric_type: str) -> None:
    """Also jobs, which Feast does not document; a row of the same key replaces the earlier one."""
    _, columns, key = monitoring_table_meta(metric_type)
    row: dict[str, Any] = dict.fromkeys(key, "x")
    row |= {"project_id": "shop", "metric_date": date(2024, 1, 2)}
    changed = next(name for name in columns if name not in row)
    for value in (1, 0):
        SQLiteOfflineStore.save_monitoring_metrics(config, metric_type, [row | {changed: value}])
    (found,) = SQLiteOfflineStore.query_monitoring_metrics(config, "shop", metric_type)
    assert list(found) == columns
    assert found[changed] in {0, "0"}


def test_rows_of_other_keys_stay(config: RepoConfig) -> None:
    """Each part of the key tells rows apart."""
    _, _, key = monitoring_table_meta("feature")
    changes = [{}, *({name: "other"} for name in key if name != "metric_date")]
    save(config, *(feature_metrics(**change) for change in changes))
    save(config, feature_metrics(metric_date=date(2024, 1, 3)), feature_metrics(row_count=4))
    found = query(config, "")
    assert len(found) == len(key) + 1
    assert [row["row_count"] for row in found].count(4) == 1


def test_rows_are_filtered_and_in_order_of_their_dates(config: RepoConfig) -> None:
    """By project, by any column, by dates with both ends; None is no filter."""
    days = [date(2024, 1, day) for day in (9, 2, 5)]
    save(config, *(feature_metrics(metric_date=day) for day in days))
    save(config, feature_metrics(project_id="other"), feature_metrics(feature_name="city"))

    def found(**options: Any) -> list[str]:  # noqa: ANN401  any of Feast's options
        return [row["metric_date"] for row in query(config, **options)]

    assert found(filters={"feature_name": "price"}) == ["2024-01-02", "2024-01-05", "2024-01-09"]
    assert found(start_date=days[2], end_date=days[0]) == ["2024-01-05", "2024-01-09"]
    assert len(found(filters={"feature_name": None, "is_baseline": False})) == 4
    assert found(filters={"is_baseline": True}) == []
    assert len(query(config, "")) == 5


def test_a_baseline_is_cleared_where_asked(config: RepoConfig) -> None:
    """The metrics stay, and so do the marks of other projects, views and features."""
    names = [{}, {"feature_name": "city"}, {"feature_view_name": "v"}, {"project_id": "p"}]
    save(config, *(feature_metrics(is_baseline=True, **name) for name in names))
    clear = SQLiteOfflineStore.clear_monitoring_baseline
    clear(config, "shop", "orders", "price", "batch")
    assert len(query(config, "", filters={"is_baseline": True})) == 3
    clear(config, "shop", "orders")
    assert len(query(config, "", filters={"is_baseline": True})) == 2
    clear(config, "shop")
    assert [row["project_id"] for row in query(config, "", filters={"is_baseline": True})] == ["p"]
    assert len(query(config, "")) == 4


def test_a_job_goes_through_its_states(config: RepoConfig) -> None:
    """Feast's own manager of jobs writes, reads and changes them."""
    jobs = DQMJobManager(SQLiteOfflineStore(), config)  # type: ignore[no-untyped-call]
    job_id = jobs.submit("shop", "compute", "orders", {"granularity": "daily"})
    assert jobs.get_job(job_id, project="other") is None
    for status in ("running", "completed"):
        jobs.update_status(job_id, status, result_summary={"status": status})
    found = jobs.get_job(job_id, project="shop")
    assert found is not None
    assert (found["status"], found["parameters"]) == ("completed", {"granularity": "daily"})
    assert found["result_summary"] == {"status": "completed"}
    assert found["started_at"] <= found["completed_at"]


def test_numbers_of_numpy_are_numbers(config: RepoConfig) -> None:
    """What no float of JSON is, is null when it comes back."""
    save(config, feature_metrics(row_count=np.int64(7), mean=np.float64(0.5), stddev=float("inf")))
    (found,) = query(config)
    assert (found["row_count"], found["mean"], found["stddev"]) == (7, 0.5, None)


def test_names_and_values_are_never_run(config: RepoConfig) -> None:
    """They are bound, whatever they say."""
    name = "a'; DROP TABLE feast_monitoring_feature_metrics; --"
    save(config, feature_metrics(feature_name=name))
    assert len(query(config, filters={"feature_name": name})) == 1


def test_nothing_is_there_before_it_is_saved(tmp_path: Path) -> None:
    """Asking and clearing need no tables and make none; saving makes what it needs."""
    config = project(tmp_path).config
    assert query(config) == []
    SQLiteOfflineStore.clear_monitoring_baseline(config, "shop")
    save(config)
    assert not (tmp_path / DATABASE).exists()
    save(config, feature_metrics())
    assert len(query(config)) == 1


def test_tables_that_are_there_are_not_written(config: RepoConfig, tmp_path: Path) -> None:
    """While another writer holds the file, the pages of `feast ui` can be shown."""
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        SQLiteOfflineStore.ensure_monitoring_tables(config)
        assert query(config) == []


def test_what_feast_does_not_know_is_refused(config: RepoConfig) -> None:
    """A type, a filter or a row without its key; the message says what is allowed."""
    with pytest.raises(SourceError, match="'views'; the types are feature, feature_view, "):
        SQLiteOfflineStore.query_monitoring_metrics(config, "shop", "views")
    with pytest.raises(SourceError, match="cannot be filtered by nope; it has: project_id, "):
        query(config, filters={"nope": 1})
    with pytest.raises(SourceError, match="lacks granularity; its key is project_id, "):
        save(config, feature_metrics(), feature_metrics(granularity=None))
    assert query(config) == []


def test_metrics_older_than_a_day_are_deleted_when_asked(config: RepoConfig) -> None:
    """Of one project and kind of source; that day itself stays, and nothing is no error."""
    old, kept = feature_metrics(data_source_type="log"), {"metric_date": date(2024, 1, 3)}
    save(config, old, old | kept, feature_metrics(), old | {"project_id": "other"})
    storage = MetricStorage.of(config)
    assert storage.delete_before("shop", "log", date(2024, 1, 3)) == 1
    assert storage.delete_before("shop", "log", date(2024, 1, 3)) == 0
    left = [(row["data_source_type"], row["metric_date"]) for row in query(config)]
    assert left == [("batch", "2024-01-02"), ("log", "2024-01-03")]
    assert len(query(config, "other")) == 1


def test_without_tables_nothing_is_deleted(tmp_path: Path) -> None:
    """A file that is not there is not made."""
    storage = MetricStorage.of(project(tmp_path).config)
    assert storage.delete_before("shop", "log", date(2024, 1, 3)) == 0
    assert not storage.path.exists()
