"""A state is stale at one and the same microsecond wherever somebody asks."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from feast.protos.feast.serving.ServingService_pb2 import FieldStatus
from support.building import minutes_ago
from support.world import signal

from oo_admin.quality.observing import newest_event_times, view_freshness
from oo_profile.registry import state_views
from oo_profile.storage.database import reading
from oo_transforms.clock import EPOCH, MICROSECOND

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live

PRESENT, EXPIRED = FieldStatus.PRESENT, FieldStatus.OUTSIDE_MAX_AGE


def test_all_ways_agree_one_microsecond_around_a_ttl(world: World) -> None:
    """`oo profile`, the status of served state and the quality report say the same, both sides."""
    synced = signal("calendar.synced", "ada", minutes_ago(9), busy_minutes=5, window_minutes=480)
    active = signal("app.session", "ada", minutes_ago(1), duration_seconds=60)
    world.publish_and_build([synced, active])
    ttls = {name: view.ttl or None for name, view in state_views(world.store).items()}
    with reading(world.settings.db) as connection:
        newest = newest_event_times(connection, ["ada"])
    ttl = ttls["calendar_state"] or timedelta(0)
    expires_us = newest["calendar_state"]["ada"] + ttl // MICROSECOND
    for late_us, status, word in (
        (-1, PRESENT, "fresh"),
        (0, PRESENT, "fresh"),
        (1, EXPIRED, "expired"),
    ):
        now_us = expires_us + late_us
        told = {one.view: one for one in view_freshness(newest, ttls, now_us)}["calendar_state"]
        assert (told.users, told.expired) == (1, int(word == "expired"))
        assert served(world, now_us) == status
        assert profiled(world, now_us) == word


def served(world: World, now_us: int) -> int:
    """Return the status of the state column as it is served at a moment."""
    answer = world.store.get_online_features(
        ["calendar_state:calendar_last_busy_ratio"], [{"user_id": "ada", "now": now_us / 1e6}]
    )
    place = list(answer.proto.metadata.feature_names.val).index("calendar_last_busy_ratio")
    return int(answer.proto.results[place].statuses[0])


def profiled(world: World, now_us: int) -> str:
    """Return what `oo profile` says of the feature's state at a moment."""
    at = (EPOCH + timedelta(microseconds=now_us)).isoformat()
    said = world.oo("profile", "ada", "--json", "--at", at).stdout
    features = {one["name"]: one for one in json.loads(said)["features"]}
    return str(features["calendar_busyness"]["freshness"])
