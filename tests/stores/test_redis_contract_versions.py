"""Versions of a view lie apart in the store, and references say which one is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from feast import FeatureService, Field, FileSource
from feast.errors import FeatureViewVersionNotFound
from feast.infra.online_stores.helpers import get_online_store_from_config
from feast.on_demand_feature_view import on_demand_feature_view
from feast.protos.feast.serving.ServingService_pb2 import FieldStatus
from feast.types import Float64
from support.contract_project import CLOCK, HOUR, NOW, USER, opened, view
from support.redis_repo import STOCK

if TYPE_CHECKING:
    from pathlib import Path

    from feast import FeatureView
    from support.contract_project import Contract

pytestmark = [
    pytest.mark.live,
    pytest.mark.filterwarnings("ignore:On demand feature view is an experimental:RuntimeWarning"),
]

VERSIONED = {"enable_online_feature_view_versioning": True}
ROW: dict[str, Any] = {"user_id": "u", "now": NOW.timestamp()}
VERSIONS = 3
NEWEST = VERSIONS - 1
PINNED = [f"heat@v{number}:a" for number in range(VERSIONS)]


def heat(folder: Path, version: int) -> FeatureView:
    """Return the view as declared for a version: each has one feature more."""
    source = FileSource(
        name="rows",
        path=str(folder / "rows.parquet"),
        timestamp_field="event_timestamp",
        created_timestamp_column="created",
    )
    features = dict.fromkeys("abcd"[: version + 1], Float64)
    return view("heat", [USER], source, ttl=HOUR, **features)


@pytest.fixture
def shop(tmp_path: Path, redis_address: str) -> Contract:
    """Give a project with three versions of a view; in each, `a` is the version's number."""
    shop = opened(tmp_path, redis_address, registry=VERSIONED, ttl_clock="now")
    for version in range(VERSIONS):
        shop.feast.apply([USER, heat(tmp_path, version)])
        row: dict[str, Any] = dict.fromkeys("abcd"[1 : version + 1], 0.5)
        shop.write("heat", user_id="u", a=float(version), **row)
    return shop


@pytest.fixture
def stock(shop: Contract, redis_address: str) -> Contract:
    """Give the same project and rows by Feast's own store."""
    return opened(shop.folder, redis_address, kind=STOCK, registry=VERSIONED)


def version(shop: Contract, number: int) -> Any:  # noqa: ANN401 - a view of any kind
    """Return a version of the view as the registry keeps it."""
    registry = shop.feast.registry
    return registry.get_feature_view_by_version("heat", shop.feast.project, number)


def served(shop: Contract, source: FeatureView) -> FeatureService:
    """Apply a service of a view and return it as applied."""
    shop.feast.apply([FeatureService(name="served", features=[source])])
    return shop.feast.get_feature_service("served")


def test_a_new_version_starts_empty(shop: Contract) -> None:
    """Values of the versions before are not visible from it, and are still there."""
    shop.feast.apply([heat(shop.folder, VERSIONS)])
    assert shop.read("heat:a", **ROW) == {"a": None}
    assert shop.statuses("heat:a", **ROW) == [FieldStatus.NOT_FOUND]
    assert shop.read(f"heat@v{NEWEST}:a", **ROW) == {"a": float(NEWEST)}


@pytest.mark.parametrize("number", range(VERSIONS))
def test_a_pinned_reference_reads_its_version(shop: Contract, stock: Contract, number: int) -> None:
    """`view@v1:feature` gives what was written while v1 was the applied one, as stock does."""
    expected = {"a": float(number)}
    assert shop.read(PINNED[number], **ROW) == expected == stock.read(PINNED[number], **ROW)


def test_a_plain_reference_reads_the_applied_version(shop: Contract, stock: Contract) -> None:
    """Without a version the newest is read, as in stock."""
    assert shop.read("heat:a", **ROW) == {"a": float(NEWEST)} == stock.read("heat:a", **ROW)


def test_versions_stand_side_by_side(shop: Contract, stock: Contract) -> None:
    """One request takes several versions, under full names, as in stock."""
    ours, theirs = (
        project.feast.get_online_features([*PINNED, "heat:a"], [ROW], full_feature_names=True)
        for project in (shop, stock)
    )
    values = {f"heat@v{number}__a": [float(number)] for number in range(VERSIONS)}
    expected = {"user_id": ["u"], **values, "heat__a": [float(NEWEST)]}
    assert ours.to_dict() == expected == theirs.to_dict()


def test_the_tag_of_a_projection_routes_reads(shop: Contract, stock: Contract) -> None:
    """A service whose projection is pinned reads that version, as in stock."""
    chosen = version(shop, 1)[["a"]]
    chosen.projection.version_tag = 1
    pinned = served(shop, chosen)
    for project in (shop, stock):
        assert project.feast.get_online_features(pinned, [ROW]).to_dict()["a"] == [1.0]


@pytest.mark.parametrize("alias", [None, "warmth"])
def test_a_service_reads_the_applied_version(shop: Contract, alias: str | None) -> None:
    """Services and aliases read what was written last; stock reads the first version's fields."""
    chosen = shop.feast.get_feature_view("heat")[["a"]]
    service = served(shop, chosen.with_name(alias) if alias else chosen)
    answer = shop.feast.get_online_features(service, [ROW], full_feature_names=True)
    assert answer.to_dict() == {"user_id": ["u"], f"{alias or 'heat'}__a": [float(NEWEST)]}


def test_a_function_sees_the_applied_version(shop: Contract) -> None:
    """An on-demand view over a versioned one gets the values of the applied version."""

    @on_demand_feature_view(  # type: ignore[untyped-decorator]
        sources=[shop.feast.get_feature_view("heat"), CLOCK],
        schema=[Field(name="twice", dtype=Float64)],
        mode="python",
    )
    def doubled(inputs: dict[str, Any]) -> dict[str, Any]:
        return {"twice": [-1.0 if value is None else 2 * value for value in inputs["a"]]}

    shop.feast.apply([doubled])
    assert shop.read("doubled:twice", **ROW) == {"twice": 2.0 * NEWEST}


def test_feasts_own_path_reads_the_applied_version(shop: Contract) -> None:
    """So does a request that no plan covers."""
    service = served(shop, shop.feast.get_feature_view("heat")[["a"]])
    with pytest.warns(UserWarning, match="entity name is deprecated"):
        answer = shop.feast.get_online_features(service, [{"user": "u", "now": ROW["now"]}])
    assert answer.to_dict()["a"] == [float(NEWEST)]


def test_versions_expire_as_views_do(shop: Contract) -> None:
    """A pinned value past the view's TTL is null and said to be too old."""
    late = {**ROW, "now": (NOW + 2 * HOUR).timestamp()}
    assert shop.read("heat@v1:a", **late) == {"a": None}
    answer = shop.feast.get_online_features(["heat@v1:a"], [late])
    assert list(answer.proto.results[1].statuses) == [FieldStatus.OUTSIDE_MAX_AGE]


def test_deleting_a_version_leaves_the_others(shop: Contract) -> None:
    """The fields of v1 go, also for keys read before; those of v0 and v2 stay."""
    assert shop.read("heat@v1:a", **ROW) == {"a": 1.0}
    online = get_online_store_from_config(shop.feast.config.online_store)
    online.update(shop.feast.config, [version(shop, 1)], [version(shop, 2)], [], [], partial=True)
    assert [shop.read(reference, **ROW)["a"] for reference in PINNED] == [0.0, None, 2.0]


def test_what_a_version_lacks_is_refused(shop: Contract, stock: Contract) -> None:
    """A feature that came later, and a version that never was, are errors as in stock."""
    for project in (shop, stock):
        with pytest.raises(KeyError, match="b not found"):
            project.read("heat@v0:b", **ROW)
        with pytest.raises(FeatureViewVersionNotFound, match="v7"):
            project.read("heat@v7:a", **ROW)


def test_versions_need_the_registrys_switch(shop: Contract, redis_address: str) -> None:
    """Where views are not versioned, a reference with a version says how to switch it on."""
    plain = opened(shop.folder, redis_address)
    with pytest.raises(ValueError, match="enable_online_feature_view_versioning: true"):
        plain.read("heat@v1:a", **ROW)
