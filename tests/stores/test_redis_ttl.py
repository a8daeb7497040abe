"""Age is counted to one clock, to the microsecond, whichever path answers a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from feast import FeatureService
from feast.protos.feast.serving.ServingService_pb2 import FieldStatus
from support.contract_project import HOUR, NOW, contract

from oo_stores.errors import RequestDataError
from oo_stores.redis import RedisOnlineStore
from oo_stores.redis.age import request_clock

if TYPE_CHECKING:
    from pathlib import Path

    from support.contract_project import Contract

pytestmark = [
    pytest.mark.live,
    pytest.mark.filterwarnings("ignore:On demand feature view is an experimental:RuntimeWarning"),
]

END_US = int((NOW + HOUR).timestamp()) * 1_000_000
LATE = (NOW + 2 * HOUR).timestamp()


@pytest.fixture
def shop(tmp_path: Path, redis_address: str) -> Contract:
    """Give a project whose clock is `now`, with a value of one hour's life."""
    shop = contract(tmp_path, redis_address, ttl_clock="now")
    shop.write("brief", user_id="u", heat=2.5)
    return shop


def heat_at(shop: Contract, wall_us: int, **row: object) -> object:
    """Read the value with a wall clock that stands still."""
    store = RedisOnlineStore(wall_clock=lambda: wall_us)
    answer = store.get_online_features(
        shop.feast.config,
        ["brief:heat"],
        [{"user_id": "u", **row}],
        shop.feast.registry,
        shop.feast.project,
    )
    return answer.to_dict()["heat"][0]


def test_the_wall_clock_counts_to_the_microsecond(shop: Contract) -> None:
    """Without a clock of its own a request has the wall's, and the TTL's last microsecond holds."""
    assert heat_at(shop, END_US) == 2.5
    assert heat_at(shop, END_US + 1) is None


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_a_row_without_a_clock_goes_by_the_wall(shop: Contract, missing: float | None) -> None:
    """None and NaN in the clock's column are no moment in 1970."""
    assert heat_at(shop, END_US, now=missing) == 2.5
    assert heat_at(shop, END_US + 1, now=missing) is None


@pytest.mark.parametrize("clock", ["noon", NOW, float("inf")])
def test_a_clock_that_is_no_number_is_refused(shop: Contract, clock: object) -> None:
    """The error names column, value and unit."""
    with pytest.raises(RequestDataError, match=r"'now' was given .*takes Unix seconds UTC"):
        heat_at(shop, END_US, now=clock)


def test_the_clock_is_read_once_for_all_rows() -> None:
    """Rows without a clock of their own share one moment."""
    ticks = iter(range(9))
    assert request_clock({"now": [None, 7.5, None]}, "now", lambda: next(ticks)) == [0, 7500000, 0]
    assert request_clock({"now": [1.5, 1.5]}, "now", lambda: next(ticks)) == 1500000


def test_feasts_own_path_keeps_the_ttl(shop: Contract) -> None:
    """A request that no plan covers, by an entity's name, has the same values and statuses."""
    row: dict[str, list[object]] = {"user": ["u", "nobody"], "now": [LATE, LATE]}
    with pytest.warns(UserWarning, match="entity name is deprecated"):
        answer = shop.feast.get_online_features(["brief:heat"], row)
    assert answer.to_dict(include_event_timestamps=True)["heat"] == [None, None]
    assert answer.to_dict(include_event_timestamps=True)["heat__ts"][0] == int(NOW.timestamp())
    statuses = list(answer.proto.results[1].statuses)
    assert statuses == [FieldStatus.OUTSIDE_MAX_AGE, FieldStatus.NOT_FOUND]


def test_precomputed_services_keep_the_ttl(shop: Contract) -> None:
    """A vector made when its values were fresh does not keep them so."""
    service = FeatureService(
        name="ready", features=[shop.feast.get_feature_view("brief")], precompute_online=True
    )
    shop.feast.apply([service])
    shop.feast.precompute_feature_service("ready")
    fresh, late = (
        shop.feast.get_online_features(
            service, [{"user_id": "u", "now": now}], full_feature_names=True
        )
        for now in (NOW.timestamp(), LATE)
    )
    assert fresh.to_dict()["brief__heat"] == [2.5]
    assert late.to_dict()["brief__heat"] == [None]
    assert list(late.proto.results[1].statuses) == [FieldStatus.OUTSIDE_MAX_AGE]


def test_stock_semantics_know_no_status(shop: Contract) -> None:
    """With the switch everything is present, whatever its age, and unknown entities too."""
    shop.feast.config.online_store.stock_semantics = True
    rows = [{"user_id": name, "now": LATE} for name in ("u", "nobody")]
    answer = shop.feast.get_online_features(["brief:heat"], rows)
    assert answer.to_dict()["heat"] == [2.5, None]
    assert list(answer.proto.results[1].statuses) == [FieldStatus.PRESENT] * 2
