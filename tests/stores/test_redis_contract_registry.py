"""A read is never answered from definitions that the registry's cache no longer holds."""

from __future__ import annotations

import multiprocessing
import time
from typing import TYPE_CHECKING, Any

import pytest
from feast import FeatureService, FileSource
from feast.types import Float64, Int64
from support.contract_project import HOUR, NOW, USER, contract, opened, view

if TYPE_CHECKING:
    from pathlib import Path

    from support.contract_project import Contract

pytestmark = [
    pytest.mark.live,
    pytest.mark.filterwarnings("ignore:On demand feature view is an experimental:RuntimeWarning"),
]
U: dict[str, Any] = {"user_id": "u"}


@pytest.fixture
def shop(tmp_path: Path, redis_address: str) -> Contract:
    """Give the project with a row, whose registry is read once and kept."""
    found = contract(tmp_path, redis_address)
    found.write("mood", user_id="u", joy=1.5)
    found.refresh()
    return found


def widen(folder: Path, address: str) -> None:
    """Apply `mood` with one more feature, and a shorter service, as another process would."""
    source = FileSource(
        name="rows",
        path=str(folder / "rows.parquet"),
        timestamp_field="event_timestamp",
        created_timestamp_column="created",
    )
    wider = view("mood", [USER], source, joy=Float64, calm=Int64)
    service = FeatureService(name="ordered", features=[wider[["joy"]]])
    opened(folder, address).feast.apply([USER, wider, service])


def elsewhere(folder: Path, address: str) -> None:
    """Run `widen` in a process of its own."""
    process = multiprocessing.get_context("fork").Process(target=widen, args=(folder, address))
    process.start()
    process.join()
    assert process.exitcode == 0


def test_an_apply_elsewhere_is_seen_by_the_next_read(shop: Contract, redis_address: str) -> None:
    """Feast notices a newer registry file by itself, and so does a read with a plan."""
    assert shop.read("mood:joy", **U) == {"joy": 1.5}
    elsewhere(shop.folder, redis_address)
    assert shop.read("mood:joy", "mood:calm", **U) == {"joy": 1.5, "calm": None}


def test_a_service_changed_elsewhere_is_answered_anew(shop: Contract, redis_address: str) -> None:
    """A plan of a service does not outlive the service's old definition."""
    row = {**U, "shop_id": 5}
    service = shop.feast.get_feature_service("ordered")
    assert "visits" in shop.feast.get_online_features(service, [row]).to_dict()
    elsewhere(shop.folder, redis_address)
    shop.refresh()
    service = shop.feast.get_feature_service("ordered")
    assert "visits" not in shop.feast.get_online_features(service, [row]).to_dict()


def test_an_apply_of_its_own_is_seen_at_once(shop: Contract) -> None:
    """After `apply` of the same `FeatureStore` the next read knows the new definitions."""
    assert shop.read("mood:joy", **U) == {"joy": 1.5}
    source = FileSource(name="other", path="other.parquet", timestamp_field="event_timestamp")
    shop.feast.apply([USER, view("mood", [USER], source, joy=Float64, calm=Int64)])
    assert shop.read("mood:calm", **U) == {"calm": None}


def test_a_ttl_changed_by_apply_counts(shop: Contract) -> None:
    """A view applied with a shorter TTL expires by it."""
    source = FileSource(name="other", path="other.parquet", timestamp_field="event_timestamp")
    assert shop.read("mood:joy", **U) == {"joy": 1.5}
    shop.feast.apply([USER, view("mood", [USER], source, ttl=HOUR, joy=Float64)])
    assert (NOW.year, shop.read("mood:joy", **U)) == (2026, {"joy": None})


def test_a_deleted_view_is_unknown(shop: Contract) -> None:
    """A view deleted by `apply` is not answered from an old plan."""
    assert shop.read("mood:joy", **U) == {"joy": 1.5}
    shop.delete_view("mood")
    with pytest.raises(Exception, match="mood"):
        shop.read("mood:joy", **U)


def test_without_a_cache_ttl_the_file_is_not_touched(shop: Contract) -> None:
    """With `cache_ttl_seconds` 0 reads go on without the file; `refresh_registry` needs it."""
    assert shop.read("mood:joy", **U) == {"joy": 1.5}
    (shop.folder / "registry.db").unlink()
    assert shop.read("mood:joy", **U) == {"joy": 1.5}
    with pytest.raises(FileNotFoundError):
        shop.refresh()


def test_a_read_behind_the_cache_ttl_touches_the_file(shop: Contract, redis_address: str) -> None:
    """After a second with `cache_ttl_seconds` 1 a read fails if the file is gone."""
    brief = opened(shop.folder, redis_address, registry={"cache_ttl_seconds": 1})
    assert brief.read("mood:joy", **U) == {"joy": 1.5}
    (shop.folder / "registry.db").unlink()
    _let_expire(brief)
    with pytest.raises(FileNotFoundError):
        brief.read("mood:joy", **U)


def test_a_read_behind_the_cache_ttl_sees_the_new_file(shop: Contract, redis_address: str) -> None:
    """After a second with `cache_ttl_seconds` 1 a read knows what was applied elsewhere."""
    brief = opened(shop.folder, redis_address, registry={"cache_ttl_seconds": 1})
    assert brief.read("mood:joy", **U) == {"joy": 1.5}
    elsewhere(shop.folder, redis_address)
    _let_expire(brief)
    assert brief.read("mood:calm", **U) == {"calm": None}


def _let_expire(project: Contract) -> None:
    """Wait until Feast itself calls its cached registry too old; it has no clock to turn."""
    while project.feast.registry.is_cache_valid():
        time.sleep(0.05)
