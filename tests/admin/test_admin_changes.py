"""The buttons of a user's page: rebuild, export, forget."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

import pytest
from support.admin import NOW
from support.world import signal

from oo_admin.accounts.accounts import Role
from oo_admin.jobs import Jobs
from oo_admin.quality.alerts import Alert, State
from oo_admin.quality.finding import Cause, Severity
from oo_admin.quality.store import FILE, opened
from oo_profile.storage.database import connect

if TYPE_CHECKING:
    from support.admin import Pages
    from support.world import World

    from oo_admin.job_results import JobResult

pytestmark = pytest.mark.live


def damage(world: World) -> None:
    """Spoil Ada's rows: some gone, one with a later anchor than there ever was."""
    connection = connect(world.settings.db)
    connection.execute("DELETE FROM task_state WHERE user_id = 'ada'")
    connection.execute(
        "UPDATE activity_state SET event_timestamp = event_timestamp + 1000000000, "
        "activity_sessions = 99 WHERE user_id = 'ada'"
    )
    connection.close()


def test_rebuild_puts_right_what_was_spoilt_and_says_what_changed(
    pages: Pages, world: World
) -> None:
    """Rows, later anchors and Redis come back, and the values are those from before."""
    before = pages.facts("/admin/users/ada?feature=completion_rate")["feature"]["value"]
    damage(world)
    pages.admin.reader.online.delete(["ada"])
    assert pages.facts("/admin/users/ada?feature=completion_rate")["feature"]["value"] != before
    job = pages.job(pages.post("/admin/rebuild", user_id="ada"))
    assert job["state"] == "done"
    assert job["result"]["views"]["task_state"]["missing"] == 2
    assert "completion_rate" in job["result"]["changed_features"]
    facts = pages.facts("/admin/users/ada")
    assert facts["online"]["agrees"]
    assert all(heat["agrees"] for heat in facts["heat_maps"])
    assert pages.facts("/admin/users/ada?feature=completion_rate")["feature"][
        "value"
    ] == pytest.approx(before, rel=1e-6)
    assert "2 missing" in pages.get(f"/admin/jobs/{job['number']}").text


def test_a_double_click_and_a_second_operator_share_one_job(pages: Pages) -> None:
    """While it is under way nobody begins it again; who asks is led to it."""
    go_on = threading.Event()
    first, _ = pages.admin.jobs.begin("rebuild", "bob", "x", lambda _: {"rows": go_on.wait(60)})
    one = pages.post("/admin/rebuild", user_id="ada").headers["location"]
    two = pages.post("/admin/rebuild", user_id="ada").headers["location"]
    three = pages.enter(name="grace").post("/admin/rebuild", user_id="ada").headers["location"]
    go_on.set()
    assert one == two == three != f"/admin/jobs/{first.number}"
    pages.admin.jobs.wait()
    assert [job.state for job in pages.admin.jobs.newest(9)] == ["done", "done"]
    assert [entry.action for entry in pages.admin.audit.newest(9, user_id="ada")].count(
        "rebuild"
    ) == 1


def test_a_second_click_after_the_job_is_done_begins_nothing(pages: Pages) -> None:
    """One press is one job, also of somebody who is gone by then; a page anew is another press."""
    mark = re.compile(r'name="press" value="([^"]+)"')
    press = mark.search(pages.get("/admin/users/ada").text)
    again = mark.search(pages.get("/admin/users/ada").text)
    assert press is not None
    assert again is not None
    first = pages.post("/admin/rebuild", user_id="ada", press=press[1])
    assert pages.job(first)["state"] == "done"
    second = pages.post("/admin/rebuild", user_id="ada", press=press[1])
    assert second.headers["location"] == first.headers["location"]
    third = pages.post("/admin/rebuild", user_id="ada", press=again[1])
    assert third.headers["location"] != first.headers["location"]
    gone = pages.post("/admin/forget", user_id="bob", typed="bob", press="p")
    assert pages.job(gone)["state"] == "done"
    gone_again = pages.post("/admin/forget", user_id="bob", typed="bob", press="p")
    assert gone_again.headers["location"] == gone.headers["location"]


def test_retry_and_drop_of_one_page_are_two_presses(pages: Pages, world: World) -> None:
    """Both buttons bring the same mark, and each begins its own job."""
    world.publish_and_build([signal("mood.logged", "ada", "2026-01-01T00:00:00Z", score=9)])
    (reason,) = pages.facts("/admin/data-quality")["reasons"]
    one = pages.job(pages.post("/admin/rejected", reason=reason, action="retry", press="p"))
    world.publish_and_build([])
    two = pages.job(pages.post("/admin/rejected", reason=reason, action="drop", press="p"))
    assert [one["kind"], two["kind"]] == ["retry", "drop"]
    again = pages.post("/admin/rejected", reason=reason, action="drop", press="p")
    assert again.headers["location"] == f"/admin/jobs/{two['number']}"


def test_a_job_of_a_killed_process_is_told_as_interrupted(pages: Pages) -> None:
    """Whoever starts next finds its row, says so, and can begin it anew."""
    with pages.admin.database.writing() as connection:
        connection.execute(
            "INSERT INTO jobs (kind, account, person, state, done, total, began_at, result) "
            "VALUES ('rebuild', 'ada', ?, 'running', 3, 9, 1, '{}')",
            (pages.admin.database.person_hash("ada"),),
        )
    Jobs(pages.admin.database, pages.admin.clock).close()
    assert "interrupted" in pages.get("/admin/jobs/1").text
    assert pages.job(pages.post("/admin/rebuild", user_id="ada"))["state"] == "done"


def test_a_job_that_fails_says_why_and_names_nobody(pages: Pages) -> None:
    """The reason stands on its page, without the id."""

    def fail(_: object) -> JobResult:
        raise ValueError("ada is not there")

    job, _ = pages.admin.jobs.begin("rebuild", "ada", "x", fail)
    pages.admin.jobs.wait()
    assert pages.admin.jobs.get(job.number).result == {"error": "(the user) is not there"}
    assert "(the user) is not there" in pages.get(f"/admin/jobs/{job.number}").text


def test_an_export_holds_everything(pages: Pages) -> None:
    """Profile, signals as received, and every version of every state."""
    told = pages.post("/admin/export", 200, user_id="ada").json()
    assert (told["user_id"], len(told["signals"])) == ("ada", 5)
    assert {view: len(rows) for view, rows in told["history"].items()}["mood_state"] == 1
    assert pages.admin.audit.newest(1)[0].action == "export"


def test_forgetting_needs_the_id_typed_and_leaves_no_name(pages: Pages, world: World) -> None:
    """Nothing happens without it; afterwards no file of these pages holds the id."""
    name = "ada-who-leaves"
    world.publish_and_build([signal("mood.logged", name, "2026-01-01T00:00:00Z", score=1)])
    pages.get(f"/admin/users/{name}")
    pages.post("/admin/forget", 400, user_id=name, typed=name[:-1])
    pages.get(f"/admin/users/{name}")
    job = pages.job(pages.post("/admin/forget", user_id=name, typed=name))
    assert job["state"] == "done", job
    assert job["result"]["left"] == []
    pages.get(f"/admin/users/{name}", 404)
    path = pages.admin.database.path
    for file in path.parent.glob(path.name + "*"):
        assert name.encode() not in file.read_bytes()
    actions = [entry.action for entry in pages.admin.audit.newest(9, user_id=name)]
    assert actions == ["forget", "looked"]


def test_rejected_messages_are_retried_or_dropped_by_reason(pages: Pages, world: World) -> None:
    """A retry puts them into the stream again; a drop removes them; each is in the audit log."""
    world.publish_and_build([signal("mood.logged", "ada", "2026-01-01T00:00:00Z", score=9)])
    (reason,) = pages.facts("/admin/data-quality")["reasons"]
    job = pages.job(pages.post("/admin/rejected", reason=reason, action="retry"))
    assert job["result"] == {"published": 1, "cut": 0, "unpublishable": 0}
    assert "1 message published again" in pages.get(f"/admin/jobs/{job['number']}").text
    world.publish_and_build([])
    pages.post("/admin/rejected", 400, reason=reason, action="burn")
    job = pages.job(pages.post("/admin/rejected", reason=reason, action="drop"))
    assert job["result"] == {"dropped": 1}
    pages.post("/admin/rejected", 400, reason=reason, action="drop")
    assert [entry.action for entry in pages.admin.audit.newest(2)] == ["drop", "retry"]


def test_an_alert_is_shown_with_what_to_do_and_can_be_muted(pages: Pages) -> None:
    """What, since when, what is affected and what helps; a mute has an end, a reason and a name."""
    assert "The checks have not run yet" in pages.get("/admin/data-quality").text
    now_us = pages.admin.clock()
    alert = Alert(
        key="source-stopped|app",
        cause=Cause.SOURCE_STOPPED,
        about="app",
        state=State.FIRING,
        severity=Severity.CRITICAL,
        what="nothing came from app for 3 h",
        since_us=now_us - 1,
        seen_us=now_us,
        subjects=("signals.app.session",),
        users=2,
    )
    with opened(pages.admin.reader.settings.db.with_name(FILE)) as store:
        store.set_alerts([alert])
        store.set_mark("evaluated_us", now_us)
    told = pages.facts("/admin/data-quality")["quality"]
    assert told["alerts"][0]["services"] == ["profile_v1"]
    assert {row["subject"] for row in told["subjects"]} >= {"signals.mood.logged"}
    text = pages.get("/admin/data-quality").text
    assert "nothing came from app for 3 h" in text
    assert "2 users affected" in text
    pages.post("/admin/mute", 400, key=alert.key, hours="x", reason="known")
    pages.post("/admin/mute", 400, key=alert.key, hours="4", reason=" ")
    pages.post("/admin/mute", 404, key="another", hours="4", reason="known")
    pages.post("/admin/mute", key=alert.key, hours="4", reason="known")
    muted = pages.facts("/admin/data-quality")["quality"]["alerts"][0]
    assert (muted["muted_by"], muted["mute_reason"]) == ("operator", "known")
    pages.post("/admin/mute", key=alert.key, hours="0", reason="mended")
    assert pages.facts("/admin/data-quality")["quality"]["alerts"][0]["muted_by"] is None


def test_who_sent_most_is_named_to_operators_alone(pages: Pages, world: World) -> None:
    """Whom an alert of a flood is about; a viewer sees how many came, and not of whom."""
    world.publish_and_build(
        [signal("mood.logged", "floods", NOW, f"flood-{number}", score=3) for number in range(30)]
    )
    with opened(pages.admin.reader.settings.db.with_name(FILE)) as store:
        store.set_mark("evaluated_us", pages.admin.clock())
    assert pages.facts("/admin/data-quality")["quality"]["busiest"]["user_id"] == "floods"
    assert 'href="/admin/users/floods"' in pages.get("/admin/data-quality").text
    pages.enter(Role.VIEWER)
    assert pages.facts("/admin/data-quality")["quality"]["busiest"] is None
    assert "floods" not in pages.get("/admin/data-quality").text


def test_a_test_of_the_alerts_tells_whom_it_reached(pages: Pages) -> None:
    """By default that is the subject on NATS; its page has each address's answer."""
    job = pages.job(pages.post("/admin/alert-test"))
    assert job["state"] == "done", job
    assert job["result"] == {"answers": [{"channel": "nats", "refusal": ""}]}
    assert "nats: sent" in pages.get(f"/admin/jobs/{job['number']}").text
