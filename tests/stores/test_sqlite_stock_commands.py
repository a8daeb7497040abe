"""Feast's own commands work on a repo that uses the SQLite offline store."""

from __future__ import annotations

import http.client
import json
import sqlite3
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from feast import FeatureStore, RepoConfig
from support.feast_cli import feast, feast_server, python
from support.sqlite_logs import log_schema, logs_between, served_logs
from support.sqlite_repo import DATABASE, NOON, write_scores
from support.stock_repo import write_stock_repo

from oo_profile.development.ports import LOOPBACK, free_port
from oo_stores.sqlite import SQLiteLoggingDestination

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
READ = """
import json, sys
from feast import FeatureStore

store = FeatureStore(".")
if "oo_stores.sqlite.offline_store" in sys.modules:
    raise SystemExit("the store was imported before the registry was read")
destination = store.get_feature_service("served").logging_config.destination
schema = {field.name: str(field.dtype) for field in store.get_feature_view("scores").schema}
rows = store.get_online_features(["scores:score"], [{"user_id": "a"}, {"user_id": "b"}]).to_dict()
print(json.dumps([type(destination).__name__, destination.table, schema, rows["score"]]))
"""

CLONE = """
project: shop
provider: local
registry: registry.db
offline_store:
  type: oo_stores.sqlite.SQLiteOfflineStore
  path: ${SHOP_DATABASE:-features.db}
online_store: {type: sqlite, path: online.db}
"""
UNWRITTEN = """
from datetime import timedelta
from feast import Entity, FeatureView, Field
from feast.types import Float64, String
from feast.value_type import ValueType
from oo_stores.sqlite import SQLiteSource

user = Entity(name="user", join_keys=["user_id"], value_type=ValueType.STRING)
source = SQLiteSource(
    table="score",
    timestamp_field="event_timestamp",
    created_timestamp_column="created_timestamp",
)
scores = FeatureView(
    name="scores",
    entities=[user],
    schema=[Field(name="user_id", dtype=String), Field(name="score", dtype=Float64)],
    source=source,
    ttl=timedelta(0),
)
"""
ASK = """
import pandas as pd
from feast import FeatureStore
rows = pd.DataFrame({"user_id": ["a"], "event_timestamp": ["2024-01-10T12:00:00Z"]})
job = FeatureStore(".").get_historical_features(rows, features=["scores:score"])
print(job.to_arrow().column("score").to_pylist())
"""


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a repo after `feast apply`, for tests that change nothing."""
    return new_repo(tmp_path_factory.mktemp("stock"))


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Give a repo after `feast apply`, to do anything with."""
    return new_repo(tmp_path)


def new_repo(parent: Path) -> Path:
    """Return a new repo after `feast apply`."""
    folder = parent / "repo"
    write_stock_repo(folder)
    feast(folder, "apply")
    return folder


def read(repo: Path) -> list[object]:
    """Return what a new process finds: destination, inferred schema, online values."""
    found: list[object] = json.loads(python(repo, READ).splitlines()[-1])
    return found


def test_apply_infers_the_schema_of_a_table(applied: Path) -> None:
    """Also in a new process, which finds the logging destination through the yaml alone."""
    destination, table, schema, _ = read(applied)
    assert (destination, table) == ("SQLiteLoggingDestination", "served")
    assert schema == {"user_id": "String", "score": "Float64", "recent": "Array(Int64)"}


def test_a_fresh_clone_is_applied_before_there_is_a_table(tmp_path: Path) -> None:
    """It makes no file; a new process reads the table that came afterwards."""
    clone = tmp_path / "clone"
    clone.mkdir()
    (clone / "feature_store.yaml").write_text(CLONE)
    (clone / "definitions.py").write_text(UNWRITTEN)
    assert "scores" in feast(clone, "apply")
    assert not (clone / DATABASE).exists()
    write_scores(clone, [("a", NOON, NOON, 1.5)])
    assert python(clone, ASK).splitlines()[-1] == "[1.5]"


def test_applying_again_changes_nothing(applied: Path) -> None:
    """Feast finds no difference between the definitions and what it kept of them."""
    assert "No changes to registry" in feast(applied, "apply")


def test_commands_list_and_describe(applied: Path) -> None:
    """Views with their entities, sources with their options."""
    assert "scores" in feast(applied, "feature-views", "list")
    described = feast(applied, "data-sources", "describe", "score")
    assert "dataSourceClassType: oo_stores.sqlite.SQLiteSource" in described
    assert "createdTimestampColumn: created_timestamp" in described
    assert "visit" in feast(applied, "data-sources", "list")


def test_materialize_serves_a_range_and_then_what_is_new(repo: Path) -> None:
    """The newest value within the range first, later that of the next one."""
    start, middle, end = (
        (NOON + days * DAY).replace(tzinfo=None).isoformat() for days in (-1, 1, 5)
    )
    feast(repo, "materialize", start, middle, "-v", "scores")
    assert read(repo)[-1] == [3.0, 4.0]
    feast(repo, "materialize-incremental", end, "-v", "scores")
    assert read(repo)[-1] == [5.0, None]


def test_teardown_leaves_the_tables(repo: Path) -> None:
    """Definitions and online values go; the tables are the user's own."""
    feast(repo, "teardown")
    assert "scores" not in feast(repo, "feature-views", "list")
    with closing(sqlite3.connect(repo / "data" / "features.db")) as connection:
        assert connection.execute("SELECT count(*) FROM score").fetchone() == (6,)


@contextmanager
def remote(repo: Path) -> Iterator[FeatureStore]:
    """Serve the repo's offline store, and give a store that reads through it and has no file."""
    port = free_port()
    command = ("--log-level", "info", "serve_offline", "-h", LOOPBACK, "-p", str(port))
    with feast_server(repo, port, *command, says="server serving at"):
        offline = {"type": "remote", "host": LOOPBACK, "port": port}
        yield FeatureStore(
            config=RepoConfig(
                project="shop",
                provider="local",
                registry=str(repo / "data" / "registry.db"),
                offline_store=offline,
                entity_key_serialization_version=3,
            )
        )


def test_another_process_reads_and_writes_through_the_offline_server(repo: Path) -> None:
    """Historical features, batches and logs; source and config come from registry and yaml."""
    rows = pd.DataFrame({"user_id": ["b", "x"], "event_timestamp": [NOON + 2 * DAY] * 2})
    new = pd.DataFrame(
        {
            "user_id": ["x"],
            "event_timestamp": [NOON],
            "created_timestamp": [NOON],
            "score": [9.0],
            "recent": [[1]],
        }
    )
    # What a service's logs are is asked here, so this process has to know the class.
    assert SQLiteLoggingDestination.__module__ == "oo_stores.sqlite.writing.logging_destination"
    with remote(repo) as store:
        job = store.get_historical_features(rows, ["scores:score", "scores:recent"])
        before = job.to_df()
        store.write_to_offline_store("scores", new)
        after = job.to_df()
        logs = served_logs(log_schema(store), 2)
        store.write_logged_features(logs, store.get_feature_service("served"))
    assert before["score"].isna().all()
    assert after["score"].tolist()[1] == 9.0
    assert after["recent"].tolist()[0].tolist() == [5]
    local = FeatureStore(str(repo))
    assert logs_between(local, NOON, NOON + DAY).to_arrow().num_rows == 2


def test_the_ui_shows_the_project(applied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its page is there, and its views."""
    port = free_port()
    monkeypatch.setenv("HOME", str(applied))
    with feast_server(applied, port, "ui", "--host", LOOPBACK, "-p", str(port)):
        assert b"<html" in ask(port, "/p/shop").lower()
        views = json.loads(ask(port, "/api/v1/feature_views?project=shop"))
    names = {view["spec"]["name"] for view in views["featureViews"]}
    assert {"scores", "visits", "scaled"} <= names


def ask(port: int, path: str) -> bytes:
    """Return the body of a page that is there."""
    with closing(http.client.HTTPConnection(LOOPBACK, port, timeout=60)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read()
