"""What a reader may rely on, beyond what parity with Feast's own store shows."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from feast.protos.feast.types.Value_pb2 import RepeatedValue, Value
from support.contract_project import contract, opened
from support.redis_repo import STOCK

if TYPE_CHECKING:
    from support.contract_project import Contract

    from oo_profile.development.servers import RedisServer

pytestmark = [
    pytest.mark.live,
    pytest.mark.filterwarnings("ignore:On demand feature view is an experimental:RuntimeWarning"),
]
HABIT: dict[str, Any] = {"orders": 3, "brands": ["a"], "picture": b"\x00\xff"}


@pytest.fixture(scope="module")
def applied(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """Give the project."""
    return contract(tmp_path_factory.mktemp("reads"), redis_server.address)


@pytest.fixture
def shop(applied: Contract) -> Contract:
    """Give it with a row of three users and of a shop."""
    applied.empty()
    for number, user in enumerate("uvw"):
        applied.write("habit", user_id=user, visits=float(number), **HABIT)
        applied.write("mood", user_id=user, joy=10.0 + number)
    applied.write("shelf", shop_id=5, items=7)
    return applied


def test_an_integer_and_its_text_are_one_entity(shop: Contract) -> None:
    """Entity values are cast to the declared type before keying, and answered in it."""
    shop.write("mood", user_id="5", joy=1.5)
    for user in (5, "5"):
        answer = shop.feast.get_online_features(["mood:joy"], [{"user_id": user}]).to_dict()
        assert answer == {"user_id": ["5"], "joy": [1.5]}


def test_an_integer_key_is_taken_as_text(shop: Contract) -> None:
    """So does a text that stands for an integer key."""
    answer = shop.feast.get_online_features(["shelf:items"], [{"shop_id": "5"}]).to_dict()
    assert answer == {"shop_id": [5], "items": [7]}


def test_frames_keep_the_order_of_the_request(shop: Contract) -> None:
    """Rows come back in the order asked, repeated and unknown ones included."""
    users = ["w", "nobody", "u", "w", "v"]
    frame = shop.feast.get_online_features(
        ["habit:visits"], [{"user_id": user} for user in users]
    ).to_df()
    assert frame["user_id"].tolist() == users
    assert [None if value != value else value for value in frame["visits"]] == [2, None, 0, 2, 1]  # noqa: PLR0124 - NaN


def test_columns_keep_the_order_of_the_service(shop: Contract) -> None:
    """Keys come first, then the features as the service lists them; stock has no order."""
    service = shop.feast.get_feature_service("ordered")
    row = {"shop_id": 5, "user_id": "u"}
    answer = shop.feast.get_online_features(service, [row])
    names = [f.name for part in service.feature_view_projections for f in part.features]
    assert list(answer.to_dict()) == ["shop_id", "user_id", *names]
    assert list(answer.proto.metadata.feature_names.val) == ["shop_id", "user_id", *names]


def test_columns_keep_the_order_of_the_references(shop: Contract) -> None:
    """The same holds for references, on-demand features among them."""
    features = ["seen:twice", "mood:joy", "habit:visits", "seen:columns"]
    row = {"user_id": "u", "now": 1.5}
    answer = shop.feast.get_online_features(features, [row]).to_dict()
    assert list(answer) == ["user_id", "twice", "joy", "visits", "columns"]


def test_an_unknown_entity_has_all_columns(shop: Contract) -> None:
    """Who was never written gets every key, and None in each."""
    answer = shop.read("habit:visits", "habit:brands", "mood:joy", user_id="nobody")
    assert answer == {"visits": None, "brands": None, "joy": None}


def test_an_empty_list_stays_a_list(shop: Contract) -> None:
    """An empty list is no null."""
    shop.write("habit", user_id="x", visits=1.0, **{**HABIT, "brands": []})
    assert shop.read("habit:brands", user_id="x") == {"brands": []}


def test_an_unknown_column_of_the_request_is_ignored(shop: Contract) -> None:
    """A column that no view needs is neither refused nor answered."""
    answer = shop.feast.get_online_features(["mood:joy"], [{"user_id": "u", "colour": "red"}])
    assert answer.to_dict() == {"user_id": ["u"], "joy": [10.0]}


def test_a_function_sees_only_what_it_declared(shop: Contract) -> None:
    """Beside keys and request data a function gets its own source columns, short and full."""
    features = ["seen:columns", "habit:orders", "mood:joy"]
    answer = shop.read(*features, user_id="u", now=1.5)
    columns = set(answer["columns"].split(","))
    assert {"visits", "habit__visits", "now"} <= columns
    assert not columns & {"joy", "mood__joy"}


def test_a_renamed_view_is_read_by_the_mapped_key(shop: Contract) -> None:
    """A view renamed with a join-key map answers the friend's row, in any order of columns.

    Stock takes whichever of the two key columns comes last.
    """
    service = shop.feast.get_feature_service("friends")
    for row in ({"user_id": "u", "friend_id": "w"}, {"friend_id": "w", "user_id": "u"}):
        answer = shop.feast.get_online_features(service, [row]).to_dict()
        assert (answer["joy"], answer["visits"]) == ([10.0], [2.0])


def test_request_data_have_their_declared_type(shop: Contract) -> None:
    """Integers among floats are cast to the source's type; stock goes by the first value."""
    rows = [{"user_id": "u", "due": due} for due in (5, 7.5, None)]
    answer = shop.feast.get_online_features(["priced:price_type"], rows).to_dict()
    assert answer["price_type"] == ["float 5.0", "float 7.5", "NoneType None"]


def test_an_array_of_numpy_is_an_answer(shop: Contract) -> None:
    """A function may answer an ndarray; the values come back as Python's own."""
    rows = [{"user_id": "u", "due": due} for due in (1.5, 2.5)]
    answer = shop.feast.get_online_features(["priced:price"], rows).to_dict()
    assert answer["price"] == [1.5, 2.5]
    assert {type(value) for value in answer["price"]} == {float}


def test_columns_of_rows_are_taken_in_any_form(shop: Contract) -> None:
    """Rows may be a list of dicts, a dict of lists, or of Feast's own repeated values."""
    values = [Value(string_val="w"), Value(string_val="u")]
    forms: list[Any] = [
        [{"user_id": "w"}, {"user_id": "u"}],
        {"user_id": ["w", "u"]},
        {"user_id": values},
        {"user_id": RepeatedValue(val=values)},
    ]
    answers = [shop.feast.get_online_features(["mood:joy"], form).to_dict() for form in forms]
    assert answers == [{"user_id": ["w", "u"], "joy": [12.0, 10.0]}] * len(forms)


def test_the_version_of_a_view_is_told_if_asked(shop: Contract, applied: Contract) -> None:
    """With `include_feature_view_version_metadata` the proto names views as stock's does."""
    stock = opened(applied.folder, _address(applied), kind=STOCK)
    told = [
        {
            (view.name, view.version)
            for view in project.feast.get_online_features(
                ["mood:joy", "habit:visits"],
                [{"user_id": "u"}],
                include_feature_view_version_metadata=True,
            ).proto.metadata.feature_view_metadata
        }
        for project in (shop, stock)
    ]
    assert told[0] == told[1]
    assert {name for name, _ in told[0]} == {"mood", "habit"}


@pytest.mark.parametrize("users", [["u", "w"], ["u", "nobody"], ["nobody"]])
def test_tensors_are_those_of_stock(shop: Contract, applied: Contract, users: list[str]) -> None:
    """Numbers become tensors and all else lists, also where some or all rows have no value."""
    pytest.importorskip("torch", reason="tensors need PyTorch, which is not installed")
    stock = opened(applied.folder, _address(applied), kind=STOCK)
    features = ["habit:visits", "habit:orders", "habit:brands", "mood:joy"]
    ours, theirs = (
        project.feast.get_online_features(features, [{"user_id": user} for user in users])
        for project in (shop, stock)
    )
    shown = [
        {name: (str(getattr(column, "dtype", "")), str(column)) for name, column in found.items()}
        for found in (answer.to_tensor(default_value=-1) for answer in (ours, theirs))
    ]
    assert shown[0] == shown[1]
    if "w" in users:
        assert shown[0]["orders"] == ("torch.int64", "tensor([3, 3])")


def test_a_changed_answer_changes_no_other(shop: Contract) -> None:
    """What a caller does to a list that it got does not show in the next answer."""
    answer = shop.feast.get_online_features(["habit:brands"], [{"user_id": "u"}] * 2)
    answer.to_dict()["brands"][0].append("mine")
    assert shop.read("habit:brands", user_id="u") == {"brands": ["a"]}


def test_every_event_loop_is_served(shop: Contract) -> None:
    """One store answers in one event loop after the other, and after it was closed."""

    async def ask() -> dict[str, Any]:
        await shop.feast.initialize()
        answer = await shop.feast.get_online_features_async(["mood:joy"], [{"user_id": "u"}])
        await shop.feast.close()
        found: dict[str, Any] = answer.to_dict()
        return found

    assert [asyncio.run(ask())["joy"] for _ in range(3)] == [[10.0]] * 3
    assert shop.read("mood:joy", user_id="u") == {"joy": 10.0}


def test_two_event_loops_at_once_are_served(shop: Contract) -> None:
    """Loops of several threads share the store without sharing connections."""
    found: list[Any] = []

    async def ask_often() -> None:
        for _ in range(20):
            rows = [{"user_id": "v"}]
            answer = await shop.feast.get_online_features_async(["mood:joy"], rows)
            found.append(answer.to_dict()["joy"])

    threads = [threading.Thread(target=asyncio.run, args=(ask_often(),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[11.0]] * 60


def _address(project: Contract) -> str:
    found = project.redis.client.get_connection_kwargs()
    return f"{found['host']}:{found['port']}"
