"""Services with `precompute_online` answer as stock does, and are honest about age."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from feast import FeatureService
from feast.protos.feast.serving.ServingService_pb2 import FieldStatus
from support.contract_project import HOUR, NOW, contract, opened
from support.parity_answers import columns, vectors
from support.redis_repo import STOCK

if TYPE_CHECKING:
    from pathlib import Path

    from feast.online_response import OnlineResponse
    from support.contract_project import Contract

pytestmark = [
    pytest.mark.live,
    pytest.mark.filterwarnings("ignore:On demand feature view is an experimental:RuntimeWarning"),
]
READY = "ready"
USERS = ["u", "v", "u"]


@pytest.fixture
def shop(tmp_path: Path, redis_address: str) -> Contract:
    """Give a project whose clock is `now`, with a precomputed service of two views."""
    shop = contract(tmp_path, redis_address, ttl_clock="now")
    views: list[Any] = [shop.feast.get_feature_view(name) for name in ("brief", "mood")]
    shop.feast.apply([FeatureService(name=READY, features=views, precompute_online=True)])
    return shop


def ready(shop: Contract, *users: str, at: datetime = NOW) -> OnlineResponse:
    """Ask the service for some users."""
    rows: list[dict[str, Any]] = [{"user_id": user, "now": at.timestamp()} for user in users]
    service = shop.feast.get_feature_service(READY)
    return shop.feast.get_online_features(service, rows, full_feature_names=True)


def statuses(answer: OnlineResponse) -> dict[str, list[int]]:
    """Return the statuses of each feature."""
    names = answer.proto.metadata.feature_names.val
    found = zip(names, answer.proto.results, strict=True)
    return {name: list(vector.statuses) for name, vector in found if "__" in name}


@pytest.mark.parametrize("writer", ["ours", "stock"])
def test_the_answer_is_stocks(shop: Contract, redis_address: str, writer: str) -> None:
    """Whoever made the vectors, ours and stock read the same from them."""
    stock = opened(shop.folder, redis_address, kind=STOCK)
    now = datetime.now(UTC)
    for number, user in enumerate(sorted(set(USERS))):
        shop.write("brief", now, user_id=user, heat=2.5 + number)
        shop.write("mood", now, user_id=user, joy=0.5 + number)
    made = (shop if writer == "ours" else stock).feast.precompute_feature_service(READY)
    assert made == len(set(USERS))
    ours, theirs = (ready(project, *USERS, at=now) for project in (shop, stock))
    assert ours.to_dict()["brief__heat"] == [2.5, 3.5, 2.5]
    assert columns(ours.to_dict()) == columns(theirs.to_dict())
    assert vectors(ours) == vectors(theirs)


def test_vectors_take_the_clock_of_the_request(shop: Contract) -> None:
    """What is fresh by the request's clock is present, however old it is by the wall's."""
    shop.write("brief", user_id="u", heat=2.5)
    shop.write("mood", user_id="u", joy=0.5)
    shop.feast.precompute_feature_service(READY)
    answer = ready(shop, "u", at=NOW + HOUR)
    assert answer.to_dict()["brief__heat"] == [2.5]
    assert statuses(answer) == {
        "brief__heat": [FieldStatus.PRESENT],
        "mood__joy": [FieldStatus.PRESENT],
    }


def test_views_of_a_vector_expire_apart(shop: Contract) -> None:
    """Past the TTL of one view its features are null, and the other's stay."""
    shop.write("brief", user_id="u", heat=2.5)
    shop.write("mood", user_id="u", joy=0.5)
    shop.feast.precompute_feature_service(READY)
    answer = ready(shop, "u", at=NOW + 2 * HOUR)
    assert answer.to_dict() == {"user_id": ["u"], "brief__heat": [None], "mood__joy": [0.5]}
    assert statuses(answer)["brief__heat"] == [FieldStatus.OUTSIDE_MAX_AGE]


@pytest.mark.parametrize("writer", ["ours", "stock"])
def test_a_view_without_a_row_is_not_found(shop: Contract, redis_address: str, writer: str) -> None:
    """An entity known to one view only has the other's features not found, whoever precomputes."""
    shop.write("mood", user_id="u", joy=0.5)
    maker = shop if writer == "ours" else opened(shop.folder, redis_address, kind=STOCK)
    maker.feast.precompute_feature_service(READY)
    found = statuses(ready(shop, "u"))
    assert found == {"brief__heat": [FieldStatus.NOT_FOUND], "mood__joy": [FieldStatus.PRESENT]}


def test_a_stored_null_of_a_vector_says_so(shop: Contract) -> None:
    """A null that was written is a null value there as well."""
    habit = shop.feast.get_feature_view("habit")[["visits", "orders"]]
    shop.feast.apply([FeatureService(name="nulls", features=[habit], precompute_online=True)])
    shop.write("habit", user_id="u", visits=None, orders=3, brands=None, picture=None)
    shop.feast.precompute_feature_service("nulls")
    service = shop.feast.get_feature_service("nulls")
    answer = shop.feast.get_online_features(service, [{"user_id": "u"}], full_feature_names=True)
    expected = {"habit__visits": [FieldStatus.NULL_VALUE], "habit__orders": [FieldStatus.PRESENT]}
    assert statuses(answer) == expected


def test_the_twin_reads_vectors_too(shop: Contract) -> None:
    """The asynchronous read gives the same message."""
    shop.write("brief", user_id="u", heat=2.5)
    shop.feast.precompute_feature_service(READY)
    service = shop.feast.get_feature_service(READY)
    rows: list[dict[str, Any]] = [{"user_id": "u", "now": (NOW + 2 * HOUR).timestamp()}]

    async def twin() -> OnlineResponse:
        answer = await shop.feast.get_online_features_async(service, rows, full_feature_names=True)
        await shop.feast.close()
        return answer

    answer = asyncio.run(twin())
    assert vectors(answer) == vectors(ready(shop, "u", at=NOW + 2 * HOUR))


def test_a_push_renews_the_vector(shop: Contract) -> None:
    """What is pushed is in the next answer, without a call by hand."""
    shop.write("mood", user_id="u", joy=0.5)
    shop.feast.precompute_feature_service(READY)
    pushed = {"user_id": ["u"], "joy": [0.75], "event_timestamp": [NOW], "created": [NOW]}
    shop.feast.push("moods", pd.DataFrame(pushed))
    assert ready(shop, "u").to_dict()["mood__joy"] == [0.75]


def test_an_entity_without_a_vector_is_refused_as_in_stock(
    shop: Contract, redis_address: str
) -> None:
    """The error says how to make vectors."""
    for project in (shop, opened(shop.folder, redis_address, kind=STOCK)):
        with pytest.raises(RuntimeError, match="feast precompute ready"):
            ready(project, "nobody")
