"""What a signal, an id or an address carries is shown, and does nothing."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from support.admin import NOW, Pages
from support.world import signal

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live

EVIL = '"><script>alert(1)</script>'
"""Breaks out of an attribute and out of a text, where it is not escaped."""
WHO = "eve" + EVIL
PARAMETERS = (
    "/admin/users?q={}",
    "/admin/users?order={}",
    "/admin/users?after={}",
    "/admin/users/{}",
    "/admin/user?id={}",
    "/admin/users/ada?at={}",
    "/admin/users/ada?feature={}",
    "/admin/features?q={}",
    "/admin/features/{}",
    "/admin/system?person={}",
    "/admin/system?before={}",
    "/admin/jobs/{}",
    "/admin/login?next={}",
    "/admin/{}",
    "/admin/users?format={}",
    "/admin/users?{}=1",
)
SEARCHES = ("' OR '1'='1", "ada' --", "%", "_da", "ada\x00", "a*", '"; DROP TABLE signals; --')
IDS = ("../../etc/passwd", "..", ".", "a/b", "a b?c#d", "ä", "%2e%2e")


def evil_signals() -> list[tuple[str, dict[str, object]]]:
    """Return a signal of every subject with the same in every text that it may carry."""
    at = NOW - timedelta(hours=1)
    cut = EVIL[:60]
    return [
        signal("app.session", WHO, at, EVIL + "1", duration_seconds=9, more=EVIL),
        signal("task.created", WHO, at, EVIL + "2", task_id=cut, category=cut, priority=1),
        signal("task.completed", WHO, at, EVIL + "3", task_id=cut, category=cut),
        signal("task.snoozed", WHO, at, EVIL + "4", task_id=cut, category=cut),
        signal("tip.shown", WHO, at, EVIL + "5", tip_id=cut, category=cut, more=EVIL),
        signal("tip.feedback", WHO, at, EVIL + "6", tip_id=cut, category=cut, action="done"),
        signal("calendar.synced", WHO, at, EVIL + "7", busy_minutes=1, window_minutes=2),
        signal("mood.logged", WHO, at, EVIL + "8", score=3),
        signal("source.synced", WHO, at, EVIL + "9", source="app"),
        signal("mood.logged", WHO, at, EVIL + "10", score=EVIL),
        signal(f"mood.{EVIL.replace('>', '').replace(' ', '')}", WHO, at, score=1),
    ]


def test_no_field_of_a_signal_becomes_code(world: World) -> None:
    """Stored XSS: through ids, categories, unknown fields and rejected messages."""
    world.publish_and_build(evil_signals())
    pages = Pages.of(world).enter()
    listed = pages.facts("/admin/users?q=eve")["users"]
    assert [user["user_id"] for user in listed] == [WHO]
    page = pages.get("/admin/users?q=eve").text
    address = html.unescape(page.partition('scope="row"><a href="')[2].partition('"')[0])
    texts = [page, pages.get(address).text, pages.get("/admin/data-quality").text]
    for feature in ("preferred_categories", "tip_done_rate", "mood_score", "hours_since_app"):
        texts += [pages.get(f"{address}&feature={feature}").text]
    job = pages.post("/admin/rebuild", user_id=WHO)
    pages.job(job)
    texts += [pages.get(job.headers["location"]).text, pages.get("/admin/system").text]
    for text in texts:
        assert "<script>alert" not in text
        assert '"><' + "script" not in text
    assert html.escape(EVIL[:20]) in texts[1].replace("&#34;", "&quot;")
    assert "&lt;script&gt;" in texts[2]


def test_nothing_that_is_asked_becomes_code(pages: Pages) -> None:
    """Reflected XSS: through every parameter and part of an address."""
    for path in PARAMETERS:
        answer = pages.client.get(path.format("%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E"))
        assert answer.status_code < 500
        assert "<script>alert" not in answer.text


def test_a_search_is_no_sql(pages: Pages) -> None:
    """Quotes and the wildcards of SQL are letters like others: nobody's id begins with them."""
    for search in SEARCHES:
        for parameter in ("q", "after"):
            asked = {parameter: search, "order": "id"}
            assert pages.client.get("/admin/users", params=asked).status_code == 200
        told = pages.client.get("/admin/users", params={"q": search, "format": "json"}).json()
        assert told["users"] == []
    assert len(pages.facts("/admin/users?order=id")["users"]) == 2


def test_ids_like_paths_are_ids(world: World) -> None:
    """Their page is found where the list leads, and an export is named the same for everybody."""
    at = NOW - timedelta(hours=1)
    world.publish_and_build([signal("mood.logged", user_id, at, score=3) for user_id in IDS])
    pages = Pages.of(world).enter()
    page = pages.get("/admin/users?order=id").text
    addresses = map(html.unescape, re.findall(r'scope="row"><a href="([^"]*)"', page))
    for user_id, address in zip(sorted(IDS), addresses, strict=True):
        assert f'<h1 class="id">{html.escape(user_id)}</h1>' in pages.get(address).text
        answer = pages.post("/admin/export", 200, user_id=user_id)
        assert answer.headers["content-disposition"].endswith('filename="oo-user-export.json"')
        assert answer.json()["user_id"] == user_id


def test_static_files_end_at_their_folder(pages: Pages) -> None:
    """Nothing above it is given away."""
    for path in ("../web/app.py", "..%2fweb%2fapp.py", "%2e%2e/commands.py"):
        assert pages.client.get(f"/admin/static/{path}").status_code == 404
