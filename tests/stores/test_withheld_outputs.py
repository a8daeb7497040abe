"""Outputs that an on-demand view withholds are null where there is nothing behind them."""

from __future__ import annotations

import asyncio
import warnings
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from feast.protos.feast.serving.ServingService_pb2 import FieldStatus
from support.sqlite_repo import HOUR, MICROSECOND, NOON
from support.withheld_project import FEATURES, USERS, withheld_project

from oo_stores.redis.plan import Asked
from oo_stores.redis.plan.compile import read_plan

if TYPE_CHECKING:
    from datetime import datetime

    from feast import FeatureStore
    from feast.online_response import OnlineResponse

pytestmark = [
    pytest.mark.live,
    pytest.mark.filterwarnings("ignore:On demand feature view is an experimental:RuntimeWarning"),
]

PRESENT, NULL = FieldStatus.PRESENT, FieldStatus.NULL_VALUE
UNKNOWN, TOO_OLD = FieldStatus.NOT_FOUND, FieldStatus.OUTSIDE_MAX_AGE
PATHS = {"by a plan": "user_id", "by Feast's own path": "user"}
MOMENTS = (NOON, NOON + HOUR, NOON + HOUR + MICROSECOND)


@pytest.fixture(scope="module")
def shop(redis_server: Any, tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:  # noqa: ANN401
    """Give the project."""
    return withheld_project(tmp_path_factory.mktemp("withheld"), redis_server.address)


def rows(key: str, at: datetime) -> dict[str, list[Any]]:
    """Ask for all users: by the join key, or by the entity's name, which no plan covers."""
    return {key: list(USERS), "now": [at.timestamp()] * len(USERS)}


def ask(store: FeatureStore, path: str, at: datetime, **options: Any) -> OnlineResponse:  # noqa: ANN401
    """Read by one of the two paths."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*entity name is deprecated")
        return store.get_online_features(FEATURES, rows(PATHS[path], at), **options)


def values(answer: OnlineResponse) -> dict[str, list[Any]]:
    """Return the features of an answer."""
    names = [reference.split(":")[1] for reference in FEATURES]
    return {name: column for name, column in answer.to_dict().items() if name in names}


def statuses(answer: OnlineResponse, name: str) -> list[int]:
    """Return the statuses of a column."""
    place = list(answer.proto.metadata.feature_names.val).index(name)
    return list(answer.proto.results[place].statuses)


@pytest.mark.parametrize("path", PATHS)
def test_what_is_withheld_is_null_with_the_status_of_what_is_missing(
    shop: FeatureStore, path: str
) -> None:
    """Too old, null and unknown are three answers; outputs that are not named stay as they are."""
    answer = ask(shop, path, NOON)
    assert values(answer)["warmth"] == [1.5, None, None, 3.5, None]
    assert values(answer)["told"] == [1.5, -1.0, -1.0, 3.5, -1.0]
    assert statuses(answer, "warmth") == [PRESENT, TOO_OLD, NULL, PRESENT, UNKNOWN]
    assert statuses(answer, "told") == [PRESENT] * len(USERS)


@pytest.mark.parametrize("path", PATHS)
def test_of_two_views_each_must_hold_something(shop: FeatureStore, path: str) -> None:
    """One value of a view is enough, and of two that have none the older's status is told."""
    answer = ask(shop, path, NOON)
    assert values(answer)["word_or"] == ["a", None, None, "d", None]
    assert values(answer)["seven"] == [7, None, None, 7, None]
    assert statuses(answer, "seven") == [PRESENT, TOO_OLD, NULL, PRESENT, UNKNOWN]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("at", MOMENTS)
def test_training_withholds_what_serving_does(shop: FeatureStore, path: str, at: datetime) -> None:
    """To the microsecond of a TTL, a row at an instant is the same by both reads."""
    frame = pd.DataFrame({**rows("user_id", at), "event_timestamp": at})
    trained = shop.get_historical_features(frame, FEATURES).to_arrow().to_pydict()
    served = values(ask(shop, path, at))
    assert {name: trained[name] for name in served} == served


@pytest.mark.parametrize("path", PATHS)
def test_full_names_are_withheld_too(shop: FeatureStore, path: str) -> None:
    """A frame's outputs go by their names in the response; online and in training sets."""
    answer = ask(shop, path, NOON, full_feature_names=True)
    assert answer.to_dict()["mixed__word_or"] == ["a", None, None, "d", None]
    frame = pd.DataFrame({**rows("user_id", NOON), "event_timestamp": NOON})
    job = shop.get_historical_features(frame, FEATURES, full_feature_names=True)
    trained = job.to_arrow().to_pydict()
    assert trained["warm__warmth"] == [1.5, None, None, 3.5, None]
    assert trained["mixed__seven"] == [7, None, None, 7, None]


@pytest.mark.parametrize("path", PATHS)
def test_asynchronous_reads_withhold(shop: FeatureStore, path: str) -> None:
    """The asynchronous twin of each path gives the same."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*entity name is deprecated")
        reading = shop.get_online_features_async(FEATURES, rows(PATHS[path], NOON))
        answer = asyncio.run(reading)
    assert values(answer) == values(ask(shop, path, NOON))


@pytest.mark.parametrize("path", PATHS)
def test_stock_semantics_withhold_nothing(shop: FeatureStore, path: str) -> None:
    """Where nobody is told of ages, Feast's answer stands."""
    settings = shop.config.online_store
    settings.stock_semantics = True
    try:
        answer = ask(shop, path, NOON)
    finally:
        settings.stock_semantics = False
    assert values(answer)["warmth"] == [1.5, 2.5, -1.0, 3.5, -1.0]
    assert statuses(answer, "warmth") == [PRESENT] * len(USERS)


def test_one_row_of_one_user_is_withheld(shop: FeatureStore) -> None:
    """Where all rows share a user, and where there is one, the shorter ways do the same."""
    for count in (1, 3):
        row = {"user_id": "old", "now": NOON.timestamp()}
        answer = shop.get_online_features(["warm:warmth", "warm:told"], [row] * count)
        assert answer.to_dict()["warmth"] == [None] * count
        assert answer.to_dict()["told"] == [-1.0] * count


def test_a_plan_without_withheld_outputs_does_not_look_for_them(shop: FeatureStore) -> None:
    """Of a view that withholds, what is not withheld is read as ever."""
    for features, withholds in ((["warm:told", "heat:temperature"], False), (FEATURES, True)):
        asked = Asked(features, shop.project, full_names=False, version_metadata=False)
        plan = read_plan(asked, shop.config, shop.registry)
        assert plan is not None
        assert plan.withholds == withholds
