"""Texts lie beside the entities, each under its own key, and a failure is told as any other."""

from __future__ import annotations

import pytest
from feast.repo_config import RepoConfig

from oo_profile.development.ports import LOOPBACK, free_port
from oo_stores.errors import ServerUnavailableError
from oo_stores.redis import Notes, RedisOnlineStore

pytestmark = pytest.mark.live


def notes(address: str) -> Notes:
    """Return the notes of a Redis."""
    online = {"type": "oo_stores.redis.RedisOnlineStore", "connection_string": address}
    config = RepoConfig(
        project="shop",
        provider="local",
        registry="unused",
        online_store=online,
        entity_key_serialization_version=3,
    )
    return RedisOnlineStore().notes(config)


def test_a_note_is_what_was_put_last(redis_address: str) -> None:
    """Until it is removed, which may be done twice."""
    found = notes(redis_address)
    assert found.get("shop:note") is None
    found.put("shop:note", "first")
    found.put("shop:note", "zweite, für alle")
    found.put("shop:other", "other")
    assert found.get("shop:note") == "zweite, für alle".encode()
    found.remove("shop:note")
    found.remove("shop:note")
    assert found.get("shop:note") is None
    assert found.get("shop:other") == b"other"


def test_a_redis_that_is_away_is_told() -> None:
    """By every verb."""
    away = notes(f"{LOOPBACK}:{free_port()}")
    with pytest.raises(ServerUnavailableError):
        away.get("k")
    with pytest.raises(ServerUnavailableError):
        away.put("k", "v")
    with pytest.raises(ServerUnavailableError):
        away.remove("k")
