"""A user's page says what the profile, the state and the log say."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from support.admin import NOW, Pages
from support.withheld import withhold
from support.world import signal

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live


def features_of(pages: Pages, path: str) -> dict[str, dict[str, object]]:
    """Return the features of a page by name."""
    groups = pages.facts(path)["groups"]
    return {feature["name"]: feature for group in groups for feature in group["features"]}


def test_values_and_freshness_are_those_of_oo_profile(pages: Pages, world: World) -> None:
    """At one moment every feature is the same to the last digit, in the same order."""
    at = (NOW - timedelta(hours=1)).isoformat()
    told = json.loads(world.oo("profile", "ada", "--at", at, "--json").stdout)
    shown = features_of(pages, "/admin/users/ada?at=" + at.replace("+", "%2B"))
    assert list(shown) == [feature["name"] for feature in told["features"]]
    for feature in told["features"]:
        page = shown[feature["name"]]
        assert page["value"] == feature["value"]
        assert page["expires_at"] == feature["state_expires_at"]
        kind = "fresh" if page["staleness"] == "stale" else page["staleness"]
        assert kind == feature["freshness"]


@pytest.mark.usefixtures("pages")
def test_a_state_expires_to_the_microsecond(world: World) -> None:
    """At exactly its TTL it still counts; a microsecond later it is expired, and says so."""
    withhold(world, "mood_features", "mood_score")
    pages = Pages.of(world).enter()
    expiry = NOW - timedelta(days=8) + timedelta(days=7)
    for past_us, kind in ((-1, "stale"), (0, "stale"), (1, "expired")):
        at = (expiry + timedelta(microseconds=past_us)).isoformat().replace("+", "%2B")
        feature = features_of(pages, f"/admin/users/ada?at={at}")["mood_score"]
        assert feature["staleness"] == kind
        assert feature["value"] == (None if kind == "expired" else 4.0)
        assert feature["withheld"] == (kind == "expired")
        why = pages.get(f"/admin/users/ada?feature=mood_score&at={at}").text
        assert ("the feature is withheld" in why) == (kind == "expired")


def test_the_heat_map_adds_up_to_the_state(pages: Pages) -> None:
    """Rows are the weekdays' sums and columns the hours', to 1e-9; a cell has the local hour."""
    maps = {heat["view"]: heat for heat in pages.facts("/admin/users/ada")["heat_maps"]}
    assert set(maps) == {"activity_state", "task_state"}
    assert all(heat["agrees"] and heat["largest_deviation"] <= 1e-9 for heat in maps.values())
    then = NOW - timedelta(days=2)
    assert maps["task_state"]["cells"][then.weekday()][then.hour] == pytest.approx(
        2 ** (-2 / 28), rel=1e-4
    )


def test_why_lists_what_still_weighs_and_it_adds_up(pages: Pages) -> None:
    """Each signal with what is left of it, together what the state's columns hold."""
    facts = pages.facts("/admin/users/ada?feature=completion_rate")
    assert [one["subject"] for one in facts["evidence"]] == [
        "signals.task.completed",
        "signals.task.created",
    ]
    assert facts["evidence"][0]["left"] == pytest.approx(2 ** (-2 / 28), rel=1e-4)
    assert facts["agrees"]
    assert len(facts["course"]["values"]) == len(facts["course_times"])
    assert facts["course"]["values"][-1] == facts["feature"]["value"]


def test_redis_that_differs_is_told(pages: Pages, world: World) -> None:
    """Damage in Redis is named view by view, and a Redis that was emptied too."""
    assert pages.facts("/admin/users/ada")["online"]["agrees"]
    pages.admin.reader.online.delete(["ada"])
    online = pages.facts("/admin/users/ada")["online"]
    assert not online["agrees"]
    assert any(
        "is missing in Redis" in said for view in online["views"] for said in view["differences"]
    )
    assert "They differ" in pages.get("/admin/users/ada").text
    assert world.settings.db.exists()


def test_a_late_signal_changes_what_was_true_then(pages: Pages, world: World) -> None:
    """The page of a past moment counts what happened by then, whenever it came."""
    at = (NOW - timedelta(days=4)).isoformat().replace("+", "%2B")
    before = features_of(pages, f"/admin/users/ada?at={at}")["snooze_rate"]
    late = signal("task.snoozed", "ada", NOW - timedelta(days=5), task_id="t", category="fix")
    world.publish_and_build([late])
    after = features_of(pages, f"/admin/users/ada?at={at}")["snooze_rate"]
    assert before["staleness"] == "never seen"
    assert after["value"] > before["value"]  # type: ignore[operator]  # numbers


def test_an_open_page_is_told_when_there_is_something_new(pages: Pages, world: World) -> None:
    """Nothing until a signal was received, which may be of long ago; then all of the page."""
    seen = pages.facts("/admin/users/ada")["received_us"]
    assert pages.get(f"/admin/users/ada?newer_than={seen}", 204).text == ""
    late = signal("task.snoozed", "ada", NOW - timedelta(days=5), task_id="t", category="fix")
    world.publish_and_build([late])
    text = pages.get(f"/admin/users/ada?newer_than={seen}").text
    assert "signals.task.snoozed" in text
    assert f'hx-get="/admin/users/ada?newer_than={seen}"' not in text
    pages.get("/admin/users/ada?newer_than=soon", 400)
    pages.get("/admin/users/ada?newer_than=" + "9" * 40, 400)


def test_somebody_unknown_is_answered_with_ids_that_begin_alike(pages: Pages) -> None:
    """With what was asked, and a moment that is none with how to write one."""
    assert "begin like it: ada" in pages.get("/admin/users/adx", 404).text
    assert "is no instant" in pages.get("/admin/users/ada?at=yesterday", 400).text
    assert "near to it" in pages.get("/admin/users/ada?feature=completion", 404).text
