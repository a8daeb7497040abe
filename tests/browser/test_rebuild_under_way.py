"""Rebuild from the page: of what was spoilt by hand, while signals come, twice, by two people."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from support.damage import damage, signals_of
from support.settling import settle
from support.steady_signals import SteadySignals

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from support.browsing import Site

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.slow]

PAST = 400
"""Signals that a person has before."""


def jobs_of(page: Page, site: Site, user_id: str) -> int:
    """Count how often a job was begun about a person."""
    log = page.request.get(f"{site.url}/system?person={user_id}&format=json").json()["audit"]
    return sum(entry["action"] == "rebuild" for entry in log)


def test_what_was_spoilt_comes_back_while_signals_keep_coming(page: Page, site: Site) -> None:
    """Rows, later anchors and the hash in Redis; nothing that came meanwhile is lost."""
    who = "spoilt-by-hand"
    settle(page, site, who, PAST, timedelta(hours=1))
    with SteadySignals(site.environment["OO_NATS"], who) as steady:
        steady.wait_for_more(20)
        damage(site.db, site.environment["OO_REDIS"], who)
        steady.wait_for_more(20)
        page.goto(f"{site.url}/users/{who}")
        assert page.get_by_text("they do not, by up to").first.is_visible()
        page.get_by_role("button", name="Rebuild").click()
        page.get_by_role("heading", name="What changed").wait_for()
        told = page.locator("#job").inner_text()
        assert "activity_state" in told
        assert "task_state" in told
        steady.wait_for_more(20)
    site.wait_until_built(page)
    assert signals_of(site.db, who) == PAST + steady.acknowledged
    page.goto(f"{site.url}/users/{who}")
    assert "yes" in page.locator("#redis").inner_text()
    assert page.get_by_text("they do not, by up to").count() == 0
    site.oo("verify")


def test_a_double_click_begins_one_job(page: Page, site: Site) -> None:
    """However soon the first one is done."""
    who = "clicked-twice"
    settle(page, site, who, PAST, timedelta(hours=1))
    for expected in (1, 2):
        page.goto(f"{site.url}/users/{who}")
        page.get_by_role("button", name="Rebuild").dblclick()
        page.get_by_role("heading", name="What changed").wait_for()
        assert jobs_of(page, site, who) == expected


def test_two_admins_share_a_rebuild_and_disturb_no_other(
    page: Page, site: Site, chromium: Browser
) -> None:
    """Both press Rebuild on one person, then one forgets whom the other rebuilds."""
    who = "seen-by-two"
    settle(page, site, who, PAST, timedelta(hours=1))
    site.oo("admin", "adduser", "grace", "--role", "operator", "--password-stdin", typed="g" * 12)
    context = chromium.new_context()
    other = context.new_page()
    site.enter_as(other, "grace", "g" * 12)
    for one in (page, other):
        one.goto(f"{site.url}/users/{who}")
    for one in (page, other):
        one.get_by_role("button", name="Rebuild").click(no_wait_after=True)
    for one in (page, other):
        one.get_by_role("heading", name="What changed").wait_for()
    for one in (page, other):
        one.goto(f"{site.url}/users/{who}")
    other.get_by_label("Type the user's id to confirm").fill(who)
    page.get_by_role("button", name="Rebuild").click(no_wait_after=True)
    other.get_by_role("button", name="Forget").click(no_wait_after=True)
    other.wait_for_url("**/jobs/*")
    other.locator("#job progress").wait_for(state="detached")
    assert "What was removed" in other.locator("#job").inner_text()
    page.wait_for_url("**/jobs/*")
    page.locator("#job progress").wait_for(state="detached")
    assert page.request.get(f"{site.url}/users/{who}").status == 404
    assert signals_of(site.db, who) == 0
    context.close()
