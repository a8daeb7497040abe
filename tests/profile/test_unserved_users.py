"""A user whose profile is not in Redis is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis
from support.world import signal

from oo_profile.agreement import unserved_users
from oo_profile.settings import redis_endpoint
from oo_profile.storage.database import reading

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live


def unserved(world: World) -> list[str]:
    """Ask for all users that have signals."""
    with reading(world.settings.db) as connection:
        return unserved_users(world.store, connection)


def test_who_is_not_in_redis_is_named(world: World) -> None:
    """After a build everybody is there; of whom Redis has lost the hash, the name is told."""
    at = "2026-05-01T10:00:00+02:00"
    world.publish_and_build([signal("mood.logged", user, at, score=3) for user in ("ada", "bob")])
    assert unserved(world) == []
    host, port = redis_endpoint(world.settings.redis)
    with redis.Redis(host=host, port=port) as client:
        (lost,) = (key for key in client.scan_iter() if b"bob" in key)
        client.delete(lost)
    assert unserved(world) == ["bob"]
