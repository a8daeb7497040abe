"""On-demand functions in a read plan: what they are given, and what their answers become."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from feast import Field, RequestSource
from feast.on_demand_feature_view import on_demand_feature_view
from feast.types import Array, Bool, Float64, Int64, String
from support.contract_project import contract

from oo_stores.errors import OnDemandOutputError, RequestDataError
from oo_stores.redis.plan.request import cast_for

if TYPE_CHECKING:
    from feast.types import FeastType
    from support.contract_project import Contract

    Rows = dict[str, list[Any]]

pytestmark = [
    pytest.mark.live,
    pytest.mark.filterwarnings("ignore:On demand feature view is an experimental:RuntimeWarning"),
]

SCALE = RequestSource(name="scale", schema=[Field(name="factor", dtype=Float64)])
COUNTER = RequestSource(name="counter", schema=[Field(name="steps", dtype=Int64)])


@pytest.fixture(scope="module")
def shop(redis_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Contract:  # noqa: ANN401
    """Give a project with functions of every kind, and one row."""
    shop = contract(tmp_path_factory.mktemp("functions"), redis_server.address)
    shop.feast.apply(list(_functions(shop)))
    shop.write("habit", user_id="u", visits=2.5, orders=3, brands=["a"], picture=b"p")
    return shop


def _functions(shop: Contract) -> tuple[Any, ...]:
    habit = shop.feast.get_feature_view("habit")

    @on_demand_feature_view(  # type: ignore[untyped-decorator]  # Feast's, here and below
        sources=[habit[["visits"]], SCALE],
        schema=[Field(name="scaled", dtype=Float64), Field(name="twin", dtype=Array(Float64))],
        mode="python",
        singleton=True,
    )
    def single(inputs: dict[str, Any]) -> dict[str, Any]:
        scaled = (inputs["visits"] or 0.0) * inputs["factor"]
        return {"scaled": scaled, "twin": [[scaled, scaled]]}

    @on_demand_feature_view(  # type: ignore[untyped-decorator]
        sources=[COUNTER],
        schema=[
            Field(name="halves", dtype=Float64),
            Field(name="is_even", dtype=Bool),
            Field(name="label", dtype=String),
            Field(name="pair", dtype=Array(Int64)),
        ],
        mode="python",
    )
    def arrays(inputs: dict[str, Any]) -> dict[str, Any]:
        import numpy as np  # noqa: PLC0415 - Feast rebuilds the function from its source

        steps = inputs["steps"]
        if len(steps) == 1:  # `apply` infers types from one row of lists
            return {"halves": [0.5], "is_even": [True], "label": ["x"], "pair": [[1, 2]]}
        values = np.array(steps)
        return {
            "halves": values / 2,
            "is_even": values % 2 == 0,
            "label": np.array([str(step) for step in steps]),
            "pair": np.stack([values, -values], axis=1),
        }

    @on_demand_feature_view(  # type: ignore[untyped-decorator]
        sources=[COUNTER], schema=[Field(name="first", dtype=Int64)], mode="python"
    )
    def short(inputs: dict[str, Any]) -> dict[str, Any]:
        return {"first": inputs["steps"][:1]}

    @on_demand_feature_view(  # type: ignore[untyped-decorator]
        sources=[COUNTER], schema=[Field(name="inverse", dtype=Float64)], mode="python"
    )
    def strict(inputs: dict[str, Any]) -> dict[str, Any]:
        return {"inverse": [1 / step for step in inputs["steps"]]}

    return single, arrays, short, strict


def ask(shop: Contract, columns: Rows, *features: str, full: bool = False) -> dict[str, Any]:
    """Ask for features of columns of rows."""
    answer = shop.feast.get_online_features(list(features), columns, full_feature_names=full)
    return answer.to_dict()


def test_a_singleton_answers_each_row(shop: Contract) -> None:
    """A function of single values is called for every row; Feast calls it for the first."""
    rows: Rows = {"user_id": ["u", "nobody", "u"], "factor": [2.0, 2.0, 4.0]}
    answer = ask(shop, rows, "single:scaled", "single:twin")
    assert answer["scaled"] == [5.0, 0.0, 10.0]
    assert answer["twin"] == [[5.0, 5.0], [0.0, 0.0], [10.0, 10.0]]


def test_arrays_of_numpy_become_lists(shop: Contract) -> None:
    """A column may be an array of any dtype, and its values are Python's own."""
    features = [f"arrays:{name}" for name in ("halves", "is_even", "label", "pair")]
    answer = ask(shop, {"user_id": ["u", "u"], "steps": [3, 4]}, *features)
    assert answer["halves"] == [1.5, 2.0]
    assert answer["is_even"] == [False, True]
    assert answer["label"] == ["3", "4"]
    assert answer["pair"] == [[3, -3], [4, -4]]
    assert {type(v) for name in ("halves", "is_even", "label") for v in answer[name]} == {
        float,
        bool,
        str,
    }


def test_a_column_of_another_length_is_refused(shop: Contract) -> None:
    """Values that cannot be told to rows are no answer; the error names view and feature."""
    with pytest.raises(OnDemandOutputError, match="short returned 1 values of 'first' for 2 rows"):
        ask(shop, {"user_id": ["u", "u"], "steps": [3, 4]}, "short:first")


def test_what_a_function_raises_reaches_the_caller(shop: Contract) -> None:
    """One that needs nothing stored fails as others do, and the next request is answered."""
    columns: Rows = {"user_id": ["u", "u"], "steps": [1, 0]}
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            ask(shop, columns, "strict:inverse", "habit:visits")
        with pytest.raises(RequestDataError, match="'steps' was given"):
            ask(shop, columns | {"steps": ["many", 1]}, "strict:inverse", "habit:visits")
        answer = ask(shop, columns | {"steps": [1, 2]}, "strict:inverse", "habit:visits")
        assert answer == {"user_id": ["u", "u"], "inverse": [1.0, 0.5], "visits": [2.5, 2.5]}


def test_full_names_keep_python_functions(shop: Contract) -> None:
    """Under full names a Python function's features are there, as `view__name`."""
    rows: Rows = {"user_id": ["u"], "factor": [2.0]}
    answer = ask(shop, rows, "single:scaled", "habit:visits", full=True)
    assert answer == {"user_id": ["u"], "single__scaled": [5.0], "habit__visits": [2.5]}


def test_nothing_of_a_response_is_shared(shop: Contract) -> None:
    """Who changes one answer's lists changes no other's."""
    rows: Rows = {"user_id": ["u"], "factor": [2.0]}
    answer = shop.feast.get_online_features(["single:scaled"], rows)
    answer.to_dict()["scaled"].append("mine")
    answer.to_dict()["user_id"].append("mine")
    assert answer.to_dict() == {"user_id": ["u"], "scaled": [5.0]}


@pytest.mark.parametrize(
    ("dtype", "given", "cast"),
    [
        (Float64, [5, 7.5, None, np.float32(0.5), True], [5.0, 7.5, None, 0.5, 1.0]),
        (Float64, [float("nan"), 1.0], [None, 1.0]),
        (Int64, [5, 7.0, None, np.int32(3)], [5, 7, None, 3]),
        (String, ["a", 5, None, float("nan")], ["a", "5", None, None]),
        (Bool, [True, None, np.True_], [True, None, True]),
        (Array(Float64), [[1.5], None], [[1.5], None]),
    ],
)
def test_request_data_are_cast_to_their_type(
    dtype: FeastType, given: list[Any], cast: list[Any]
) -> None:
    """Each value becomes its column's type, whatever the first one was; NaN is null."""
    found = cast_for(dtype.to_value_type())("column", given)
    assert found == cast
    assert [type(value) for value in found] == [type(value) for value in cast]


@pytest.mark.parametrize(
    ("dtype", "value"), [(Float64, "soon"), (Int64, 7.5), (Int64, "7"), (Array(Float64), "ab")]
)
def test_what_a_cast_would_change_is_refused(dtype: FeastType, value: object) -> None:
    """A value is never bent to fit; the error names column and value."""
    with pytest.raises(RequestDataError, match="'column' was given"):
        cast_for(dtype.to_value_type())("column", [value])
