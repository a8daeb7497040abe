"""Every column that can be read has metrics in Feast's shape, and none takes others with it."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from datetime import UTC
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from feast import PushSource
from feast.monitoring.metrics_calculator import MetricsCalculator
from hypothesis import given, settings
from hypothesis import strategies as st
from support.sqlite_monitoring import (
    DAY,
    FEATURES,
    metrics,
    order_source,
    orders,
    write_column,
)
from support.sqlite_repo import DATABASE, MICROSECOND, NOON, project

from oo_stores.errors import SourceError
from oo_stores.sqlite import SQLiteOfflineStore, SQLiteSource, write_table
from oo_stores.sqlite.monitoring.categorical import categorical_metrics
from oo_stores.sqlite.monitoring.column_metrics import HistogramSizes

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

EXACT = ("row_count", "null_count", "null_rate", "min_val", "max_val", "feature_type")
NEAR = ("mean", "stddev", "p50", "p75", "p90", "p95", "p99")


def test_metrics_are_those_of_feasts_own_calculator(tmp_path: Path) -> None:
    """Same keys, same figures, same histogram, for what that one can compute."""
    rows = orders(40)
    write_table(tmp_path / DATABASE, "orders", rows)
    asked = [("price", "numeric"), ("items", "numeric"), ("city", "categorical")]
    found = metrics(tmp_path, asked)
    for expected in MetricsCalculator().compute_all(rows, asked):
        ours = found[expected["feature_name"]]
        assert set(ours) == set(expected)
        assert [ours[name] for name in EXACT] == [expected[name] for name in EXACT]
        assert [ours[name] for name in NEAR] == pytest.approx([expected[name] for name in NEAR])
        assert ours["histogram"] == expected["histogram"]


def test_lists_are_measured_by_their_lengths(tmp_path: Path) -> None:
    """Feast has no metrics for lists and asks by their elements' type, a text's too."""
    write_table(tmp_path / DATABASE, "orders", orders(10))
    found = metrics(tmp_path, FEATURES)
    assert list(found) == [name for name, _ in FEATURES]
    for name, longest in (("weights", 2.0), ("words", 1.0)):
        assert (found[name]["feature_type"], found[name]["max_val"]) == ("numeric", longest)
        assert (found[name]["row_count"], found[name]["null_count"]) == (10, 2)
        assert found[name]["histogram"]["of"] == "length"
        assert sum(found[name]["histogram"]["counts"]) == 8
    assert "of" not in found["price"]["histogram"]


def test_booleans_are_texts(tmp_path: Path) -> None:
    """Feast's page measures how long the text of a category is."""
    write_table(tmp_path / DATABASE, "orders", orders(5))
    assert metrics(tmp_path, [("paid", "categorical")])["paid"]["histogram"] == {
        "values": [{"value": "false", "count": 2}, {"value": "true", "count": 2}],
        "other_count": 0,
        "unique_count": 2,
    }


@given(st.lists(st.sampled_from("abcdef") | st.none()), st.integers(1, 7))
def test_categories_are_counted(values: list[str | None], top_n: int) -> None:
    """The most frequent first, the first in the order of texts among equals; the rest in sum."""
    present = [value for value in values if value is not None]
    ranked = sorted(set(present), key=lambda value: (-present.count(value), value))
    column = pa.chunked_array([pa.array(values, pa.string())])
    named = [{"value": value, "count": present.count(value)} for value in ranked[:top_n]]
    rest = sum(present.count(value) for value in ranked[top_n:])
    expected = {
        "values": named,
        "other_count": rest,
        "unique_count": len(ranked),
    }
    assert categorical_metrics(column, top_n) == ({"histogram": expected} if present else {})


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pa.array(["12", "a dozen", None]), "numeric"),
        (pa.array([NOON, NOON, None], pa.timestamp("us", tz="UTC")), "numeric"),
        (pa.array([b"\xff", b"", None]), "categorical"),
    ],
)
def test_what_cannot_be_measured_has_its_counts(
    values: pa.Array, kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A warning names it; the other features keep their metrics."""
    write_column(tmp_path, values)
    with caplog.at_level(logging.WARNING):
        found = metrics(tmp_path, [("value", kind)])["value"]
    assert (found["row_count"], found["null_count"], found["histogram"]) == (3, 1, None)
    assert "value is " in caplog.text
    assert f"which has no {kind} metrics" in caplog.text


@pytest.mark.parametrize(
    ("values", "mean"),
    [
        (pa.array(["1.5", "2.5"]), 2.0),
        (pa.array([True, False]), 0.5),
        (pa.array([2**62, 2**62 + 2]), 2.0**62),
        (pa.array([1.5, 2.5], pa.float32()), 2.0),
    ],
)
def test_numbers_are_numbers_however_they_are_stored(
    values: pa.Array, mean: float, tmp_path: Path
) -> None:
    """Texts of numbers, booleans, integers beyond a float's exact ones, small floats."""
    write_column(tmp_path, values)
    assert metrics(tmp_path, [("value", "numeric")])["value"]["mean"] == mean


def test_a_range_has_both_of_its_ends(tmp_path: Path) -> None:
    """As everywhere in Feast; without ends all rows count."""
    write_table(tmp_path / DATABASE, "orders", orders(9))
    ends = [(NOON - DAY, NOON), (NOON - DAY + MICROSECOND, NOON - MICROSECOND), (None, None)]
    found = [metrics(tmp_path, FEATURES[:1], ends=pair)["price"]["row_count"] for pair in ends]
    assert found == [2, 0, 9]


def test_no_rows_have_metrics_of_nothing(tmp_path: Path) -> None:
    """Zero rows, no null rate above zero, no figures: as Feast's own calculator has it."""
    rows = orders(0)
    write_table(tmp_path / DATABASE, "orders", rows)
    asked = [("price", "numeric"), ("city", "categorical")]
    found = metrics(tmp_path, asked)
    assert list(found.values()) == MetricsCalculator().compute_all(rows, asked)


def test_features_go_by_their_mapped_names(tmp_path: Path) -> None:
    """The view says `cost` and `at`, the table `price` and `event_timestamp`."""
    write_table(tmp_path / DATABASE, "orders", orders(3))
    mapped = order_source(
        field_mapping={"price": "cost", "event_timestamp": "at"}, timestamp_field="at"
    )
    config = project(tmp_path).config
    (found,) = SQLiteOfflineStore.compute_monitoring_metrics(
        config, mapped, [("cost", "numeric")], "at", NOON - DAY, NOON
    )
    assert (found["feature_name"], found["max_val"], found["row_count"]) == ("cost", 3.0, 2)
    assert SQLiteOfflineStore.get_monitoring_max_timestamp(config, mapped, "at") == NOON


def test_queries_with_times_of_any_format_are_monitored(tmp_path: Path) -> None:
    """Texts with and without offset, expressions without a type, in the order of the instants."""
    write_table(tmp_path / DATABASE, "orders", orders(1))
    rows = [("2024-01-10T12:00:00", 1, 0.5), ("2024-01-10T13:30:00+02:00", 2, None)]
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection, connection:
        connection.execute("CREATE TABLE texts (at TEXT, items INTEGER, price)")
        connection.executemany("INSERT INTO texts VALUES (?, ?, ?)", rows)
    source = SQLiteSource(
        name="texts",
        query="SELECT at AS event_timestamp, items * 2 AS items, price FROM texts",
        timestamp_field="event_timestamp",
    )
    assert newest(tmp_path, source) == NOON
    found = metrics(tmp_path, FEATURES[:2], source, ends=(None, NOON - MICROSECOND))
    assert (found["items"]["row_count"], found["items"]["max_val"]) == (1, 4.0)
    assert found["price"]["null_count"] == 1


def test_views_and_push_sources_are_monitored(tmp_path: Path) -> None:
    """Whatever can be retrieved."""
    write_table(tmp_path / DATABASE, "orders", orders(3))
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("CREATE VIEW dear AS SELECT * FROM orders WHERE price > 1")
    view = SQLiteSource(table="dear", timestamp_field="event_timestamp")
    pushed = PushSource(name="pushed", batch_source=order_source())
    config = project(tmp_path).config
    for source, count in ((view, 2), (pushed, 3)):
        arguments = (config, source, [("price", "numeric")], "event_timestamp")
        (found,) = SQLiteOfflineStore.compute_monitoring_metrics(*arguments)
        assert found["row_count"] == count
        assert newest(tmp_path, source) == NOON


def test_a_feature_without_a_column_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A warning says which, and what columns there are; the others have their metrics."""
    write_table(tmp_path / DATABASE, "orders", orders(3))
    with caplog.at_level(logging.WARNING):
        found = metrics(tmp_path, [("lost", "numeric"), ("price", "numeric")])
    assert list(found) == ["price"]
    assert "orders has no columns for lost, which are not monitored; it has: user" in caplog.text


def test_a_table_that_is_not_there_yet_has_no_metrics(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither without the file nor without the table; nothing is made, a warning says why."""
    with caplog.at_level(logging.WARNING):
        assert metrics(tmp_path, FEATURES) == {}
        assert newest(tmp_path, order_source()) is None
        assert not (tmp_path / DATABASE).exists()
        write_table(tmp_path / DATABASE, "other", orders(1))
        assert metrics(tmp_path, FEATURES) == {}
        assert newest(tmp_path, order_source()) is None
    assert caplog.text.count("orders has nothing to monitor yet") == 4


def newest(folder: Path, source: Any) -> datetime | None:  # noqa: ANN401  Feast's sources
    """Return a source's newest event time, as the store gives it to Feast."""
    return SQLiteOfflineStore.get_monitoring_max_timestamp(
        project(folder).config, source, "event_timestamp"
    )


@pytest.mark.parametrize(("unit", "late"), [("s", 0), ("ms", 5000), ("us", 5001), ("ns", 5001)])
def test_the_newest_event_time_is_aware(unit: str, late: int, tmp_path: Path) -> None:
    """In UTC, exact to the microsecond; nulls do not count."""
    instant = NOON + late * MICROSECOND
    rows = pa.table({"event_timestamp": pa.array([NOON, instant, None], pa.timestamp(unit, "UTC"))})
    write_table(tmp_path / DATABASE, "orders", rows)
    found = newest(tmp_path, order_source())
    assert found == instant
    assert found.tzinfo is UTC


def test_a_range_to_the_newest_event_has_that_event(tmp_path: Path) -> None:
    """Nanoseconds that no datetime has are rounded up."""
    nanoseconds = pa.array([1_700_000_000_000_000_001], pa.int64())
    rows = pa.table(
        {"event_timestamp": nanoseconds.cast(pa.timestamp("ns", "UTC")), "price": [1.0]}
    )
    write_table(tmp_path / DATABASE, "orders", rows)
    end = newest(tmp_path, order_source())
    assert metrics(tmp_path, FEATURES[:1], ends=(None, end))["price"]["row_count"] == 1


def test_a_table_without_rows_has_no_newest_event(tmp_path: Path) -> None:
    """None, so that Feast leaves the view out."""
    write_table(tmp_path / DATABASE, "orders", orders(0))
    assert newest(tmp_path, order_source()) is None


@pytest.mark.parametrize(("bins", "top_n"), [(0, 1), (1, 0)])
def test_a_histogram_of_nothing_is_refused(bins: int, top_n: int) -> None:
    """The message says what was asked for, and what is allowed."""
    with pytest.raises(SourceError, match=r"=0.* make no histogram; give 1 or more of each"):
        HistogramSizes(bins, top_n)


@settings(max_examples=15)
@given(values=st.lists(st.floats() | st.none(), max_size=30))
def test_nan_is_not_null(
    values: list[float | None], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """As for Feast's other stores: only what is missing counts as missing."""
    folder = tmp_path_factory.mktemp("nan")
    write_column(folder, pa.array(values, pa.float64()))
    found = metrics(folder, [("value", "numeric")])["value"]
    assert (found["row_count"], found["null_count"]) == (len(values), values.count(None))
    if found["histogram"]:
        assert sum(found["histogram"]["counts"]) == len(values) - values.count(None)
