"""One site and one browser for all tests here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import browsing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browsing.Site]:
    """Give pages that are up, with a builder at work beside them."""
    with browsing.site(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Give the system's Chromium."""
    with browsing.browser() as launched:
        yield launched


@pytest.fixture
def page(site: browsing.Site, chromium: Browser) -> Iterator[Page]:
    """Give a window in which an operator is logged in."""
    context = chromium.new_context(viewport={"width": 1440, "height": browsing.HEIGHT})
    opened = context.new_page()
    site.enter(opened)
    yield opened
    context.close()
