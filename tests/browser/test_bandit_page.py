"""The bandit's page, and what was learned of a person, as a browser shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.browsing import LEARNERS, TIPS

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from support.browsing import Site

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.slow]


def test_an_evaluation_is_a_button_and_ends_on_the_page(page: Page, site: Site) -> None:
    """Its figures are there, with what the gate would say, and a step when one was taken."""
    site.wait_until_built(page)
    site.evaluate(page)
    page.get_by_role("link", name="What was found").click()
    page.wait_for_url("**/bandit#evaluation")
    decisions = TIPS * (1 + len(LEARNERS))
    assert page.get_by_text(f"All: {decisions} decisions of 3 people").is_visible()
    assert page.get_by_role("heading", name="The next step, to a canary of 5 %").is_visible()
    site.oo("bandit", "rollout", "promote", "--force", "--reason", "agreed on", "--by", "grace")
    page.reload()
    assert page.get_by_text("a fair coin lets bandit_v1 or bandit_v2 act").is_visible()
    page.get_by_text("What the gate found").first.click()
    assert page.locator("details[open]", has_text="not kept").is_visible()
    site.oo("bandit", "rollout", "back", "--by", "grace")


def test_what_was_learned_is_there_in_words(page: Page, site: Site) -> None:
    """The feature that this person's answers follow comes first."""
    site.wait_until_built(page)
    page.goto(f"{site.url}/users/{LEARNERS[0]}#learned")
    first = page.get_by_role("region", name="What bandit_v2 has learned").locator("tbody tr").first
    assert "is_overdue" in first.inner_text()
    assert "surely raises the score" in first.inner_text()
