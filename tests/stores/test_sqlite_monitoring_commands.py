"""`feast monitor run` and the monitoring endpoints of `feast ui` work on the SQLite store."""

from __future__ import annotations

import http.client
import json
import shutil
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from feast import RepoConfig
from support.feast_cli import PATIENCE_SECONDS, feast, feast_server
from support.monitored_repo import LOGS, ORDERS, write_monitored_repo
from support.sqlite_monitoring import DAY, FEATURES
from support.sqlite_repo import NOON

from oo_profile.development.ports import LOOPBACK, free_port
from oo_stores.sqlite import SQLiteOfflineStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

WINDOWS = {"daily": 1, "weekly": 7, "biweekly": 14, "monthly": 30, "quarterly": 90}
"""Feast's windows before the newest event, in days; both ends count."""


@pytest.fixture(scope="module")
def monitored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a repo after `feast apply` and `feast monitor run`, of batches and of logs."""
    folder = tmp_path_factory.mktemp("monitored") / "repo"
    write_monitored_repo(folder)
    feast(folder, "apply")
    printed = feast(folder, "monitor", "run", "--source-type", "all")
    assert f"Features computed: {len(FEATURES) * len(WINDOWS)}" in printed
    assert "Feature services computed: 1" in printed
    assert "Traceback" not in printed
    assert "refunds has nothing to monitor yet" in printed
    return folder


@pytest.fixture
def repo(monitored: Path, tmp_path: Path) -> Path:
    """Give a copy of it, to do anything with."""
    copy = tmp_path / "repo"
    shutil.copytree(monitored, copy)
    return copy


@pytest.fixture(scope="module")
def page(monitored: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Give the port of `feast ui` over another copy."""
    copy = tmp_path_factory.mktemp("page") / "repo"
    shutil.copytree(monitored, copy)
    port = free_port()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HOME", str(copy))
        with feast_server(copy, port, "ui", "--host", LOOPBACK, "-p", str(port)):
            yield port


def kept(repo: Path, metric_type: str = "feature", **filters: Any) -> list[dict[str, Any]]:  # noqa: ANN401  any column
    """Return what the repo keeps of its metrics."""
    config = RepoConfig(
        project="shop",
        registry=str(repo / "data" / "registry.db"),
        offline_store={
            "type": "oo_stores.sqlite.SQLiteOfflineStore",
            "path": str(repo / "data" / "features.db"),
        },
        repo_path=repo,
        entity_key_serialization_version=3,
    )
    return SQLiteOfflineStore.query_monitoring_metrics(config, "shop", metric_type, filters)


def ask(port: int, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401  JSON
    """Return the answer of a monitoring endpoint; with a body it is posted."""
    with closing(http.client.HTTPConnection(LOOPBACK, port, timeout=PATIENCE_SECONDS)) as client:
        method = "GET" if body is None else "POST"
        content = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json"}
        client.request(method, f"/api/v1/monitoring/{path}", content, headers)
        answer = client.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        return json.loads(text)


@pytest.mark.parametrize("granularity", WINDOWS)
def test_every_window_has_metrics_of_every_feature(monitored: Path, granularity: str) -> None:
    """Lists among them, which Feast's own stores answer by leaving out the whole view."""
    found = kept(monitored, granularity=granularity, data_source_type="batch")
    assert {row["feature_name"] for row in found} == {name for name, _ in FEATURES}
    rows = min(WINDOWS[granularity] + 1, ORDERS)
    assert {row["row_count"] for row in found} == {rows}
    newest = NOON.isoformat()
    assert {row["max_event_timestamp"] for row in found} == {newest}


def test_a_first_run_sets_a_baseline(monitored: Path) -> None:
    """Of all rows, for each feature."""
    found = kept(monitored, is_baseline=True)
    assert {row["feature_name"] for row in found} == {name for name, _ in FEATURES}
    assert {(row["row_count"], row["granularity"]) for row in found} == {(ORDERS, "baseline")}


def test_views_and_services_are_summed_up(monitored: Path) -> None:
    """A view's rows and null rates; a service's too, of batches and of logs."""
    (view,) = kept(monitored, "feature_view", granularity="daily", data_source_type="batch")
    assert (view["total_row_count"], view["total_features"]) == (2, len(FEATURES))
    services = kept(monitored, "feature_service", granularity="daily")
    assert [row["data_source_type"] for row in services] == ["batch", "log"]


def test_logs_are_monitored_under_the_names_of_their_features(monitored: Path) -> None:
    """So that served values can be compared with those of the table."""
    found = kept(monitored, granularity="weekly", data_source_type="log")
    rows = {row["feature_name"]: (row["feature_view_name"], row["row_count"]) for row in found}
    assert rows == {"price": ("orders", LOGS), "city": ("orders", LOGS)}


def test_a_second_run_replaces_the_first(repo: Path) -> None:
    """Rows of one key are there once."""
    before = [row | {"computed_at": None} for row in kept(repo)]
    feast(repo, "monitor", "run", "--source-type", "all")
    assert [row | {"computed_at": None} for row in kept(repo)] == before


def test_a_run_over_given_days(repo: Path) -> None:
    """One view, one feature, both days included."""
    day = NOON.date() - 2 * DAY
    options = ["--start-date", str(day), "--end-date", str(day + DAY), "--granularity", "weekly"]
    printed = feast(repo, "monitor", "run", "-v", "orders", "-f", "items", *options)
    assert "Features computed: 1" in printed
    (found,) = kept(repo, metric_date=day, granularity="weekly", data_source_type="batch")
    assert (found["feature_name"], found["row_count"]) == ("items", 2)


def test_a_new_baseline_takes_the_place_of_the_old(repo: Path) -> None:
    """Of the days asked for; the old one's metrics stay, without the mark."""
    day = str(NOON.date())
    feast(repo, "monitor", "run", "--start-date", day, "--end-date", day, "--set-baseline")
    found = kept(repo, is_baseline=True)
    assert {(row["metric_date"], row["row_count"]) for row in found} == {(day, 1)}
    assert len(kept(repo, granularity="baseline")) == len(FEATURES)


def test_the_page_is_given_its_metrics(page: int) -> None:
    """Of features, views, services, baselines and over time, by project and by service."""
    select = "project=shop&granularity=daily"
    features = ask(page, f"metrics/features?{select}&data_source_type=batch")
    assert {row["feature_name"] for row in features} == {name for name, _ in FEATURES}
    assert len(ask(page, f"metrics/feature_views?{select}&data_source_type=batch")) == 1
    assert len(ask(page, f"metrics/feature_services?{select}")) == 2
    assert len(ask(page, "metrics/baseline?project=shop")) == len(FEATURES)
    series = "feature_service_name=checkout&feature_name=price&data_source_type=batch"
    assert len(ask(page, f"metrics/timeseries?project=shop&{series}")) == len(WINDOWS) + 1
    shown = f"start_date={NOON.date() - DAY}&end_date={date.max}"
    assert {row["granularity"] for row in ask(page, f"metrics/features?project=shop&{shown}")} == {
        "daily",
        "baseline",
    }


def test_the_page_computes(page: int) -> None:
    """By a job, whose state can be asked for, of logs too, and without keeping anything."""
    done = ask(page, "auto_compute", {"project": "shop", "feature_view_name": "orders"})
    job = ask(page, f"jobs/{done['job_id']}?project=shop")
    assert (job["status"], job["job_type"]) == ("completed", "auto_compute")
    assert job["result_summary"]["computed_feature_views"] == 1
    days = {"start_date": str(NOON.date()), "end_date": str(NOON.date())}
    one = {"project": "shop", "feature_view_name": "orders", "feature_names": ["words"]}
    assert ask(page, "compute", one | days)["computed_features"] == 1
    (shown,) = ask(page, "compute/transient", one | days)["metrics"]
    assert (shown["row_count"], shown["feature_type"]) == (1, "numeric")
    logs = {"project": "shop", "feature_service_name": "checkout"}
    assert ask(page, "compute/log", logs | days)["computed_features"] == 2
    assert ask(page, "auto_compute/log", logs)["computed_feature_services"] == 1
