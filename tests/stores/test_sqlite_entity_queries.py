"""Entity rows may be a SQL query on the source's database, which can read and nothing else."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pytest
from feast import RequestSource
from feast.errors import (
    EntityTimestampInferenceException,
    FeastEntityDFMissingColumnsError,
    RequestDataNotFoundInEntityDfException,
)
from feast.on_demand_feature_view import OnDemandFeatureView, on_demand_feature_view
from feast.types import Float64
from support.sqlite_repo import (
    DATABASE,
    HOUR,
    NOON,
    asked_of,
    fields,
    score_source,
    score_view,
    scores,
    scores_project,
    write_scores,
)

from oo_stores.errors import QueryError, TableMissingError, ValueTypeError
from oo_stores.sqlite import write_table

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from feast import FeatureStore, FeatureView

FEATURES = ["scores:score"]
LABELS = """
    SELECT user_id, event_timestamp, label
    FROM labels
    ORDER BY label DESC"""


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    """Give a project with scores of users a and b, and a table of labels beside them."""
    labels = {
        "user_id": ["a", "b", "x"],
        "event_timestamp": pa.array([NOON, NOON + HOUR, NOON], pa.timestamp("us", tz="UTC")),
        "label": [1, 2, 3],
    }
    write_table(tmp_path / DATABASE, "labels", pa.table(labels))
    return scores_project(
        tmp_path, [("a", NOON, NOON, 1.0), ("b", NOON, NOON, 2.0), ("b", NOON + HOUR, NOON, 3.0)]
    )


@pytest.mark.parametrize("end", ["", ";", " ;\n  ", " -- the newest first"])
def test_a_querys_rows_come_back_in_their_order(store: FeatureStore, end: str) -> None:
    """White space around it, a semicolon and comments do not matter; all columns stay."""
    table = store.get_historical_features(LABELS + end, FEATURES).to_arrow()
    assert table.column_names == ["user_id", "event_timestamp", "label", "score"]
    assert table.column("label").to_pylist() == [3, 2, 1]
    assert table.column("score").to_pylist() == [None, 3.0, 1.0]


def test_a_query_gives_what_its_frame_gives(store: FeatureStore, tmp_path: Path) -> None:
    """Its Arrow result casts, column by column, to that of the same rows as a DataFrame."""
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        frame = pd.read_sql(LABELS, connection)
    frame["event_timestamp"] = pd.to_datetime(frame["event_timestamp"], unit="us", utc=True)
    by_frame = store.get_historical_features(frame, FEATURES).to_arrow()
    by_query = store.get_historical_features(LABELS, FEATURES)
    assert by_query.to_arrow().select(by_frame.column_names).cast(by_frame.schema) == by_frame
    metadata = asked_of(by_query)
    assert metadata.keys == ["user_id", "label"]
    assert metadata.min_event_timestamp == NOON
    assert metadata.max_event_timestamp == NOON + HOUR


@pytest.mark.parametrize(
    "column",
    [
        "'2024-01-10 13:00' AS event_timestamp",
        "'2024-01-10T14:00:00+01:00' AS event_timestamp",
        "1704891600000 AS event_timestamp",
        "1704891600.0 AS event_timestamp",
        "max(event_timestamp) AS event_timestamp",
    ],
)
def test_times_may_be_of_any_clear_format(store: FeatureStore, column: str) -> None:
    """Text, numbers and expressions are instants if they can be only one."""
    query = f"SELECT 'b' AS user_id, {column} FROM labels"
    table = store.get_historical_features(query, FEATURES).to_arrow()
    assert set(table.column("score").to_pylist()) == {3.0}
    assert pa.types.is_timestamp(table.schema.field("event_timestamp").type)


def test_times_that_are_not_clear_are_refused(store: FeatureStore) -> None:
    """A number of no plausible unit is shown."""
    with pytest.raises(ValueTypeError, match=r"holds 1 INTEGER \(from 5 to 5\)"):
        store.get_historical_features("SELECT 'a' AS user_id, 5 AS event_timestamp", FEATURES)


def test_the_only_column_of_instants_may_have_any_name(store: FeatureStore) -> None:
    """A column that a table declares to hold instants is the time under any alias."""
    query = "SELECT user_id, event_timestamp AS shown_at FROM labels"
    table = store.get_historical_features(query, FEATURES).to_arrow()
    assert table.column_names == ["user_id", "shown_at", "score"]
    assert table.column("score").to_pylist() == [1.0, 3.0, None]


@pytest.mark.parametrize(
    "columns",
    ["user_id", "user_id, event_timestamp AS one, event_timestamp AS two", "user_id, 5 AS at"],
)
def test_an_unclear_column_of_times_is_refused(store: FeatureStore, columns: str) -> None:
    """With no column of instants, or several, Feast's own error asks for event_timestamp."""
    with pytest.raises(EntityTimestampInferenceException, match="event_timestamp"):
        store.get_historical_features(f"SELECT {columns} FROM labels", FEATURES)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("DROP TABLE labels", "would DROP TABLE labels"),
        ("DELETE FROM labels RETURNING *", "would DELETE labels"),
        ("INSERT INTO labels VALUES ('c', 0, 0)", "would INSERT labels"),
        ("UPDATE labels SET label = 0", "would UPDATE labels"),
        ("CREATE TEMP TABLE mine AS SELECT 1", "would CREATE TEMP TABLE mine"),
        ("ATTACH 'other.db' AS other", r"would ATTACH other\.db"),
        ("PRAGMA journal_mode = DELETE", "would PRAGMA journal_mode"),
        ("SELECT load_extension('x')", "would call load_extension"),
        ("SELECT * FROM pragma_optimize", "would PRAGMA optimize"),
        ("COMMIT", "would TRANSACTION COMMIT"),
        ("ATTACH 'sqlite_master' AS other", "would ATTACH sqlite_master"),
        ("SELECT * FROM (ATTACH 'other.db' AS other)", "syntax error"),
        ("WITH gone AS (SELECT 1) DELETE FROM labels", "would DELETE labels"),
        ("WITH gone AS (DELETE FROM labels RETURNING *) SELECT * FROM gone", "syntax error"),
        ("SELECT writefile('other.db', 'x')", "no such function: writefile"),
        ("QUERY PLAN SELECT 1", "syntax error"),
        ("SELECT 1; DELETE FROM labels", "one statement at a time"),
        ("VACUUM INTO 'copy.db'", "syntax error"),
        (" ", "is empty"),
    ],
)
def test_what_is_no_select_is_refused_and_not_run(
    store: FeatureStore, tmp_path: Path, query: str, message: str
) -> None:
    """The message says what it would have done; the database and its folder are as before."""
    before = sorted(path.name for path in tmp_path.glob("*.db"))
    with pytest.raises(QueryError, match=rf"of entity rows.*{message}"):
        store.get_historical_features(query, FEATURES)
    assert sorted(path.name for path in tmp_path.glob("*.db")) == before
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        assert connection.execute("SELECT sum(label) FROM labels").fetchone() == (6,)


def test_a_query_may_use_functions_that_give_tables(store: FeatureStore) -> None:
    """JSON and recursion are SELECT too."""
    query = """
        WITH RECURSIVE hours(n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM hours WHERE n < 1)
        SELECT value AS user_id, '2024-01-10 ' || (12 + n) || ':00' AS event_timestamp
        FROM hours, json_each('["a", "b"]') ORDER BY 1, 2
    """
    found = store.get_historical_features(query, FEATURES).to_arrow()
    assert found.column("score").to_pylist() == [1.0, 1.0, 2.0, 3.0]


def test_a_missing_table_and_a_missing_key_are_named(store: FeatureStore) -> None:
    """As for tables and frames."""
    with pytest.raises(TableMissingError, match="no such table: nobody"):
        store.get_historical_features("SELECT * FROM nobody", FEATURES)
    with pytest.raises(FeastEntityDFMissingColumnsError, match="user_id"):
        store.get_historical_features("SELECT event_timestamp FROM labels", FEATURES)


def test_a_query_without_rows_gives_none(store: FeatureStore) -> None:
    """There are columns with their types, and no rows; the job can still say its bounds."""
    job = store.get_historical_features("SELECT * FROM labels WHERE 0", FEATURES)
    table = job.to_arrow()
    assert (table.num_rows, table.schema.field("score").type) == (0, pa.float64())
    assert asked_of(job).max_event_timestamp == asked_of(job).min_event_timestamp is not None


def test_the_query_runs_where_the_views_are(tmp_path: Path) -> None:
    """Views of one file of their own are asked there; of several files, in the store's own."""
    other = score_source(path="other/features.db", name="other")
    write_scores(tmp_path / "other", [("b", NOON, NOON, 7.0)])
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)])
    store.apply([score_view(other, name="others")])
    query = "SELECT user_id, event_timestamp FROM score"
    there = store.get_historical_features(query, ["others:score"]).to_arrow()
    assert there.column("user_id").to_pylist() == ["b"]
    both = ["scores:score", "others:score"]
    here = store.get_historical_features(query, both, full_feature_names=True).to_arrow()
    assert here.column("user_id").to_pylist() == ["a"]
    assert scores(store, pd.DataFrame({"user_id": ["a"], "event_timestamp": [NOON]})) == [1.0]


def doubled_view(source: FeatureView) -> OnDemandFeatureView:
    """Return an on-demand view that needs the request data `factor`."""
    clock = RequestSource(name="clock", schema=fields(factor=Float64))

    @on_demand_feature_view(sources=[source, clock], schema=fields(times=Float64), mode="python")  # type: ignore[untyped-decorator]
    def doubled(inputs: dict[str, list[Any]]) -> dict[str, list[Any]]:
        pairs = zip(inputs["score"], inputs["factor"], strict=True)
        return {"times": [(score or 0.0) * factor for score, factor in pairs]}

    view: OnDemandFeatureView = doubled
    return view


@pytest.mark.filterwarnings("ignore:On demand feature view is an experimental")
def test_request_data_may_come_from_the_query(store: FeatureStore) -> None:
    """A column of the query is request data; without it Feast's own error is raised at once."""
    store.apply([doubled_view(store.get_feature_view("scores"))])
    features = ["scores:score", "doubled:times"]
    query = "SELECT user_id, event_timestamp, 2.0 AS factor FROM labels"
    found = store.get_historical_features(query, features).to_arrow()
    assert found.column("times").to_pylist() == [2.0, 6.0, 0.0]
    with pytest.raises(RequestDataNotFoundInEntityDfException, match="factor"):
        store.get_historical_features(LABELS, features)
    with pytest.raises(RequestDataNotFoundInEntityDfException, match="factor"):
        store.get_historical_features(None, features, start_date=NOON)
