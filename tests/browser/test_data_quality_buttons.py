"""The buttons of the page on data quality, each to its end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from support.world import signal

from oo_admin.quality.alerts import Alert, State
from oo_admin.quality.finding import Cause, Severity
from oo_admin.quality.store import FILE, opened
from oo_profile.wall_clock import wall_clock

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from support.browsing import Site

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.slow]

REASON = "out of bounds"


def put_alert(site: Site, key: str, what: str) -> None:
    """Let an alert fire, as the engine would store it."""
    now_us = wall_clock()
    alert = Alert(
        key=key,
        cause=Cause.SOURCE_STOPPED,
        about="app",
        state=State.FIRING,
        severity=Severity.CRITICAL,
        what=what,
        since_us=now_us,
        seen_us=now_us,
        subjects=("signals.app.session",),
    )
    with opened(site.db.with_name(FILE)) as store:
        store.set_alerts([alert])
        store.set_mark("evaluated_us", now_us)


def test_a_rejected_message_is_retried_then_dropped(page: Page, site: Site) -> None:
    """A retry publishes it again, and what is still no signal comes back; a drop removes it."""
    site.publish(signal("mood.logged", "too-happy", datetime.now(UTC), score=9))
    site.wait_until_built(page)
    page.goto(f"{site.url}/data-quality")
    page.get_by_role("button", name=f"Retry {REASON}").click()
    page.wait_for_url("**/jobs/*")
    page.get_by_text("1 message published again").wait_for()
    site.wait_until_built(page)
    page.get_by_role("link", name="Back to data quality").click()
    page.get_by_role("button", name=f"Drop {REASON}").click()
    page.wait_for_url("**/jobs/*")
    page.get_by_text("1 message removed").wait_for()
    page.goto(f"{site.url}/data-quality")
    assert page.get_by_role("button", name=f"Drop {REASON}").count() == 0


def test_an_alert_is_muted_with_a_reason_and_heard_again(page: Page, site: Site) -> None:
    """Without a reason the browser does not send it; the page says until when, by whom and why."""
    put_alert(site, "source-stopped:app", "nothing came from app for 3 h")
    page.goto(f"{site.url}/data-quality")
    alert = page.locator("article", has_text="nothing came from app for 3 h")
    alert.get_by_role("button", name="Mute").click()
    assert page.evaluate("document.activeElement.name") == "reason"
    alert.get_by_label("because").fill("the app is being moved")
    alert.get_by_role("button", name="Mute").click()
    page.get_by_text("by demo: the app is being moved").wait_for()
    alert.get_by_label("Mute for hours").fill("0")
    alert.get_by_label("because").fill("it was moved")
    alert.get_by_role("button", name="Mute").click()
    page.get_by_text("by demo: the app is being moved").wait_for(state="detached")


def test_a_test_of_the_alerts_says_whom_it_reached(page: Page, site: Site) -> None:
    """It is a job whose page has each channel's answer."""
    page.goto(f"{site.url}/data-quality")
    page.get_by_role("button", name="Send a test").click()
    page.wait_for_url("**/jobs/*")
    page.get_by_text("nats: sent").wait_for()
