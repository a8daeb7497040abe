"""Whatever is stored and asked, our store answers as Feast's own does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.parity_answers import (
    columns,
    form,
    frame,
    honest,
    improved,
    python_features,
    stock_answer,
    table,
    vectors,
)
from support.parity_project import definitions, make_pair
from support.parity_requests import requests, stored_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from feast.online_response import OnlineResponse
    from support.parity_project import Pair
    from support.parity_requests import Request

    from oo_profile.development.servers import RedisServer

pytestmark = [
    pytest.mark.live,
    pytest.mark.filterwarnings("ignore:On demand feature view is an experimental:RuntimeWarning"),
]

SEEDS = (1, 2, 3)


@pytest.fixture(scope="module")
def pairs(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> list[Pair]:
    """Give projects of several seeds, each read by both stores."""
    found = []
    for seed in SEEDS:
        folder = tmp_path_factory.mktemp(f"pair{seed}")
        found.append(make_pair(folder, redis_server.address, definitions(seed, folder)))
    return found


@pytest.fixture(scope="module")
def stock_semantics_pair(
    redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Pair:
    """Give a project whose store of ours is told to behave as Feast's own."""
    folder = tmp_path_factory.mktemp("stock_semantics")
    declared = definitions(4, folder)
    return make_pair(folder, redis_server.address, declared, stock_semantics=True)


def drawn(pair: Pair, data: st.DataObject) -> tuple[Request, OnlineResponse]:
    """Fill the project's Redis, draw a request, and return it with stock's answer."""
    pair.empty()
    pair.write(data.draw(stored_rows(pair), "stored"))
    request = data.draw(requests(pair), "request")
    return request, stock_answer(pair, request)


def known_to_stock(pair: Pair, request: Request, found: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what ours answers better."""
    more = improved(pair, request)
    return {name: value for name, value in found.items() if name not in more}


@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_values_types_and_instants_are_equal(pairs: list[Pair], data: st.DataObject) -> None:
    """`to_dict` has the same columns, values, Python types and event times."""
    pair = data.draw(st.sampled_from(pairs), "project")
    request, stock = drawn(pair, data)
    ours = request.ask(pair.ours)
    for timed in (False, True):
        found = columns(ours.to_dict(include_event_timestamps=timed))
        expected = columns(stock.to_dict(include_event_timestamps=timed))
        assert known_to_stock(pair, request, found) == known_to_stock(pair, request, expected)


@given(data=st.data())
@settings(deadline=None, max_examples=40)
def test_frames_and_tables_are_equal(pairs: list[Pair], data: st.DataObject) -> None:
    """`to_df` and `to_arrow` have the same columns, values, dtypes and Arrow types."""
    pair = data.draw(st.sampled_from(pairs), "project")
    request, stock = drawn(pair, data)
    ours = request.ask(pair.ours)
    more = improved(pair, request)
    for found, expected in (
        (form(lambda: frame(ours.to_df())), form(lambda: frame(stock.to_df()))),
        (form(lambda: table(ours.to_arrow())), form(lambda: table(stock.to_arrow()))),
    ):
        if isinstance(found, str) or isinstance(expected, str):
            # Columns of different lengths have no such form, and ours has none of that kind.
            assert more or found == expected
        else:
            assert known_to_stock(pair, request, found) == expected


@given(data=st.data())
@settings(deadline=None, max_examples=40)
def test_the_proto_is_equal_but_for_honest_statuses(pairs: list[Pair], data: st.DataObject) -> None:
    """The proto holds the same values and instants; a null says whether there is a row at all."""
    pair = data.draw(st.sampled_from(pairs), "project")
    request, stock = drawn(pair, data)
    computed = {f.name for view in pair.declared.computed for f in view.features}
    expected = vectors(stock)
    stored = {
        name
        for name in expected
        if name.rpartition("__")[2] not in computed and not name.endswith("_id")
    }
    ours = vectors(request.ask(pair.ours))
    assert known_to_stock(pair, request, ours) == known_to_stock(
        pair, request, honest(expected, stored)
    )


@given(data=st.data())
@settings(deadline=None, max_examples=30)
def test_stock_semantics_give_the_stock_proto(
    stock_semantics_pair: Pair, data: st.DataObject
) -> None:
    """With `stock_semantics` every column of the proto is stock's own, statuses included."""
    pair = stock_semantics_pair
    request, stock = drawn(pair, data)
    ours = vectors(request.ask(pair.ours))
    assert known_to_stock(pair, request, ours) == known_to_stock(pair, request, vectors(stock))


@given(data=st.data())
@settings(deadline=None, max_examples=25)
def test_async_answers_are_equal(pairs: list[Pair], data: st.DataObject) -> None:
    """The async twin answers the same, each time in an event loop of its own."""
    pair = data.draw(st.sampled_from(pairs), "project")
    request, stock = drawn(pair, data)

    async def ask() -> OnlineResponse:
        return await pair.ours.get_online_features_async(
            request.of(pair.ours), request.rows, full_feature_names=request.full
        )

    found = columns(asyncio.run(ask()).to_dict())
    assert known_to_stock(pair, request, found) == known_to_stock(
        pair, request, columns(stock.to_dict())
    )


@given(data=st.data())
@settings(deadline=None, max_examples=25)
def test_functions_of_python_answer_under_full_names_and_for_each_row(
    pairs: list[Pair], data: st.DataObject
) -> None:
    """Row by row and under short names, stock answers what ours answers at once."""
    pair = data.draw(st.sampled_from(pairs), "project")
    request, _ = drawn(pair, data)
    answer = request.ask(pair.ours).to_dict()
    for view, shown, feature in python_features(pair, request):
        singleton = next(v for v in pair.declared.computed if v.name == view).singleton
        rows = [[row] for row in request.rows] if singleton else [request.rows]
        reference = [f"{view}:{feature}"]
        alone = [pair.stock.get_online_features(reference, part).to_dict() for part in rows]
        expected = [value for part in alone for value in part[feature]]
        assert answer[f"{shown}__{feature}" if request.full else feature] == expected
