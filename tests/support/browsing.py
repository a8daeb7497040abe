"""The pages after a demo, a builder that runs beside them, and a browser that looks."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright
from support.liked_tips import liked_tips

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from support.world import SignalData

PROJECT = Path(__file__).resolve().parents[2]
COPIED = (
    "feature_repo",
    "oo_admin",
    "oo_bandit",
    "oo_profile",
    "oo_stores",
    "oo_transforms",
    "pyproject.toml",
)
OO = (sys.executable, "-m", "oo_profile.cli")
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
THEMES = ("light", "dark")
WIDTHS = (1440, 390)
HEIGHT = 900
PAUSE_MILLISECONDS = 100
PATIENCE_MILLISECONDS = 120_000
LEARNERS = ("likes-overdue-1", "likes-overdue-2")
TIPS = 150
"""Tips of the person shown and of each learner, for policies to learn from."""


@dataclass(frozen=True, slots=True)
class Site:
    """Pages that are up.

    Attributes:
        project: The copy of the project that they are of.
        environment: What commands need to work on the same data.
        url: Address up to `/admin`.
        person: Whom the demo has shown.
        account: Who can log in.
        password: With what.
    """

    project: Path
    environment: dict[str, str]
    url: str
    person: str
    account: str
    password: str

    def oo(self, *arguments: str, typed: str = "") -> str:
        """Run a command on the same data."""
        done = subprocess.run(
            (*OO, *arguments),
            cwd=self.project,
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    @property
    def db(self) -> Path:
        """The builder's database."""
        return Path(self.environment["OO_DB"])

    def enter(self, page: Page) -> None:
        """Log in through the form."""
        self.enter_as(page, self.account, self.password)

    def enter_as(self, page: Page, account: str, password: str) -> None:
        """Log in through the form as somebody, in a window that is patient with a busy machine."""
        page.set_default_timeout(PATIENCE_MILLISECONDS)
        page.goto(f"{self.url}/login")
        page.get_by_label("Name").fill(account)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(f"{self.url}/users")

    def evaluate(self, page: Page) -> None:
        """Have the policies evaluated, by the page's button."""
        page.goto(f"{self.url}/bandit")
        page.get_by_role("button", name="Evaluate now").click()
        page.wait_for_url("**/jobs/*")
        page.get_by_text("were looked at").wait_for()

    def publish(self, *signals: SignalData) -> None:
        """Publish signals; the builder takes them from there."""
        file = self.project / "typed.jsonl"
        lines = [json.dumps({"subject": subject, "data": data}) for subject, data in signals]
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        self.oo("publish", str(file))

    def wait_until_built(self, page: Page) -> None:
        """Wait until the builder has handled all that the stream has, and Redis has it."""
        while True:
            told = page.request.get(f"{self.url}/system?format=json").json()
            waiting = [told["lag"]["waiting"], told["lag"]["unacknowledged"]]
            if not any([*waiting, *told["backlogs"].values()]):
                return
            page.wait_for_timeout(PAUSE_MILLISECONDS)

    def pages(self) -> dict[str, str]:
        """Return the address of each kind of page by a name."""
        return {
            "users": f"{self.url}/users",
            "user": f"{self.url}/users/{self.person}",
            "why": f"{self.url}/users/{self.person}?feature=completion_rate",
            "features": f"{self.url}/features",
            "feature": f"{self.url}/features/completion_rate",
            "bandit": f"{self.url}/bandit",
            "data-quality": f"{self.url}/data-quality",
            "system": f"{self.url}/system",
            "nothing-here": f"{self.url}/users/nobody-like-this",
        }


@contextlib.contextmanager
def site(folder: Path) -> Iterator[Site]:
    """Run a demo of this repository and some simulated people, and a builder beside it."""
    project = folder / "project"
    project.mkdir()
    for name in COPIED:
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        copy(PROJECT / name, project / name)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OO_")}
    environment["PYTHONPATH"] = str(project)
    command = (*OO, "demo", "--keep", "--users", "60", "--days", "60", str(PROJECT))
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=True
    )
    address, person = re.findall(r"(http://\S+/admin)/users/(\S+)", done.stdout)[0]
    account, password = re.findall(r"log in as (\S+), password (\S+)", done.stdout)[0]
    exports = (project / ".demo" / "env.sh").read_text(encoding="utf-8")
    for word in shlex.split(exports):
        name, equals, value = word.partition("=")
        if equals:
            environment[name] = value
    builder = subprocess.Popen(
        (*OO, "run"),
        cwd=project,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    made = Site(project, environment, address, person, account, password)
    try:
        last = datetime.now(UTC) - timedelta(days=2)
        for number, user_id in enumerate((person, *LEARNERS)):
            made.publish(*liked_tips(user_id, TIPS, last, seed=number)[0])
        yield made
    finally:
        builder.terminate()
        builder.wait()
        subprocess.run((*OO, "down"), cwd=project, env=environment, check=True, capture_output=True)


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Start the system's Chromium.

    Raises:
        FileNotFoundError: There is none.
    """
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise FileNotFoundError(f"none of {', '.join(PROGRAMS)} is installed: apt install chromium")
    with sync_playwright() as playwright:
        # Within a container, and as root, its own sandbox cannot be had.
        launched = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield launched
        finally:
            launched.close()
