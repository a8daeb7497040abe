"""Take pictures of all pages for the documentation: `make screenshots`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.browsing import HEIGHT, PROJECT, browser, site

FOLDER = PROJECT / "docs" / "screenshots"
PHONE = ("users", "user", "why", "bandit")


def main() -> None:
    """Show every page on a desktop in light, and some on a phone in dark."""
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        site(Path(folder)) as pages,
        browser() as chromium,
    ):
        pages.oo("quality", "log-sample")
        pages.oo("quality", "run")
        step = ("--by", "ada", "--reason")
        pages.oo("bandit", "rollout", "promote", "--force", *step, "agreed on for a day")
        pages.oo("bandit", "rollout", "back", *step, "the day is over")
        for theme, width, names in (("light", 1440, tuple(pages.pages())), ("dark", 390, PHONE)):
            context = chromium.new_context(
                viewport={"width": width, "height": HEIGHT},
                color_scheme="dark" if theme == "dark" else "light",
            )
            page = context.new_page()
            page.goto(f"{pages.url}/login")
            if theme == "light":
                page.screenshot(path=FOLDER / "login.png")
            pages.enter(page)
            pages.wait_until_built(page)
            pages.evaluate(page)
            for name in names:
                page.goto(pages.pages()[name], wait_until="networkidle")
                mark = "" if theme == "light" else "-phone"
                page.screenshot(path=FOLDER / f"{name}{mark}.png")
            page.goto(f"{pages.pages()['user']}#learned", wait_until="networkidle")
            page.screenshot(path=FOLDER / f"learned{'' if theme == 'light' else '-phone'}.png")
            context.close()


if __name__ == "__main__":
    main()
