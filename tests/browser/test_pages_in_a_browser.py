"""The pages as Chromium shows them: readable by everybody, and every button works."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.browsing import HEIGHT, THEMES, WIDTHS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from support.browsing import Site

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.slow]

AXE = (Path(__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RUN_AXE = """
axe.run().then(found => [
  found.passes.length,
  found.violations.map(v => `${v.id}: ${v.nodes[0].html} ${v.nodes[0].failureSummary}`),
])
"""


def violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong with a page."""
    page.evaluate(f"{AXE};0")
    passed, found = page.evaluate(RUN_AXE)
    assert passed > 10, "axe-core has looked at nothing"
    return list(found)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", THEMES)
def test_every_page_is_accessible_and_fits(
    site: Site, chromium: Browser, theme: str, width: int
) -> None:
    """Axe-core finds nothing, nothing is wider than the window, and no script complains."""
    context = chromium.new_context(
        viewport={"width": width, "height": HEIGHT},
        color_scheme="dark" if theme == "dark" else "light",
    )
    page, complaints = context.new_page(), list[str]()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if "Policy" in line.text else None)
    page.goto(f"{site.url}/login")
    found = {"login": violations(page)}
    site.enter(page)
    site.evaluate(page)
    for name, address in site.pages().items():
        page.goto(address, wait_until="networkidle")
        found[name] = violations(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    context.close()
    assert {name: told for name, told in found.items() if told} == {}
    assert complaints == []


def test_a_user_is_found_looked_at_and_explained_by_keyboard_alone(page: Page, site: Site) -> None:
    """From the search to the reason of a value without a mouse; the skip link comes first."""
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.get_by_role("searchbox").focus()
    page.keyboard.type(site.person)
    page.keyboard.press("Enter")
    page.wait_for_url("**/users?q=*")
    link = page.get_by_role("link", name=site.person, exact=True)
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/users/{site.person}")
    page.locator("#why-completion_rate").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**feature=completion_rate")
    assert page.get_by_role("heading", name="Why: the signals behind it").is_visible()
    assert page.locator("figure.chart canvas").count() == 1


def test_rebuild_is_a_job_that_ends_with_what_changed(page: Page, site: Site) -> None:
    """The job's page looks again by itself until it is done."""
    page.goto(f"{site.url}/users/{site.person}")
    page.get_by_role("button", name="Rebuild").click()
    page.wait_for_url("**/jobs/*")
    page.get_by_role("heading", name="What changed").wait_for()
    assert "signals were replayed" in page.locator("#job").inner_text()


def test_an_export_is_a_file(page: Page, site: Site) -> None:
    """It holds the person's signals."""
    page.goto(f"{site.url}/users/{site.person}")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    assert download.value.suggested_filename == "oo-user-export.json"
    told = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert told["user_id"] == site.person
    assert told["signals"]


def test_forgetting_wants_the_id_and_then_the_person_is_gone(page: Page, site: Site) -> None:
    """While the builder runs: a receipt at the end, and no page any more."""
    listed = page.request.get(f"{site.url}/users?q=sim-&format=json").json()
    person = listed["users"][0]["user_id"]
    page.goto(f"{site.url}/users/{person}")
    page.get_by_label("Type the user's id to confirm").fill(person[:-1])
    page.get_by_role("button", name="Forget").click()
    assert page.get_by_text("nothing was done").is_visible()
    page.goto(f"{site.url}/users/{person}")
    page.get_by_label("Type the user's id to confirm").fill(person)
    page.get_by_role("button", name="Forget").click()
    page.get_by_role("heading", name="What was removed").wait_for()
    assert page.request.get(f"{site.url}/users/{person}").status == 404


def test_without_scripting_everything_can_be_read(site: Site, chromium: Browser) -> None:
    """The line over time is drawn, and a button works."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    site.enter(page)
    page.goto(site.pages()["why"])
    assert page.locator("figure.chart svg polyline").is_visible()
    page.goto(site.pages()["user"])
    page.get_by_role("button", name="Rebuild").click()
    assert page.get_by_role("heading", name="Rebuild, job").is_visible()
    context.close()


def test_a_past_moment_is_asked_for_in_the_form(page: Page, site: Site) -> None:
    """The page says of when it is, and leads back."""
    page.goto(site.pages()["user"])
    page.get_by_label("As of").fill("2020-01-01")
    page.get_by_role("button", name="Show").click()
    page.get_by_text("values are those without evidence").wait_for()
    page.get_by_role("link", name="Back to now").click()
    assert "at=" not in page.url


def test_a_viewer_sees_no_buttons(site: Site, chromium: Browser) -> None:
    """He is told what it needs, and can log out."""
    site.oo("admin", "adduser", "vera", "--password-stdin", typed="a long password\n")
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{site.url}/login")
    page.get_by_label("Name").fill("vera")
    page.get_by_label("Password").fill("a long password")
    page.get_by_role("button", name="Log in").click()
    page.goto(site.pages()["user"])
    assert page.get_by_role("button", name="Rebuild").count() == 0
    assert page.get_by_text("You are a viewer").is_visible()
    page.get_by_role("button", name="Log out").click()
    page.goto(f"{site.url}/system")
    assert "/admin/login" in page.url
    context.close()
