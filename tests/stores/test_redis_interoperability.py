"""Feast's own Redis store reads what ours writes, and the other way round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.type_map import feast_value_type_to_python_type
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.redis_repo import HABIT, OURS, STOCK, make_project

from oo_stores.redis import OnlineRow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from support.redis_repo import Project

    from oo_stores.redis.values import PlainValue

pytestmark = pytest.mark.live

EVENT_US = 1_700_000_000_000_001
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
INT64 = st.integers(-(2**63), 2**63 - 1)
# NaN is left out: Feast's own answer to it is null, and a row that holds it cannot be compared.
DOUBLE = st.floats(allow_nan=False)
ANY_HABIT = st.fixed_dictionaries(
    {
        "visits": DOUBLE | st.none(),
        "orders": INT64 | st.none(),
        "city": TEXT | st.none(),
        "is_member": st.booleans() | st.none(),
        "by_hour": st.lists(DOUBLE, max_size=24) | st.none(),
        "basket_sizes": st.lists(INT64, max_size=4) | st.none(),
        "brands": st.lists(TEXT, max_size=4) | st.none(),
        "score": st.floats(width=32, allow_nan=False) | st.none(),
        "level": st.integers(-(2**31), 2**31 - 1) | st.none(),
    }
)


@pytest.fixture
def ours(tmp_path: Path, redis_address: str) -> Project:
    """Give the project with our store."""
    return make_project(tmp_path / "ours", redis_address, store=OURS)


@pytest.fixture
def stock(tmp_path: Path, redis_address: str) -> Project:
    """Give the same project, on the same Redis, with Feast's own store."""
    return make_project(tmp_path / "stock", redis_address, store=STOCK)


def frame(entities: Mapping[str, str | int], values: dict[str, PlainValue]) -> pd.DataFrame:
    """Build the frame that Feast writes online."""
    instant = pd.to_datetime(EVENT_US, unit="us", utc=True)
    row = {**entities, **values, "at": instant, "made": instant}
    return pd.DataFrame({name: [value] for name, value in row.items()})


@pytest.fixture
def projects(ours: Project, stock: Project) -> tuple[Project, Project]:
    """Give both."""
    return ours, stock


@given(values=ANY_HABIT)
@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_feast_reads_any_plain_row(
    ours: Project, stock: Project, values: dict[str, PlainValue]
) -> None:
    """Whatever a plain row holds, both stores answer it through the public call."""
    row = OnlineRow({"user_id": "ü 1"}, values, EVENT_US, EVENT_US)
    assert ours.online.write_rows(ours.config, ours.view("habit"), [row]) == 1
    assert stock.read("habit", {"user_id": "ü 1"}) == values
    assert ours.read("habit", {"user_id": "ü 1"}) == values


def test_ours_reads_what_feast_writes(ours: Project, stock: Project) -> None:
    """A frame written by Feast's own store is answered by ours, values and types."""
    stock.feast.write_to_online_store("habit", frame({"user_id": "u"}, HABIT))
    answer = ours.read("habit", {"user_id": "u"})
    assert answer == HABIT
    assert {name: type(value) for name, value in answer.items()} == {
        name: type(value) for name, value in HABIT.items()
    }


@pytest.mark.parametrize(
    ("view", "entities", "values"),
    [
        ("stock", {"shop_id": 5}, {"items": 7}),
        ("loyalty", {"user_id": "u", "shop_id": 5}, {"points": -1}),
    ],
)
def test_any_kind_of_entity_has_one_key(
    projects: tuple[Project, Project],
    view: str,
    entities: dict[str, str | int],
    values: dict[str, PlainValue],
) -> None:
    """Integer and compound join keys give one Redis key, whoever writes."""
    ours, stock = projects
    stock.feast.write_to_online_store(view, frame(entities, values))
    before = ours.redis.keys()
    row = OnlineRow(entities, values, EVENT_US, EVENT_US)
    ours.online.write_rows(ours.config, ours.view(view), [row])
    assert ours.redis.keys() == before
    assert stock.read(view, dict(entities)) == values


def test_a_view_without_entities_is_read(projects: tuple[Project, Project]) -> None:
    """A row without join keys is found beside the rows of any entity."""
    ours, stock = projects
    rain = ours.feast.registry.get_feature_view("weather", ours.config.project)
    row = OnlineRow({}, {"rain": 0.25}, EVENT_US, EVENT_US)
    ours.online.write_rows(ours.config, rain, [row])
    for project in (stock, ours):
        answer = project.feast.get_online_features(["weather:rain", "mood:joy"], [{"user_id": "u"}])
        assert answer.to_dict()["rain"] == [0.25]


def test_both_write_the_same_bytes(ours: Project, stock: Project) -> None:
    """Field by field the two hashes are equal, but for our created time."""
    stock.feast.write_to_online_store("habit", frame({"user_id": "u"}, HABIT))
    key = ours.redis.only_key()
    theirs = ours.redis.hash(key)
    ours.redis.client.flushall()
    row = OnlineRow({"user_id": "u"}, HABIT, EVENT_US, EVENT_US)
    ours.online.write_rows(ours.config, ours.view("habit"), [row])
    assert ours.redis.hash(key) == theirs | {b"_created:habit": b"1700000000000001"}


def test_feast_reads_the_event_time(ours: Project, stock: Project) -> None:
    """The event time of a plain row is that which Feast's store reads, to the microsecond."""
    row = OnlineRow({"user_id": "u"}, {"joy": 1.0}, EVENT_US, EVENT_US)
    ours.online.write_rows(ours.config, ours.view("mood"), [row])
    key = EntityKey(join_keys=["user_id"], entity_values=[Value(string_val="u")])
    rows = stock.online.online_read(stock.config, stock.view("mood"), [key], ["joy"])
    event_time, values = rows[0]
    assert event_time == pd.to_datetime(EVENT_US, unit="us", utc=True).to_pydatetime()
    assert values is not None
    assert feast_value_type_to_python_type(values["joy"]) == 1.0
