"""Lists of users and features, and that every page has its JSON."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from support.admin import NOW, Pages
from support.world import signal

from oo_admin.reading import user_list
from oo_profile.inputs.git_history import author_id

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live


def test_users_come_by_activity_and_by_id_in_pages(world: World) -> None:
    """Page after page gives everybody once: newest first, longest inactive first, by id."""
    ids = [f"u{number}" for number in range(7)]
    signals = [
        signal("mood.logged", user, NOW - timedelta(hours=at % 3 + 1), score=3)
        for at, user in enumerate(ids)
    ]
    world.publish_and_build(signals)
    reader = Pages.of(world).admin.reader
    expected = sorted(ids, key=lambda user: (-(int(user[1]) % 3), user))
    with reader.reading() as connection:
        found: dict[str, list[str]] = {}
        for order in ("newest", "stalest"):
            after = None
            while True:
                page = user_list.by_activity(connection, order, after, 3)
                found.setdefault(order, []).extend(row.user_id for row in page.rows)
                if (after := page.after) is None:
                    break
        first = user_list.by_id(connection, "u", None, 5)
        rest = user_list.by_id(connection, "u", first.after, 5)
    assert found == {"stalest": expected, "newest": expected[::-1]}
    assert [row.user_id for row in (*first.rows, *rest.rows)] == ids
    assert rest.after is None


def test_the_list_by_activity_sorts_nothing_and_scans_nothing(pages: Pages) -> None:
    """A million users cost as much as fifty: an index has the order."""
    from oo_profile.storage import user_activity  # noqa: PLC0415 - beside its use

    with pages.admin.reader.reading() as connection:
        told: list[str] = []
        connection.set_trace_callback(told.append)
        user_activity.ordered(connection, 9, after=(5, "x"))
        user_activity.ordered(connection, 9, after=(5, "x"), newest_first=False)
        connection.set_trace_callback(None)
        for statement in told:
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
            assert len(plan) == 1
            assert plan[0].startswith("SEARCH user_activity USING COVERING INDEX")


def test_a_git_author_is_found_by_his_address(world: World) -> None:
    """The id is a hash of it; another id with an @ in it is found as well."""
    user = author_id("Ada@Example.org")
    at = NOW - timedelta(hours=1)
    world.publish_and_build([signal("mood.logged", who, at, score=3) for who in (user, "x@y")])
    pages = Pages.of(world).enter()
    for search, expected in (("ada@example.org", user), ("x@", "x@y")):
        listed = pages.facts(f"/admin/users?q={search}")["users"]
        assert [one["user_id"] for one in listed] == [expected]


def test_a_world_without_users_says_what_to_do(world: World) -> None:
    """Each page's empty state has the next step."""
    world.publish_and_build([signal("mood.logged", "ada", NOW, score=9)])
    pages = Pages.of(world).enter()
    assert "oo publish FILE" in pages.get("/admin/users").text
    assert "oo quality log-sample" in pages.get("/admin/features/mood_score").text
    assert "oo quality log-sample" in pages.get("/admin/data-quality").text
    quality = pages.facts("/admin/data-quality")
    assert [row["count"] for row in quality["rejected"]] == [1]
    assert "buttons that begin one" in pages.get("/admin/system").text


def test_the_catalogue_has_every_feature_with_its_way(pages: Pages) -> None:
    """Search finds by words; a feature's picture leads from subjects to services."""
    catalogue = pages.admin.reader.catalogue
    everything = {entry.name for entry in (*catalogue.features, *catalogue.columns)}
    assert {one["name"] for one in pages.facts("/admin/features")["features"]} == everything
    found = {one["name"] for one in pages.facts("/admin/features?q=MOOD")["features"]}
    assert {"mood_score", "mood_trend", "mood_last_score"} <= found < everything
    for name in sorted(everything):
        pages.get(f"/admin/features/{name}")
    facts = pages.facts("/admin/features/completion_rate")
    labels = [box["label"] for box in facts["lineage"]["boxes"]]
    assert labels[0] == "task.completed"
    assert labels[-2:] == ["bandit_v2", "profile_v1"]
    assert facts["profiled"]
    assert not pages.facts("/admin/features/task_created")["profiled"]


def test_freshness_by_view_counts_users(pages: Pages) -> None:
    """Of two users one has a mood of yesterday, the other one that expired."""
    views = {view["view"]: view["counts"] for view in pages.facts("/admin/data-quality")["views"]}
    assert views["mood_state"] == {"fresh": 1, "stale": 0, "expired": 1, "never seen": 0}
    assert views["calendar_state"]["never seen"] == 2
