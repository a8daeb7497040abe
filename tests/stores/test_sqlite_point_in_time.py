"""Historical features are the newest values that held at each entity row's time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from support.sqlite_repo import HOUR, MICROSECOND, NOON, scores, scores_project

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


def entity_rows(*rows: tuple[str | None, datetime | None]) -> pd.DataFrame:
    """Return users and the times at which their features are asked for."""
    return pd.DataFrame(rows, columns=["user_id", "event_timestamp"])


def test_the_newest_value_at_or_before_the_time_counts(tmp_path: Path) -> None:
    """A value counts from its own event time on, until the next one."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0), ("a", NOON + HOUR, NOON, 2.0)])
    times = [NOON - MICROSECOND, NOON, NOON + HOUR - MICROSECOND, NOON + HOUR]
    asked = entity_rows(*(("a", time) for time in times))
    assert scores(store, asked) == [None, 1.0, 1.0, 2.0]


def test_both_ends_of_the_ttl_are_inclusive(tmp_path: Path) -> None:
    """A value counts at exactly its age limit and not a microsecond later."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)], ttl=HOUR)
    asked = entity_rows(("a", NOON), ("a", NOON + HOUR), ("a", NOON + HOUR + MICROSECOND))
    assert scores(store, asked) == [1.0, 1.0, None]


@pytest.mark.parametrize("ttl", [None, timedelta(0)])
def test_without_a_ttl_a_value_counts_for_ever(tmp_path: Path, ttl: timedelta | None) -> None:
    """No TTL and a TTL of zero put no limit on a value's age."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)], ttl=ttl)
    assert scores(store, entity_rows(("a", NOON + timedelta(days=9999)))) == [1.0]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("ttl", [timedelta(days=400_000), timedelta.max])
def test_a_ttl_may_reach_beyond_all_time(tmp_path: Path, ttl: timedelta, unit: str) -> None:
    """One that no integer of the entity rows' unit holds is no error, and has no lower end."""
    store = scores_project(tmp_path, [("a", NOON - HOUR, NOON, 1.0)], ttl=ttl)
    asked = entity_rows(("a", NOON))
    asked["event_timestamp"] = asked["event_timestamp"].dt.as_unit(unit)
    assert scores(store, asked) == [1.0]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_a_ttl_is_exact_in_any_unit(tmp_path: Path, unit: str) -> None:
    """A TTL of a second and a half counts as such for entity rows in whole seconds too."""
    ttl = timedelta(seconds=1.5)
    rows = [("a", NOON - ttl, NOON, 1.0), ("b", NOON - ttl - MICROSECOND, NOON, 1.0)]
    store = scores_project(tmp_path, rows, ttl=ttl)
    asked = entity_rows(("a", NOON), ("b", NOON))
    asked["event_timestamp"] = asked["event_timestamp"].dt.as_unit(unit)
    assert scores(store, asked) == [1.0, None]


def test_an_expired_value_hides_no_other(tmp_path: Path) -> None:
    """Rows dated after the entity's time take no part, even where the older ones are expired."""
    rows = [("a", NOON - 3 * HOUR, NOON, 1.0), ("a", NOON + HOUR, NOON, 2.0)]
    store = scores_project(tmp_path, rows, ttl=HOUR)
    assert scores(store, entity_rows(("a", NOON))) == [None]


def test_at_equal_event_times_the_later_created_wins(tmp_path: Path) -> None:
    """A correction of a row counts in its place, in whatever order both were written."""
    rows = [("a", NOON, NOON + 2 * HOUR, 2.0), ("a", NOON, NOON + HOUR, 1.0)]
    assert scores(scores_project(tmp_path, rows), entity_rows(("a", NOON))) == [2.0]


def test_a_later_event_beats_a_later_creation(tmp_path: Path) -> None:
    """A backfilled row does not displace a newer one."""
    rows = [("a", NOON, NOON, 2.0), ("a", NOON - HOUR, NOON + 9 * HOUR, 1.0)]
    assert scores(scores_project(tmp_path, rows), entity_rows(("a", NOON))) == [2.0]


def test_as_seen_only_rows_created_by_then_count(tmp_path: Path) -> None:
    """With the filter a correction made later is unknown at the time, at it is known."""
    rows = [("a", NOON, NOON, 1.0), ("a", NOON, NOON + HOUR, 2.0)]
    store = scores_project(tmp_path, rows)
    asked = entity_rows(("a", NOON), ("a", NOON + HOUR - MICROSECOND), ("a", NOON + HOUR))
    assert scores(store, asked, filter_by_created_timestamp=True) == [1.0, 1.0, 2.0]
    assert scores(store, asked) == [2.0, 2.0, 2.0]


def test_all_entity_rows_come_back_in_their_order(tmp_path: Path) -> None:
    """Unknown users, duplicates, missing keys and missing times stay, each in its place."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0), ("b", NOON, NOON, 2.0)])
    asked = entity_rows(
        ("b", NOON), ("x", NOON), ("a", NOON), (None, NOON), ("a", NOON), ("a", None), ("b", NOON)
    )
    asked["label"] = list("stuvwxy")
    job = store.get_historical_features(asked, features=["scores:score"])
    frame = job.to_df()
    assert list(frame.columns) == ["user_id", "event_timestamp", "label", "score"]
    assert frame["label"].tolist() == list("stuvwxy")
    assert frame["score"].fillna(-1).tolist() == [2.0, -1, 1.0, -1, 1.0, -1, 2.0]


def test_duplicate_source_rows_do_not_multiply_entity_rows(tmp_path: Path) -> None:
    """A table without a key may hold a row twice; the answer holds it once."""
    rows = [("a", NOON, NOON, 1.0)] * 3
    assert scores(scores_project(tmp_path, rows, key=None), entity_rows(("a", NOON))) == [1.0]


def test_no_entity_rows_give_no_rows_with_the_same_types(tmp_path: Path) -> None:
    """An empty frame has an empty answer, whose columns have the types of a full one."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)])
    full = entity_rows(("a", NOON))
    features = ["scores:score"]
    empty = store.get_historical_features(full.iloc[:0], features=features).to_arrow()
    assert empty.num_rows == 0
    filled = store.get_historical_features(full, features=features).to_arrow()
    assert empty.schema.field("score") == filled.schema.field("score")


def test_a_job_can_be_run_again(tmp_path: Path) -> None:
    """Each run of a job asks the table anew and gives the whole answer."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)])
    job = store.get_historical_features(entity_rows(("a", NOON)), features=["scores:score"])
    assert job.to_df()["score"].tolist() == [1.0]
    assert job.to_arrow(timeout=9).column("score").to_pylist() == [1.0]
    assert job.to_df(timeout=9)["score"].tolist() == [1.0]


def test_the_job_says_what_was_asked(tmp_path: Path) -> None:
    """Metadata holds the references, the keys and both ends of the entity times."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)])
    asked = entity_rows(("a", NOON + HOUR), ("a", NOON))
    metadata = store.get_historical_features(asked, features=["scores:score"]).metadata
    assert metadata is not None
    assert (metadata.features, metadata.keys) == (["scores:score"], ["user_id"])
    assert metadata.min_event_timestamp == NOON
    assert metadata.max_event_timestamp == NOON + HOUR
