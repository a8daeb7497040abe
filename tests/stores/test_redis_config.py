"""Settings of the online store: environment, then yaml, then default."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from feast import RepoConfig
from feast.infra.online_stores.helpers import get_online_store_from_config
from feast.repo_config import load_repo_config
from pydantic import ValidationError

from oo_stores.redis import RedisOnlineStore, RedisOnlineStoreConfig

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TYPE = "oo_stores.redis.RedisOnlineStore"


def config_of(online_store: Mapping[str, object]) -> RepoConfig:
    """Build a repository's config."""
    return RepoConfig(
        project="shop",
        provider="local",
        registry="r.db",
        online_store={"type": TYPE, **online_store},
    )


def test_the_type_in_the_yaml_names_store_and_config() -> None:
    """Feast finds both classes by the one name, from a dict and from a ready config."""
    config = config_of({})
    assert type(config.online_store) is RedisOnlineStoreConfig
    assert type(get_online_store_from_config(config.online_store)) is RedisOnlineStore


@pytest.mark.parametrize(
    ("written", "variable", "expected"),
    [
        ("${SHOP_REDIS}", "cache:7000", "cache:7000"),
        ("${SHOP_REDIS}", None, "localhost:6379"),
        ("${SHOP_REDIS:-spare:6380}", "cache:7000", "cache:7000"),
        ("${SHOP_REDIS:-spare:6380}", None, "spare:6380"),
        ("spare:6380,db=1", "cache:7000", "spare:6380,db=1"),
    ],
)
def test_the_yaml_names_the_variable(
    written: str,
    variable: str | None,
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A variable named in the yaml wins, then the yaml's own fallback, then the default."""
    if variable is not None:
        monkeypatch.setenv("SHOP_REDIS", variable)
    path = tmp_path / "feature_store.yaml"
    store = {"type": TYPE, "connection_string": written}
    path.write_text(
        yaml.safe_dump(
            {"project": "shop", "registry": "r.db", "provider": "local", "online_store": store}
        )
    )
    assert load_repo_config(tmp_path, path).online_store.connection_string == expected


def test_defaults_decide_what_is_newer_and_wait_for_seconds() -> None:
    """Without settings Redis is the local one, writes are checked, and no wait is endless."""
    settings = config_of({}).online_store
    assert settings.connection_string == "localhost:6379"
    assert settings.skip_dedup is False
    assert (settings.connect_timeout_seconds, settings.read_timeout_seconds) == (1.0, 2.0)
    assert (settings.retries, settings.replica_connection_string) == (1, None)


def test_every_text_may_name_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Type, Sentinel name, numbers and the replica come from the environment as well."""
    monkeypatch.setenv("KIND", "redis_sentinel")
    monkeypatch.setenv("SECONDS", "0.25")
    settings = RedisOnlineStoreConfig.model_validate(
        {
            "redis_type": "${KIND:-redis}",
            "sentinel_master": "${MASTER:-shop}",
            "read_timeout_seconds": "${SECONDS}",
            "connect_timeout_seconds": "${NOT_SET}",
            "replica_connection_string": "${NOT_SET}",
        }
    )
    assert settings.redis_type == "redis_sentinel"
    assert settings.sentinel_master == "shop"
    assert settings.read_timeout_seconds == 0.25
    assert settings.connect_timeout_seconds == 1.0
    assert settings.replica_connection_string is None


@pytest.mark.parametrize(
    "settings",
    [
        {"connect_timeout_seconds": 0},
        {"read_timeout_seconds": -1},
        {"retries": -1},
        {"replica_connection_string": "nowhere"},
    ],
)
def test_a_setting_out_of_bounds_is_refused(settings: dict[str, object]) -> None:
    """No time-out is endless or negative, and a replica has an address."""
    with pytest.raises(ValidationError):
        RedisOnlineStoreConfig.model_validate(settings)


def test_a_dumped_config_is_plain_yaml_and_loads_again() -> None:
    """The dump holds no enum, and the config made from it is the same."""
    settings = config_of({"redis_type": "redis_cluster", "key_ttl_seconds": 5}).online_store
    dumped = yaml.safe_load(yaml.safe_dump(settings.model_dump(by_alias=True)))
    assert config_of(dumped).online_store == settings


@pytest.mark.parametrize(
    "connection_string",
    [
        "localhost",
        "localhost:",
        ":6379",
        "redis://u:geheim@host:6379",
        "geheim@host:6379",
        "h:port",
        "h:1,,x=1",
        "db=1",
    ],
)
def test_an_address_that_is_none_is_refused(connection_string: str) -> None:
    """What is no host:port is refused at once, with what is allowed."""
    with pytest.raises(ValidationError, match="host:port") as caught:
        RedisOnlineStoreConfig(connection_string=connection_string)
    assert "geheim" not in str(caught.value)


def test_a_refused_password_is_not_shown() -> None:
    """A comma in a password is refused without showing any part of it."""
    with pytest.raises(ValidationError, match="without commas in values") as caught:
        RedisOnlineStoreConfig(connection_string="h:1,password=ge,heim")
    assert "heim" not in str(caught.value)
