"""The demo ends with an address and a login that work until a key is pressed."""

from __future__ import annotations

import os
import pty
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Error
from support.browsing import COPIED, OO, PROJECT, Site

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.slow]

DEMO = (*OO, "demo", "--users", "5", "--days", "5")


def read_until(terminal: int, mark: str) -> str:
    """Read what a terminal shows up to some words, or to its end."""
    shown = ""
    while mark not in shown:
        try:
            shown += os.read(terminal, 4096).decode(errors="replace")
        except OSError:
            break
    return shown


def test_the_demo_waits_with_pages_that_can_be_entered(tmp_path: Path, chromium: Browser) -> None:
    """On a terminal; afterwards nothing is left running."""
    for name in COPIED:
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        copy(PROJECT / name, tmp_path / name)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OO_")}
    environment["PYTHONPATH"] = str(tmp_path)
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execve(DEMO[0], DEMO, environment)  # noqa: S606 - a terminal of its own
    shown = read_until(terminal, "Press any key")
    address, person = re.findall(r"(http://\S+/admin)/users/(\S+)", shown)[0]
    account, password = re.findall(r"log in as (\S+), password (\S+)", shown)[0]
    context = chromium.new_context()
    page = context.new_page()
    site = Site(tmp_path, environment, address, person, account, password)
    site.enter(page)
    page.goto(site.pages()["user"])
    assert page.get_by_role("button", name="Rebuild").is_visible()
    os.write(terminal, b" ")
    read_until(terminal, "\0")
    assert os.waitpid(pid, 0)[1] == 0
    with pytest.raises(Error, match="ERR_CONNECTION_REFUSED"):
        page.goto(f"{address}/login")
    context.close()
