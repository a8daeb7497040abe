"""What comes in while a page lies open appears on it, without a hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from support.steady_signals import SteadySignals
from support.world import signal

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from support.browsing import Site

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.slow]


def test_a_new_signal_and_what_it_changes_appear_by_themselves(page: Page, site: Site) -> None:
    """The value, its evidence and the list; what was unfolded and focused stays so."""
    who = "sees-it-live"
    site.publish(signal("mood.logged", who, datetime.now(UTC), "first", score=2))
    site.wait_until_built(page)
    page.goto(f"{site.url}/users/{who}")
    page.locator("#signals summary").first.click()
    page.locator("#why-mood_score").focus()
    mood = page.locator("#mood_features tr", has=page.locator("#why-mood_score"))
    assert "2" in mood.locator(".value").inner_text()
    site.publish(signal("mood.logged", who, datetime.now(UTC), "second", score=5))
    page.locator("#signals td.id", has_text="second").wait_for()
    assert "5" in mood.locator(".value").inner_text()
    assert "2" in mood.locator("[data-label='Signals behind']").inner_text()
    assert page.locator("#signals details[open] pre", has_text="first").is_visible()
    assert page.evaluate("document.activeElement.id") == "why-mood_score"


def test_a_stream_of_signals_is_seen_on_data_quality(page: Page, site: Site) -> None:
    """What comes in is counted while the page lies open; what is typed there stays."""
    site.oo("quality", "run")
    page.goto(f"{site.url}/data-quality")
    row = page.locator("#incoming tr", has_text="signals.app.session")
    before = row.locator("td").first.inner_text() if row.count() else "0"
    with SteadySignals(site.environment["OO_NATS"], "keeps-coming") as steady:
        steady.wait_for_more(60)
    page.wait_for_function(
        "before => [...document.querySelectorAll('#incoming tr')].some(row => "
        "row.innerText.includes('signals.app.session') && row.cells[1].innerText !== before)",
        arg=before,
    )


def test_a_page_left_open_leads_to_the_login_in_the_end(page: Page, site: Site) -> None:
    """When its session has ended it does not lose its content, it is loaded anew."""
    page.goto(f"{site.url}/system")
    page.context.clear_cookies()
    page.wait_for_url("**/login?next=*")
