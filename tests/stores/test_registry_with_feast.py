"""Feast finds the registry store by its name, and sees what other processes apply."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from feast import Entity, FeatureStore, RepoConfig
from feast.errors import EntityNotFoundException
from feast.value_type import ValueType

from oo_stores.registry import AtomicFileRegistryStore

if TYPE_CHECKING:
    from pathlib import Path

    from feast.infra.registry.registry import Registry

USER = Entity(name="user", join_keys=["user_id"], value_type=ValueType.STRING)
SHOP = Entity(name="shop", join_keys=["shop_id"], value_type=ValueType.INT64)


def feature_store(folder: Path) -> FeatureStore:
    """Open the repository as a process of its own would."""
    config = RepoConfig(
        project="shop",
        provider="local",
        registry={
            "registry_store_type": "oo_stores.registry.AtomicFileRegistryStore",
            "path": "${SHOP_REGISTRY:-data/registry.db}",
        },
        online_store={"type": "oo_stores.redis.RedisOnlineStore"},
        repo_path=folder,
    )
    return FeatureStore(config=config)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a repository's folder; Feast takes a config's relative paths from where it runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_apply_works_on_an_empty_folder(folder: Path) -> None:
    """The first apply makes the folder and the file, and the next process reads them."""
    store = feature_store(folder)
    store.apply([USER])
    registry = cast("Registry", store.registry)
    assert isinstance(registry._registry_store, AtomicFileRegistryStore)  # noqa: SLF001 - no public way
    assert (folder / "data" / "registry.db").is_file()
    assert feature_store(folder).get_entity("user") == store.get_entity("user")


def test_an_apply_elsewhere_is_seen_at_once(folder: Path) -> None:
    """A running process sees what another applies, long before its cache expires."""
    here, there = feature_store(folder), feature_store(folder)
    here.apply([USER])
    with pytest.raises(EntityNotFoundException):
        here.registry.get_entity("shop", "shop", allow_cache=True)
    there.apply([SHOP])
    assert here.registry.get_entity("shop", "shop", allow_cache=True).join_key == "shop_id"


def test_applies_that_overlap_both_land(folder: Path) -> None:
    """What one process applied stays when another, which began before it, commits."""
    here, there = feature_store(folder), feature_store(folder)
    here.apply([USER])
    there.registry.refresh()
    here.registry.apply_entity(SHOP, "shop", commit=False)
    card = Entity(name="card", join_keys=["card_id"], value_type=ValueType.STRING)
    there.apply([card])
    here.registry.commit()  # type: ignore[no-untyped-call]  # Feast's own
    names = {entity.name for entity in feature_store(folder).list_entities()}
    assert names == {"user", "shop", "card"}
