"""The store is honest about age: missing, null, expired and present are four answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from feast.protos.feast.serving.ServingService_pb2 import FieldStatus
from support.contract_project import HOUR, NOW, contract, opened
from support.redis_repo import STOCK

if TYPE_CHECKING:
    from support.contract_project import Contract

    from oo_profile.development.servers import RedisServer

pytestmark = [
    pytest.mark.live,
    pytest.mark.filterwarnings("ignore:On demand feature view is an experimental:RuntimeWarning"),
]
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture(scope="module")
def applied(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """Give the project whose clock is the request's `now`."""
    return contract(tmp_path_factory.mktemp("age"), redis_server.address, ttl_clock="now")


@pytest.fixture
def clocked(applied: Contract) -> Contract:
    """Give it without any rows."""
    applied.empty()
    return applied


def at(moment: datetime) -> float:
    """Return a moment as the request's clock."""
    return moment.timestamp()


def test_a_value_is_present_at_its_whole_age(clocked: Contract) -> None:
    """At exactly the TTL a value still stands."""
    clocked.write("brief", NOW, user_id="u", heat=2.5)
    now = at(NOW + HOUR)
    assert clocked.read("brief:heat", user_id="u", now=now) == {"heat": 2.5}
    assert clocked.statuses("brief:heat", user_id="u", now=now) == [FieldStatus.PRESENT]


def test_a_microsecond_later_it_is_null(clocked: Contract) -> None:
    """Past its TTL a value is null, and said to be too old."""
    clocked.write("brief", NOW, user_id="u", heat=2.5)
    now = at(NOW + HOUR + MICROSECOND)
    assert clocked.read("brief:heat", user_id="u", now=now) == {"heat": None}
    assert clocked.statuses("brief:heat", user_id="u", now=now) == [FieldStatus.OUTSIDE_MAX_AGE]


def test_an_expired_value_keeps_its_time(clocked: Contract) -> None:
    """The event time of an expired value is answered all the same, in whole seconds."""
    clocked.write("brief", NOW, user_id="u", heat=2.5)
    row = {"user_id": "u", "now": at(NOW + 2 * HOUR)}
    answer = clocked.feast.get_online_features(["brief:heat"], [row])
    assert answer.to_dict(include_event_timestamps=True)["heat__ts"] == [int(at(NOW))]


def test_an_unknown_entity_is_not_found(clocked: Contract) -> None:
    """Who was never written is null, and said to be unknown."""
    assert clocked.read("brief:heat", user_id="nobody", now=at(NOW)) == {"heat": None}
    found = clocked.statuses("brief:heat", user_id="nobody", now=at(NOW))
    assert found == [FieldStatus.NOT_FOUND]


def test_an_entity_without_a_row_of_the_view_is_not_found(clocked: Contract) -> None:
    """A row of another view does not make an entity known to this one."""
    clocked.write("mood", NOW, user_id="u", joy=1.0)
    found = clocked.statuses("brief:heat", "mood:joy", user_id="u", now=at(NOW))
    assert found == [FieldStatus.NOT_FOUND, FieldStatus.PRESENT]


def test_a_stored_null_says_so(clocked: Contract) -> None:
    """A null that was written is a null value, not an unknown entity."""
    clocked.write("habit", NOW, user_id="u", visits=None, orders=3, brands=None, picture=None)
    found = clocked.statuses("habit:visits", "habit:orders", user_id="u", now=at(NOW))
    assert found == [FieldStatus.NULL_VALUE, FieldStatus.PRESENT]


def test_views_expire_apart(clocked: Contract) -> None:
    """In one request the views of an entity expire each at its own TTL."""
    clocked.write("brief", NOW, user_id="u", heat=2.5)
    clocked.write("mood", NOW, user_id="u", joy=1.0)
    row = {"user_id": "u", "now": at(NOW + 2 * HOUR)}
    assert clocked.read("brief:heat", "mood:joy", **row) == {"heat": None, "joy": 1.0}


def test_a_ttl_of_zero_never_expires(clocked: Contract) -> None:
    """A view with `ttl=0` answers a value of any age."""
    clocked.write("lasting", NOW, user_id="u", height=1.9)
    row = {"user_id": "u", "now": at(NOW + timedelta(days=9_000))}
    assert clocked.read("lasting:height", **row) == {"height": 1.9}


def test_a_value_from_the_future_is_present(clocked: Contract) -> None:
    """A clock behind the event time does not make a value too old."""
    clocked.write("brief", NOW, user_id="u", heat=2.5)
    assert clocked.read("brief:heat", user_id="u", now=at(NOW - 9 * HOUR)) == {"heat": 2.5}


def test_each_row_has_its_own_clock(clocked: Contract) -> None:
    """Rows of one entity at different moments get different answers."""
    clocked.write("brief", NOW, user_id="u", heat=2.5)
    rows = [{"user_id": "u", "now": at(NOW + hours * HOUR)} for hours in (1, 2, 0)]
    answer = clocked.feast.get_online_features(["brief:heat"], rows)
    assert answer.to_dict()["heat"] == [2.5, None, 2.5]


def test_functions_see_null_for_what_expired(clocked: Contract) -> None:
    """An on-demand function gets None past the TTL, for unknown entities, and the value before."""
    clocked.write("brief", NOW, user_id="u", heat=2.5)
    rows = [
        {"user_id": "u", "now": at(NOW + HOUR)},
        {"user_id": "u", "now": at(NOW + 2 * HOUR)},
        {"user_id": "nobody", "now": at(NOW)},
    ]
    answer = clocked.feast.get_online_features(["warm:warmth"], rows).to_dict()
    assert answer["warmth"] == [2.5, -1.0, -1.0]


def test_a_function_and_the_column_itself_agree(clocked: Contract) -> None:
    """A column asked for beside the function that reads it expires with it."""
    clocked.write("brief", NOW, user_id="u", heat=2.5)
    row = {"user_id": "u", "now": at(NOW + 2 * HOUR)}
    assert clocked.read("warm:warmth", "brief:heat", **row) == {"warmth": -1.0, "heat": None}


def test_without_a_clock_the_wall_clock_counts(
    applied: Contract, redis_server: RedisServer
) -> None:
    """By default a value is as old as it is now, whatever the request's columns say."""
    plain = opened(applied.folder, redis_server.address)
    plain.empty()
    written = datetime.now(UTC)
    plain.write("brief", written, user_id="new", heat=1.0)
    plain.write("brief", written - 2 * HOUR, user_id="old", heat=2.0)
    rows = [{"user_id": user, "now": 0.5} for user in ("new", "old")]
    assert plain.feast.get_online_features(["brief:heat"], rows).to_dict()["heat"] == [1.0, None]


def test_stock_semantics_serve_any_age(applied: Contract, redis_server: RedisServer) -> None:
    """With `stock_semantics` an old row is read back and called present, as stock does."""
    switched = opened(applied.folder, redis_server.address, stock_semantics=True)
    stock = opened(applied.folder, redis_server.address, kind=STOCK)
    switched.empty()
    switched.write("brief", NOW - 9_000 * HOUR, user_id="u", heat=2.5)
    for project in (switched, stock):
        assert project.read("brief:heat", user_id="u") == {"heat": 2.5}
        assert project.statuses("brief:heat", user_id="u") == [FieldStatus.PRESENT]
        assert project.statuses("brief:heat", user_id="nobody") == [FieldStatus.PRESENT]
