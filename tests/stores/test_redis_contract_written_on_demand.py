"""On-demand views that are computed when they are written are read like plain ones."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from feast import Field
from feast.on_demand_feature_view import on_demand_feature_view
from feast.protos.feast.serving.ServingService_pb2 import FieldStatus
from feast.types import Float64, String
from support.contract_project import HOUR, NOW, USER, contract, opened
from support.parity_answers import columns, honest, vectors
from support.redis_repo import STOCK

if TYPE_CHECKING:
    from pathlib import Path

    from feast.online_response import OnlineResponse
    from support.contract_project import Contract

pytestmark = [
    pytest.mark.live,
    pytest.mark.filterwarnings("ignore:On demand feature view is an experimental:RuntimeWarning"),
]
ROWS: list[dict[str, Any]] = [
    {"user_id": user, "now": (NOW + HOUR).timestamp()} for user in ("u", "nobody")
]
LATE: list[dict[str, Any]] = [{**row, "now": (NOW + 2 * HOUR).timestamp()} for row in ROWS]


@pytest.fixture
def shop(tmp_path: Path, redis_address: str) -> Contract:
    """Give a project with a value of one hour's life, and a written view computed from it."""
    shop = contract(tmp_path, redis_address, ttl_clock="now")

    @on_demand_feature_view(  # type: ignore[untyped-decorator]
        sources=[shop.feast.get_feature_view("brief")],
        entities=[USER],
        schema=[Field(name="user_id", dtype=String), Field(name="twice", dtype=Float64)],
        mode="python",
        write_to_online_store=True,
    )
    def kept(inputs: dict[str, Any]) -> dict[str, Any]:
        return {"twice": [2 * heat for heat in inputs["heat"]]}

    shop.feast.apply([kept])
    row = {"user_id": ["u"], "heat": [1.5], "event_timestamp": [NOW], "created": [NOW]}
    shop.feast.write_to_online_store("kept", pd.DataFrame(row))
    shop.write("brief", user_id="u", heat=2.5)
    return shop


def ask(shop: Contract, *features: str, rows: list[dict[str, Any]] = ROWS) -> OnlineResponse:
    """Ask for features of a known and an unknown user."""
    return shop.feast.get_online_features(list(features), rows)


def test_what_was_written_is_read(shop: Contract, redis_address: str) -> None:
    """The answer is what the function returned when it was written, as in stock."""
    stock = opened(shop.folder, redis_address, kind=STOCK)
    ours, theirs = (ask(project, "kept:twice") for project in (shop, stock))
    assert ours.to_dict()["twice"] == [3.0, None]
    assert columns(ours.to_dict()) == columns(theirs.to_dict())
    assert vectors(ours) == honest(vectors(theirs), {"twice"})


def test_an_unknown_entity_is_not_found_there(shop: Contract) -> None:
    """Statuses are told of written views as of plain ones."""
    statuses = list(ask(shop, "kept:twice").proto.results[1].statuses)
    assert statuses == [FieldStatus.PRESENT, FieldStatus.NOT_FOUND]


def test_its_source_expires_beside_it(shop: Contract) -> None:
    """Past the source's TTL the source is null; a written view has no TTL of its own."""
    fresh, late = (ask(shop, "kept:twice", "brief:heat", rows=rows) for rows in (ROWS, LATE))
    assert fresh.to_dict()["heat"] == [2.5, None]
    assert late.to_dict()["heat"] == [None, None]
    assert late.to_dict()["twice"] == [3.0, None]
    statuses = list(late.proto.results[2].statuses)
    assert statuses == [FieldStatus.OUTSIDE_MAX_AGE, FieldStatus.NOT_FOUND]


def test_a_function_beside_it_sees_null_for_what_expired(shop: Contract) -> None:
    """A view computed on request in the same answer gets None past the TTL."""
    fresh, late = (ask(shop, "kept:twice", "warm:warmth", rows=rows) for rows in (ROWS, LATE))
    assert fresh.to_dict()["warmth"] == [2.5, -1.0]
    assert late.to_dict()["warmth"] == [-1.0, -1.0]


def test_the_twin_reads_it_too(shop: Contract) -> None:
    """The asynchronous read gives the same message."""

    async def twin() -> OnlineResponse:
        answer = await shop.feast.get_online_features_async(["kept:twice", "brief:heat"], LATE)
        await shop.feast.close()
        return answer

    answer = asyncio.run(twin())
    assert vectors(answer) == vectors(ask(shop, "kept:twice", "brief:heat", rows=LATE))
