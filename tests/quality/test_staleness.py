"""A state is stale at one and the same microsecond wherever somebody asks."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from feast.protos.feast.serving.ServingService_pb2 import FieldStatus
from support.admin import Pages
from support.building import minutes_ago
from support.payloads import OWN_FIELDS
from support.withheld import withhold
from support.world import signal

from oo_admin.quality.observing import newest_event_times, view_freshness
from oo_profile.registry import state_views
from oo_profile.storage.database import reading
from oo_transforms.clock import EPOCH, MICROSECOND
from oo_transforms.syncs import SOURCE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from support.world import SignalData, World

pytestmark = pytest.mark.live

AROUND_US = (-1, 0, 1)
SUBJECTS = {
    "activity_state": "app.session",
    "task_state": "task.completed",
    "tip_state": "tip.shown",
    "calendar_state": "calendar.synced",
    "mood_state": "mood.logged",
}
FEATURES = {
    "activity_state": "sessions_per_week",
    "task_state": "completion_rate",
    "tip_state": "tips_per_week",
    "calendar_state": "calendar_busyness",
    "mood_state": "mood_score",
}
GROUPS = {"calendar_state": "calendar_features", "mood_state": "mood_features"}
WITHHELD = GROUPS.keys()
ANCHORS = {view.name: view.anchor_field for view in SOURCE_VIEWS.values()}


def test_all_ways_agree_one_microsecond_around_every_ttl(world: World) -> None:
    """Page, `oo profile`, served status, withheld value, training and quality report say one thing.

    Each view has a user whose only state of it is of one instant, and who is still active when it
    expires; all of that is in the past.
    """
    ttls = {name: view.ttl for name, view in state_views(world.store).items() if view.ttl}
    assert ttls.keys() == SUBJECTS.keys() == FEATURES.keys()
    for view, group in GROUPS.items():
        withhold(world, group, FEATURES[view])
    longest = max(ttls.values())
    seen = minutes_ago(60) - longest - timedelta(days=1) + 123_457 * MICROSECOND
    sent = [one for view in ttls for one in _life(view, seen, seen + ttls[view])]
    world.publish_and_build(sent)
    pages = Pages.of(world).enter()
    with reading(world.settings.db) as connection:
        newest = newest_event_times(connection, list(ttls))
    for view, ttl in ttls.items():
        expires_us = (seen + ttl - EPOCH) // MICROSECOND
        for late_us in AROUND_US:
            answers = told(world, pages, view, expires_us + late_us, newest)
            word = "expired" if late_us > 0 else "counts"
            assert answers == dict.fromkeys(answers, word), (view, late_us)


def _life(view: str, seen: datetime, expires: datetime) -> list[SignalData]:
    """Return a signal of a view, and one of another view shortly before the first expires."""
    other = "mood_state" if view != "mood_state" else "activity_state"
    return [
        signal(SUBJECTS[name], view, at, **OWN_FIELDS[f"signals.{SUBJECTS[name]}"])
        for name, at in ((view, seen), (other, expires - timedelta(hours=1)))
    ]


def told(
    world: World,
    pages: Pages,
    view: str,
    now_us: int,
    newest: Mapping[str, Mapping[str, int]],
) -> dict[str, str]:
    """Return what each way says of the state of the view's user: that it counts, or has expired."""
    at = (EPOCH + now_us * MICROSECOND).isoformat()
    feature = FEATURES[view]
    page = page_feature(pages, view, at, feature)
    profile = profile_feature(world, view, at, feature)
    said = {
        "page": page["staleness"],
        "profile": profile["freshness"],
        "status": status(world, view, now_us, f"{view}:{ANCHORS[view]}"),
        "report": reported(world, view, now_us, newest),
    }
    if view in WITHHELD:
        said |= {
            "page value": _given(page["value"]),
            "profile value": _given(profile["value"]),
            "value's status": status(world, view, now_us, f"{GROUPS[view]}:{feature}"),
            "value in training": _given(trained(world, view, now_us, f"{GROUPS[view]}:{feature}")),
        }
    return {way: _word(answer) for way, answer in said.items()}


def page_feature(pages: Pages, user: str, at: str, name: str) -> dict[str, Any]:
    """Return what the user's page says of a feature at a moment."""
    facts = pages.facts(f"/admin/users/{user}?at={at.replace('+', '%2B')}")
    found: dict[str, Any] = next(
        one for group in facts["groups"] for one in group["features"] if one["name"] == name
    )
    return found


def profile_feature(world: World, user: str, at: str, name: str) -> dict[str, Any]:
    """Return what `oo profile` says of a feature at a moment."""
    said = world.oo("profile", user, "--json", "--at", at).stdout
    found: dict[str, Any] = next(o for o in json.loads(said)["features"] if o["name"] == name)
    return found


def status(world: World, user: str, now_us: int, reference: str) -> int:
    """Return the status of a feature as it is served at a moment."""
    row = {"user_id": user, "now": now_us / 1e6, "utc_offset_minutes": 0}
    answer = world.store.get_online_features([reference], [row]).proto
    place = list(answer.metadata.feature_names.val).index(reference.split(":")[1])
    return int(answer.results[place].statuses[0])


def trained(world: World, user: str, now_us: int, reference: str) -> object:
    """Return a feature's value in a training set, None for null."""
    at = EPOCH + now_us * MICROSECOND
    row = {"user_id": user, "event_timestamp": at, "now": now_us / 1e6, "utc_offset_minutes": 0}
    job = world.store.get_historical_features(pd.DataFrame([row]), [reference])
    return job.to_arrow().column(reference.split(":")[1]).to_pylist()[0]


def reported(world: World, user: str, now_us: int, newest: Mapping[str, Mapping[str, int]]) -> str:
    """Return where the quality report counts a user's state of the view that he is named for."""
    ttls = {name: view.ttl or None for name, view in state_views(world.store).items()}
    own = {view: {u: at for u, at in times.items() if u == user} for view, times in newest.items()}
    (counted,) = (one for one in view_freshness(own, ttls, now_us) if one.view == user)
    assert counted.users == 1
    return "expired" if counted.expired else "counts"


def _given(value: object) -> str:
    return "expired" if value is None else "given"


def _word(answer: object) -> str:
    return "expired" if answer in {"expired", FieldStatus.OUTSIDE_MAX_AGE} else "counts"
