"""Values, times and statuses are the same by a read plan and by Feast's own path."""

from __future__ import annotations

import asyncio
import warnings
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from feast.protos.feast.serving.ServingService_pb2 import FieldStatus
from support.contract_project import HOUR, NOW, contract
from support.parity_answers import vectors
from support.redis_servers import Cluster

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from feast.online_response import OnlineResponse
    from support.contract_project import Contract

pytestmark = [
    pytest.mark.live,
    pytest.mark.filterwarnings("ignore:On demand feature view is an experimental:RuntimeWarning"),
]
END = NOW + HOUR
MICROSECOND = timedelta(microseconds=1)
USERS = ["u", "nobody", "other", "u"]
FEATURES = ["brief:heat", "habit:visits", "habit:orders", "warm:warmth"]
CLUSTER_USERS = [f"u{n}" for n in range(20)]


@pytest.fixture
def shop(tmp_path: Path, redis_address: str) -> Contract:
    """Give a project with a case of each status."""
    shop = contract(tmp_path, redis_address, ttl_clock="now")
    shop.write("brief", user_id="u", heat=2.5)
    shop.write("habit", user_id="u", visits=None, orders=3, brands=["a"], picture=b"p")
    shop.write("brief", NOW - HOUR, user_id="other", heat=1.5)
    return shop


def request(key: str, now: float) -> dict[str, list[Any]]:
    """Ask for all users by a column: the join key is planned, the entity's name is Feast's."""
    return {key: list(USERS), "now": [now] * len(USERS)}


def ask(shop: Contract, key: str, now: float) -> OnlineResponse:
    """Read by one of the two paths."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*entity name is deprecated")
        return shop.feast.get_online_features(FEATURES, request(key, now))


def told(answer: OnlineResponse) -> dict[str, Any]:
    """Return what the message says of the features, keys left out."""
    return {name: v for name, v in vectors(answer).items() if name not in {"user", "user_id"}}


@pytest.mark.parametrize("moment", [NOW - HOUR, END, END + MICROSECOND, END + HOUR])
def test_both_paths_tell_the_same(shop: Contract, moment: datetime) -> None:
    """At the TTL's last microsecond and behind it, for every kind of answer."""
    planned, feasts = (ask(shop, key, moment.timestamp()) for key in ("user_id", "user"))
    assert told(planned) == told(feasts)
    assert planned.to_dict()["heat"] == feasts.to_dict()["heat"]
    assert planned.to_dict()["warmth"] == feasts.to_dict()["warmth"]


@pytest.mark.parametrize("key", ["user_id", "user"])
def test_each_path_knows_four_answers(shop: Contract, key: str) -> None:
    """Present, unknown, too old and null, by each path."""
    answer = told(ask(shop, key, END.timestamp()))
    present, unknown = FieldStatus.PRESENT, FieldStatus.NOT_FOUND
    assert answer["heat"][2] == [present, unknown, FieldStatus.OUTSIDE_MAX_AGE, present]
    assert answer["visits"][2] == [FieldStatus.NULL_VALUE, unknown, unknown, FieldStatus.NULL_VALUE]


@pytest.mark.parametrize("key", ["user_id", "user"])
def test_stock_semantics_hold_on_each_path(shop: Contract, key: str) -> None:
    """With the switch any age is served and everything present, by each path."""
    shop.feast.config.online_store.stock_semantics = True
    answer = ask(shop, key, (END + HOUR).timestamp())
    assert answer.to_dict()["heat"] == [2.5, None, 1.5, 2.5]
    assert told(answer)["heat"][2] == [FieldStatus.PRESENT] * len(USERS)


def test_the_twins_tell_the_same(shop: Contract) -> None:
    """So do both asynchronous paths."""

    async def both() -> list[OnlineResponse]:
        now = (END + MICROSECOND).timestamp()
        answers = [
            await shop.feast.get_online_features_async(FEATURES, request(key, now))
            for key in ("user_id", "user")
        ]
        await shop.feast.close()
        return answers

    with pytest.warns(UserWarning, match="entity name is deprecated"):
        planned, feasts = asyncio.run(both())
    expected = told(ask(shop, "user_id", (END + MICROSECOND).timestamp()))
    assert told(planned) == told(feasts) == expected


def test_a_cluster_is_read_by_a_plan(tmp_path: Path) -> None:
    """Entities on several servers come back in order, with ages, statuses and functions."""
    with Cluster(tmp_path / "cluster") as cluster:
        address = cluster.servers[0].address
        shop = contract(tmp_path, address, redis_type="redis_cluster", ttl_clock="now")
        for number, user in enumerate(CLUSTER_USERS):
            shop.write("brief", NOW - number * HOUR / 10, user_id=user, heat=float(number))
        assert all(server.key_count() > 0 for server in cluster.servers)
        rows = [{"user_id": user, "now": NOW.timestamp()} for user in [*CLUSTER_USERS, "nobody"]]
        answer = shop.feast.get_online_features(["brief:heat", "warm:warmth"], rows)
        columns, statuses = answer.to_dict(), list(answer.proto.results[1].statuses)
        asyncio.run(shop.feast.close())
    fresh = [float(number) for number in range(11)]
    assert columns["heat"] == fresh + [None] * 10
    assert columns["warmth"] == fresh + [-1.0] * 10
    old = [FieldStatus.OUTSIDE_MAX_AGE] * 9
    assert statuses == [FieldStatus.PRESENT] * 11 + old + [FieldStatus.NOT_FOUND]
