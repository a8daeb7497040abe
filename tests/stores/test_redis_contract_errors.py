"""What a request is refused for, and with which words: those of Feast's own store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from feast.errors import (
    FeatureNameCollisionError,
    FeatureViewNotFoundException,
    RequestDataNotFoundInEntityRowsException,
)
from support.contract_project import contract, opened
from support.redis_repo import STOCK

if TYPE_CHECKING:
    from support.contract_project import Contract

    from oo_profile.development.servers import RedisServer

pytestmark = [
    pytest.mark.live,
    pytest.mark.filterwarnings("ignore:On demand feature view is an experimental:RuntimeWarning"),
]
U: dict[str, Any] = {"user_id": "u"}


@pytest.fixture(scope="module")
def ours(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """Give the project with our store."""
    return contract(tmp_path_factory.mktemp("ours"), redis_server.address)


@pytest.fixture(scope="module")
def stock(ours: Contract, redis_server: RedisServer) -> Contract:
    """Give the same project with Feast's own store."""
    return opened(ours.folder, redis_server.address, kind=STOCK)


def refusal(project: Contract, features: list[str], rows: object, kind: type[Exception]) -> str:
    """Return the words of the error that a request is refused with."""
    with pytest.raises(kind) as raised:
        project.feast.get_online_features(features, cast("Any", rows)).to_dict()
    return str(raised.value)


def test_an_unknown_feature_is_a_key_error(ours: Contract, stock: Contract) -> None:
    """A feature that its view lacks is refused with a `KeyError` in Feast's words."""
    words = refusal(ours, ["habit:nothing"], [U], KeyError)
    assert words == refusal(stock, ["habit:nothing"], [U], KeyError)
    assert "nothing" in words


def test_an_unknown_computed_feature_is_a_key_error(ours: Contract, stock: Contract) -> None:
    """So is a feature that an on-demand view lacks."""
    rows = [{**U, "now": 1.5}]
    words = refusal(ours, ["seen:nothing"], rows, KeyError)
    assert words == refusal(stock, ["seen:nothing"], rows, KeyError)


def test_an_unknown_view_is_refused(ours: Contract, stock: Contract) -> None:
    """A view that was never applied is refused as not found."""
    words = refusal(ours, ["nowhere:visits"], [U], FeatureViewNotFoundException)
    assert words == refusal(stock, ["nowhere:visits"], [U], FeatureViewNotFoundException)


def test_missing_request_data_are_named(ours: Contract, stock: Contract) -> None:
    """A request without the column of an on-demand view names it."""
    kind = RequestDataNotFoundInEntityRowsException
    words = refusal(ours, ["seen:twice"], [U], kind)
    assert words == refusal(stock, ["seen:twice"], [U], kind)
    assert "'now'" in words


def test_missing_join_keys_are_named(ours: Contract) -> None:
    """A request without a view's join key says which is missing and which came."""
    words = refusal(ours, ["habit:visits"], [{"shop_id": 5}], KeyError)
    # Feast counts the keys of all entities that are applied.
    assert "Missing join key values for keys: ['shop_id', 'user_id']" in words
    assert "Provided join_key_values: ['shop_id']" in words


@pytest.mark.parametrize(
    ("features", "rows"),
    [
        (["habit:visits"], [{"shop_id": 5}]),
        (["habit:visits"], [{"nonsense": 5}]),
        (["habit:visits", "shelf:items"], [{"shop_id": 5}]),
        (["habit:visits"], {"user_id": []}),
    ],
)
def test_missing_join_keys_have_the_stock_words(
    ours: Contract, stock: Contract, features: list[str], rows: object
) -> None:
    """Whatever join key is missing, the words are those of Feast's own store."""
    assert refusal(ours, features, rows, KeyError) == refusal(stock, features, rows, KeyError)


def test_equal_names_collide(ours: Contract, stock: Contract) -> None:
    """Two references of one short name are refused."""
    features = ["habit:visits", "habit:visits"]
    words = refusal(ours, features, [U], FeatureNameCollisionError)
    assert words == refusal(stock, features, [U], FeatureNameCollisionError)


@pytest.mark.parametrize(
    ("features", "rows"),
    [
        (["habit:visits"], [U, {"shop_id": 5}]),
        (["habit:visits"], {"user_id": ["u", "v"], "shop_id": [5]}),
        ([], [U]),
    ],
)
def test_rows_of_different_columns_are_refused(
    ours: Contract, stock: Contract, features: list[str], rows: object
) -> None:
    """Rows that are no table, and requests for nothing, are refused as by Feast."""
    assert refusal(ours, features, rows, ValueError) == refusal(stock, features, rows, ValueError)


def test_no_rows_at_all_are_refused_alike(ours: Contract, stock: Contract) -> None:
    """An empty list of rows is refused with the same kind of error."""
    assert refusal(ours, ["habit:visits"], [], IndexError) == refusal(
        stock, ["habit:visits"], [], IndexError
    )


def test_a_malformed_reference_is_refused_alike(ours: Contract, stock: Contract) -> None:
    """A reference without a colon is refused in Feast's words."""
    words = refusal(ours, ["visits"], [U], ValueError)
    assert words == refusal(stock, ["visits"], [U], ValueError)


def test_a_refused_request_spoils_no_later_one(ours: Contract) -> None:
    """After a refusal the same features with good rows are answered."""
    refusal(ours, ["habit:visits"], [{"shop_id": 5}], KeyError)
    assert ours.read("habit:visits", user_id="nobody") == {"visits": None}
