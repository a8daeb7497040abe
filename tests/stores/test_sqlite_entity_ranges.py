"""Without entity rows, everybody who has a value in a range of time is a row."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from feast import Entity, FeatureView
from feast.types import Float64, Int64, String
from feast.value_type import ValueType
from support.sqlite_repo import (
    DATABASE,
    HOUR,
    MICROSECOND,
    NOON,
    USER,
    answer,
    asked_of,
    fields,
    project,
    score_source,
    score_view,
    scores_project,
    write_scores,
)

from oo_stores.errors import SourceError
from oo_stores.sqlite import SQLiteOfflineStore, SQLiteSource, write_table
from oo_stores.sqlite.retrieval.entity_range import date_range

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from feast import FeatureStore

SHOP = Entity(name="shop", join_keys=["shop_id"], value_type=ValueType.INT64)
DAY = timedelta(days=1)
INSTANT = pa.timestamp("us", tz="UTC")


def in_range(store: FeatureStore, features: list[str], **ends: Any) -> Mapping[str, list[Any]]:  # noqa: ANN401  datetimes
    """Return what a retrieval without entity rows gives."""
    return answer(store.get_historical_features(None, features, **ends))


def test_each_entity_has_its_newest_value_of_the_range(tmp_path: Path) -> None:
    """Both ends are inclusive; a row's time is that of its value; who has none is left out."""
    rows = [
        ("a", NOON - HOUR, NOON, 1.0),
        ("a", NOON, NOON, 2.0),
        ("b", NOON + HOUR, NOON, 3.0),
        ("b", NOON + HOUR + MICROSECOND, NOON, 4.0),
        ("c", NOON - MICROSECOND, NOON, 5.0),
    ]
    store = scores_project(tmp_path, rows)
    found = in_range(store, ["scores:score"], start_date=NOON, end_date=NOON + HOUR)
    assert found == {
        "user_id": ["a", "b"],
        "event_timestamp": [NOON, NOON + HOUR],
        "score": [2.0, 3.0],
    }


def test_a_value_within_the_range_is_never_too_old(tmp_path: Path) -> None:
    """A view's TTL counts from each row's own time, not from the end of the range."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)], ttl=HOUR)
    found = in_range(store, ["scores:score"], start_date=NOON - DAY, end_date=NOON + DAY)
    assert found["score"] == [1.0]


def test_backfilled_rows_count_like_everywhere(tmp_path: Path) -> None:
    """Of one event time the later created counts; as seen, a row is as late as it was created."""
    rows = [("a", NOON, NOON, 1.0), ("a", NOON, NOON + 2 * HOUR, 2.0)]
    store = scores_project(tmp_path, rows)
    ends: dict[str, Any] = {"start_date": NOON, "end_date": NOON + HOUR}
    assert in_range(store, ["scores:score"], **ends)["score"] == [2.0]
    seen = store.get_historical_features(
        None, ["scores:score"], filter_by_created_timestamp=True, **ends
    )
    assert answer(seen)["score"] == [1.0]
    assert answer(seen)["event_timestamp"] == [NOON + HOUR]


def test_views_of_one_entity_share_its_row(tmp_path: Path) -> None:
    """A row's time is that of the newest of both values; an expired one is null by then."""
    write_scores(tmp_path / "more", [("a", NOON + HOUR, NOON, 7.0), ("z", NOON, NOON, 8.0)])
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)], ttl=HOUR - MICROSECOND)
    more = score_source(path=f"more/{DATABASE}", field_mapping={"score": "points"}, name="more")
    schema = fields(user_id=String, points=Float64)
    store.apply([score_view(more, name="more", schema=schema)])
    ends = {"start_date": NOON, "end_date": NOON + HOUR}
    found = in_range(store, ["scores:score", "more:points"], **ends)
    assert found["user_id"] == ["a", "z"]
    assert found["event_timestamp"] == [NOON + HOUR, NOON]
    assert (found["score"], found["points"]) == ([None, None], [7.0, 8.0])


def test_views_of_other_entities_add_rows_of_their_own(tmp_path: Path) -> None:
    """A key that a row's view lacks is null; views without entities have a value on each."""
    visits = {"shop_id": [7], "event_timestamp": pa.array([NOON], INSTANT), "visits": [70]}
    rain = {"event_timestamp": pa.array([NOON], INSTANT), "rain": [0.5]}
    write_table(tmp_path / DATABASE, "visits", pa.table(visits))
    write_table(tmp_path / DATABASE, "rain", pa.table(rain))
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)])
    views = []
    for name, entities, kind in (("visits", [SHOP], Int64), ("rain", [], Float64)):
        source = SQLiteSource(table=name, timestamp_field="event_timestamp")
        schema = fields(**{name: kind})
        views.append(FeatureView(name=name, entities=entities, schema=schema, source=source))
    store.apply([SHOP, *views])
    features = ["scores:score", "visits:visits", "rain:rain"]
    found = in_range(store, features, start_date=NOON, end_date=NOON)
    rows = zip(found["user_id"], found["shop_id"], found["score"], found["visits"], strict=True)
    assert sorted(rows, key=str) == [("a", None, 1.0, None), (None, 7, None, 70)]
    assert found["rain"] == [0.5, 0.5]
    only = in_range(store, ["rain:rain"], start_date=NOON, end_date=NOON)
    assert only == {"event_timestamp": [NOON], "rain": [0.5]}


def test_keys_without_a_common_type_are_refused(tmp_path: Path) -> None:
    """One key that is text here and a number there has no column to stand in."""
    visits = {"user_id": [7], "event_timestamp": pa.array([NOON], INSTANT), "visits": [70]}
    write_table(tmp_path / DATABASE, "visits", pa.table(visits))
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)])
    source = SQLiteSource(table="visits", timestamp_field="event_timestamp")
    schema = fields(user_id=String, visits=Int64)
    store.apply([FeatureView(name="visits", entities=[USER], schema=schema, source=source)])
    with pytest.raises(SourceError, match="no common type for their join keys user_id"):
        in_range(store, ["scores:score", "visits:visits"], start_date=NOON, end_date=NOON)


def test_a_join_key_map_names_the_rows_keys(tmp_path: Path) -> None:
    """The key has the name under which entity rows would give it."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)])
    view = store.get_feature_view("scores").with_join_key_map({"user_id": "sender_id"})
    request = SQLiteOfflineStore.get_historical_features
    job = request(
        store.config, [view], ["scores:score"], None, store.registry, "shop", end_date=NOON
    )
    assert answer(job)["sender_id"] == ["a"]


def test_nobody_in_the_range_gives_no_rows(tmp_path: Path) -> None:
    """Columns and types are there all the same."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)])
    job = store.get_historical_features(
        None, ["scores:score"], start_date=NOON + DAY, end_date=NOON + DAY
    )
    table = job.to_arrow()
    assert (table.num_rows, table.column_names) == (0, ["user_id", "event_timestamp", "score"])
    assert table.schema.field("user_id").type == pa.string()


def test_the_job_says_the_range_and_the_keys(tmp_path: Path) -> None:
    """Its metadata has the keys and both ends of the range, aware."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)])
    start, end = NOON - HOUR, NOON + HOUR
    naive: dict[str, Any] = {
        "start_date": start.replace(tzinfo=None),
        "end_date": end.replace(tzinfo=None),
    }
    metadata = asked_of(store.get_historical_features(None, ["scores:score"], **naive))
    assert (metadata.keys, metadata.features) == (["user_id"], ["scores:score"])
    assert (metadata.min_event_timestamp, metadata.max_event_timestamp) == (start, end)


def test_a_start_behind_the_end_is_refused(tmp_path: Path) -> None:
    """An empty answer would hide that the ends were exchanged."""
    store = scores_project(tmp_path, [("a", NOON, NOON, 1.0)])
    with pytest.raises(SourceError, match=r"start_date 2024-01-11.* later than end_date"):
        in_range(store, ["scores:score"], start_date=NOON + DAY, end_date=NOON)


def test_without_an_end_the_range_ends_now(tmp_path: Path) -> None:
    """A value of this moment is in, one of tomorrow is not, wherever the machine's clock stands."""
    now = datetime.now(UTC)
    rows = [("a", now - MICROSECOND, now, 1.0), ("b", now + DAY, now, 2.0)]
    store = scores_project(tmp_path, rows)
    assert in_range(store, ["scores:score"], start_date=now - HOUR)["user_id"] == ["a"]


@pytest.fixture(params=["EST5", "UTC0", "IST-5:30"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Have the machine's clock in some zone."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("zone")
def test_feasts_own_now_is_now_in_every_zone() -> None:
    """Feast gives the naive local time for a missing end; any other naive end is UTC."""
    now = datetime.now(UTC)
    local = now.astimezone().replace(tzinfo=None)
    assert date_range([], NOON, local, now=lambda: now)[1] == now
    assert date_range([], NOON, (NOON + DAY).replace(tzinfo=None))[1] == NOON + DAY


@pytest.mark.parametrize(
    ("ttls", "reach"),
    [([timedelta(0)], 30 * DAY), ([HOUR, 2 * DAY], 2 * DAY), ([], 30 * DAY)],
)
def test_without_a_start_the_range_is_as_long_as_a_value_counts(
    tmp_path: Path, ttls: list[timedelta], reach: timedelta
) -> None:
    """The longest TTL of the views, or thirty days if there is none: Feast's own rule."""
    project(tmp_path)
    views = [score_view(ttl=ttl) for ttl in ttls]
    assert date_range(views, None, NOON) == (NOON - reach, NOON)
