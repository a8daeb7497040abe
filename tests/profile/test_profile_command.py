"""`oo profile` shows what serving would answer, and how fresh the state behind it is."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from support.world import SignalData, signal

from oo_profile.building.profile_features import PROFILE_SERVICE
from oo_profile.storage.database import connect, transaction

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live

MARCH = datetime(2026, 3, 1, 12, tzinfo=UTC)


def days(count: float) -> timedelta:
    """Return so many days."""
    return timedelta(days=count)


def ada() -> list[SignalData]:
    """Return signals of one person, each kind of freshness on the first of March among them."""
    return [
        signal("app.session", "ada", "2026-03-01T09:00:00+02:00", duration_seconds=600),
        signal("app.session", "ada", "2026-02-20T09:30:00+01:00", duration_seconds=60),
        signal("task.created", "ada", MARCH - days(3), task_id="t", category="fix", priority=2),
        signal("task.completed", "ada", MARCH - days(2), task_id="t", category="fix"),
        signal("tip.shown", "ada", MARCH - days(60), tip_id="p", category="fix"),
        signal("mood.logged", "ada", MARCH - days(8), score=4),
        signal("source.synced", "ada", MARCH - days(5), source="todoist"),
    ]


def as_json(world: World, *arguments: str) -> dict[str, Any]:
    """Return what the command prints as JSON."""
    told: dict[str, Any] = json.loads(world.oo("profile", *arguments, "--json").stdout)
    return told


def by_name(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the features of a profile by name."""
    return {feature["name"]: feature for feature in told["features"]}


def test_values_are_those_that_serving_gives(world: World) -> None:
    """Every feature of `profile_v1` equals the answer from Redis at the same clock, bit by bit."""
    # An hour after the newest signal, where nothing has expired: Redis knows no TTL yet.
    world.publish_and_build([s for s in ada() if "mood" not in s[0] and "tip" not in s[0]])
    told = as_json(world, "ada", "--at", "2026-03-01T12:00Z")
    row = {"user_id": "ada", "now": MARCH.timestamp(), "utc_offset_minutes": 120}
    service = world.store.get_feature_service(PROFILE_SERVICE)
    served = world.store.get_online_features(service, [row]).to_dict()
    shown = {name: [feature["value"]] for name, feature in by_name(told).items()}
    assert shown == {name: served[name] for name in shown}
    assert len(shown) >= 33
    assert told["utc_offset_minutes"] == 120


def test_fresh_expired_and_never_seen_are_three_answers(world: World) -> None:
    """Freshness goes by the view's TTL; at exactly the TTL a state still counts."""
    world.publish_and_build(ada())
    features = by_name(as_json(world, "ada", "--at", "2026-03-01T12:00Z"))
    freshness = {name: feature["freshness"] for name, feature in features.items()}
    assert freshness["completion_rate"] == "fresh"
    assert freshness["tips_per_week"] == "fresh"
    assert freshness["mood_score"] == "expired"
    assert features["mood_score"]["value"] == 3.0
    assert freshness["calendar_busyness"] == "never seen"
    assert features["mood_score"]["state_age_seconds"] == 8 * 86400
    assert features["mood_score"]["state_expires_at"] == (MARCH - days(1)).timestamp()
    assert features["todoist_last_synced_at"]["state_expires_at"] is None
    later = by_name(as_json(world, "ada", "--at", "2026-03-01T12:00:00.000001Z"))
    assert later["tips_per_week"]["freshness"] == "expired"
    assert later["tips_per_week"]["value"] == 0.0


def test_a_person_reads_words_units_and_his_own_clock(world: World) -> None:
    """Shares are percent, hours are hours, and instants have the newest signal's offset."""
    world.publish_and_build(ada())
    text = world.oo("profile", "ada", "--at", "2026-03-01T13:00:00+01:00").stdout
    lines = {line.split("  ")[0]: line for line in text.splitlines()}
    assert text.startswith("ada at 2026-03-01 14:00:00 +02:00\n")
    assert "09:00 to 10:00" in lines["active_peak_hour"]
    assert " %" in lines["completion_rate"]
    assert "2 d" in lines["completion_rate"]
    assert "2026-05-28 14:00" in lines["completion_rate"]
    assert "fix" in lines["preferred_categories"]
    assert "2026-02-24 14:00:00 +02:00" in lines["todoist_last_synced_at"]
    assert lines["calendar_busyness"].split()[-3:] == ["never", "seen", "-"]
    assert "An expired state counts as none" in text
    assert max(map(len, text.splitlines())) <= 100


def test_the_moment_may_lie_in_the_past(world: World) -> None:
    """Signals after it do not count; a late one before it does; a naive moment is UTC."""
    world.publish_and_build(ada())
    late = signal("task.snoozed", "ada", MARCH - days(2.5), task_id="t", category="fix")
    before = by_name(as_json(world, "ada", "--at", "2026-02-27T00:00"))
    assert before == by_name(as_json(world, "ada", "--at", "2026-02-27T02:00+02:00"))
    world.publish_and_build([late])
    after = by_name(as_json(world, "ada", "--at", "2026-02-27T00:00"))
    assert after["snooze_rate"]["value"] > before["snooze_rate"]["value"]
    assert before["task_evidence"]["value"] == pytest.approx(2 ** (-0.5 / 28))
    earlier = as_json(world, "ada", "--at", "2026-02-25")
    assert by_name(earlier)["completion_rate"]["freshness"] == "never seen"
    assert earlier["utc_offset_minutes"] == 0


def test_before_the_first_signal_it_says_so(world: World) -> None:
    """The user is known, so there is a profile, and all of it is without evidence."""
    world.publish_and_build(ada())
    text = world.oo("profile", "ada", "--at", "2020-01-01").stdout
    assert "There is no signal by then" in text
    told = as_json(world, "ada", "--at", "2020-01-01")
    assert {feature["freshness"] for feature in told["features"]} == {"never seen"}


def test_an_unknown_user_is_answered_with_ids_that_begin_alike(world: World) -> None:
    """Those with the longest common beginning are named; without any signal it says what to do."""
    users = ["ada", "adam", "adele", "bob"]
    at = MARCH - days(1)
    result = world.oo("profile", "ada", code=1)
    assert "there is no database at" in result.stderr
    world.publish_and_build([signal("mood.logged", user, at, score=3) for user in users])
    assert "begin like it: ada, adam\n" in world.oo("profile", "adax", code=1).stderr
    assert "begin like it: adele\n" in world.oo("profile", "adel", code=1).stderr
    result = world.oo("profile", "zoe", code=1)
    assert "user 'zoe' has no signals, so there is no profile" in result.stderr
    assert "Users that have some: ada, adam, adele, bob\n" in result.stderr


def test_a_database_without_signals_says_what_to_do(world: World) -> None:
    """There is nobody to name, so the way to the first signal is."""
    world.publish_and_build([signal("mood.logged", "ada", MARCH, score=9)])
    assert "`oo publish FILE`" in world.oo("profile", "ada", code=1).stderr


def test_a_moment_that_is_none_is_refused(world: World) -> None:
    """The message has the text and how to write it."""
    result = world.oo("profile", "ada", "--at", "yesterday", code=2)
    assert "'yesterday' is no instant" in result.stderr
    assert not world.settings.db.exists()


def test_the_builder_may_write_meanwhile(world: World) -> None:
    """A profile is read while another connection holds the write lock, as it was before."""
    world.publish_and_build(ada())
    before = as_json(world, "ada", "--at", "2026-03-01")
    with contextlib.closing(connect(world.settings.db)) as connection, transaction(connection):
        connection.execute("DELETE FROM task_state")
        assert as_json(world, "ada", "--at", "2026-03-01") == before
