"""A rebuild whose process is killed leaves all of a profile, as it was or as it should be."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal as signals
import sqlite3
import subprocess
import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from support.browsing import OO
from support.damage import damage, rows_of
from support.settling import settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from support.browsing import Site

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.slow]

SEED = 7
KILLS = 3
PAST = 6_000
WHO = "killed-half-way"
PASSWORD = "kept for this test"  # noqa: S105 - of an account that lives as long as the test


@contextlib.contextmanager
def own_pages(site: Site) -> Iterator[tuple[Site, subprocess.Popen[str]]]:
    """Serve pages of the same data from a process of their own, with accounts of their own."""
    environment = site.environment | {
        "OO_ADMIN_DB": str(site.project / "killed-admin.db"),
        "OO_ADMIN_PORT": "0",
    }
    own = replace(site, environment=environment, account="ada", password=PASSWORD)
    own.oo("admin", "adduser", "ada", "--role", "operator", "--password-stdin", typed=PASSWORD)
    process = subprocess.Popen(
        (*OO, "admin"), cwd=site.project, env=environment, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    address = next(filter(None, (re.match(r"(http\S+/admin)", line) for line in process.stderr)))
    try:
        yield replace(own, url=address[1]), process
    finally:
        process.terminate()
        process.wait()
        process.stderr.close()


def newest_job(site: Site) -> tuple[str, int]:
    """Read state and begin of the newest job from the pages' own file."""
    with closing(sqlite3.connect(site.environment["OO_ADMIN_DB"], timeout=60)) as connection:
        row = connection.execute("SELECT state, number FROM jobs ORDER BY number DESC").fetchone()
    return (str(row[0]), int(row[1])) if row else ("", 0)


def press_rebuild(page: Page, site: Site) -> int:
    """Press the button, and return the job's number once it runs."""
    _, before = newest_job(site)
    page.goto(f"{site.url}/users/{WHO}")
    page.get_by_role("button", name="Rebuild").click(no_wait_after=True)
    while True:
        state, number = newest_job(site)
        if number > before and state != "waiting":
            return number


def rebuild_wholly(page: Page, site: Site) -> float:
    """Rebuild to the end, and return how many seconds it took."""
    number = press_rebuild(page, site)
    page.get_by_role("heading", name="What changed").wait_for()
    return float(job(page, site, number)["seconds"])


def job(page: Page, site: Site, number: int) -> dict[str, Any]:
    """Ask for the facts of a job."""
    told: dict[str, Any] = page.request.get(f"{site.url}/jobs/{number}?format=json").json()["job"]
    return told


def test_never_half_a_profile(page: Page, site: Site, chromium: Browser) -> None:
    """Killed at several moments, then begun again: what was spoilt, or all that is true."""
    chance = random.Random(SEED)
    print(f"seed {SEED}")  # noqa: T201 - the moments are drawn
    settle(page, site, WHO, PAST, timedelta(minutes=1))
    true, killed, ends = rows_of(site.db, WHO), 0, list[str]()
    for kill in range(KILLS + 1):
        with own_pages(site) as (own, process), closing(chromium.new_context()) as context:
            one = context.new_page()
            own.enter(one)
            if kill:
                ends.append(job(one, own, killed)["state"])
            takes = rebuild_wholly(one, own)
            assert rows_of(site.db, WHO) == true
            one.goto(f"{own.url}/users/{WHO}")
            assert "yes" in one.locator("#redis").inner_text()
            if kill == KILLS:
                break
            damage(site.db, site.environment["OO_REDIS"], WHO)
            spoilt = rows_of(site.db, WHO)
            killed = press_rebuild(one, own)
            # Any moment is as good as another: it is drawn, and not waited for.
            time.sleep(takes * (kill + chance.random()) / KILLS)
            os.kill(process.pid, signals.SIGKILL)
            process.wait()
        assert spoilt != true
        assert rows_of(site.db, WHO) in (spoilt, true)
    assert set(ends) <= {"interrupted", "done"}
    assert "interrupted" in ends
