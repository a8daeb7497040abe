"""On-demand functions that ask which of their outputs are wanted, by a tag of their view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from feast import Field, RequestSource
from feast.on_demand_feature_view import on_demand_feature_view
from feast.types import Int64, String
from support.contract_project import contract

if TYPE_CHECKING:
    from support.contract_project import Contract

pytestmark = [
    pytest.mark.live,
    pytest.mark.filterwarnings("ignore:On demand feature view is an experimental:RuntimeWarning"),
]

COUNTER = RequestSource(name="counter", schema=[Field(name="steps", dtype=Int64)])
ROWS: dict[str, list[Any]] = {"steps": [3, 4]}


@pytest.fixture(scope="module")
def shop(redis_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Contract:  # noqa: ANN401
    """Give a project whose functions write down what they are told."""
    shop = contract(tmp_path_factory.mktemp("requested"), redis_server.address)
    shop.feast.apply([*_functions()])
    return shop


def _functions() -> tuple[Any, ...]:
    @on_demand_feature_view(  # type: ignore[untyped-decorator]  # Feast's, here and below
        sources=[COUNTER],
        schema=[Field(name="told", dtype=String), Field(name="twice", dtype=Int64)],
        mode="python",
        tags={"requested_outputs": "wanted"},
    )
    def tagged(inputs: dict[str, Any]) -> dict[str, Any]:
        steps = inputs["steps"]
        wanted = inputs.get("wanted", ("told", "twice"))
        made: dict[str, Any] = {}
        if "told" in wanted:
            made["told"] = [",".join(wanted)] * len(steps)
        if "twice" in wanted:
            made["twice"] = [2 * (step or 0) for step in steps]
        return made

    @on_demand_feature_view(  # type: ignore[untyped-decorator]
        sources=[COUNTER],
        schema=[Field(name="names", dtype=String), Field(name="rest", dtype=Int64)],
        mode="python",
    )
    def plain(inputs: dict[str, Any]) -> dict[str, Any]:
        steps = inputs["steps"]
        return {"names": [",".join(sorted(inputs))] * len(steps), "rest": [1] * len(steps)}

    @on_demand_feature_view(  # type: ignore[untyped-decorator]
        sources=[COUNTER],
        schema=[Field(name="column", dtype=String), Field(name="other", dtype=Int64)],
        mode="python",
        tags={"requested_outputs": "steps"},
    )
    def taken(inputs: dict[str, Any]) -> dict[str, Any]:
        steps = inputs["steps"]
        return {"column": [str(step) for step in steps], "other": [1] * len(steps)}

    return tagged, plain, taken


def ask(shop: Contract, *features: str) -> dict[str, Any]:
    """Ask for features of two rows."""
    rows = {"user_id": ["u", "v"], **ROWS}
    answer: dict[str, Any] = shop.feast.get_online_features(list(features), rows).to_dict()
    return answer


def test_a_tagged_function_is_told_what_is_requested(shop: Contract) -> None:
    """The input that the tag names lists the requested outputs, and others need no values."""
    assert ask(shop, "tagged:told")["told"] == ["told", "told"]


def test_requested_outputs_come_in_the_order_of_the_schema(shop: Contract) -> None:
    """However a request is ordered, a function sees the same list for the same outputs."""
    answer = ask(shop, "tagged:twice", "tagged:told")
    assert answer["told"] == ["told,twice", "told,twice"]
    assert answer["twice"] == [6, 8]


def test_a_function_without_the_tag_sees_no_such_input(shop: Contract) -> None:
    """Who does not ask is called as Feast calls him."""
    assert "wanted" not in ask(shop, "plain:names")["names"][0].split(",")


def test_a_column_of_the_name_goes_before(shop: Contract) -> None:
    """A tag that names an input which is there already changes nothing."""
    assert ask(shop, "taken:column")["column"] == ["3", "4"]


def test_without_the_input_all_outputs_are_computed(shop: Contract) -> None:
    """Called as Feast calls it, without the input, a tagged function answers the same."""
    transformation: Any = shop.feast.get_on_demand_feature_view("tagged").feature_transformation
    assert transformation.udf(ROWS)["twice"] == ask(shop, "tagged:twice")["twice"]
