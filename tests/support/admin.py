"""The pages of a world, asked in this process."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from oo_admin.accounts.accounts import Account, Role
from oo_admin.config import AdminConfig
from oo_admin.web.app import make_app
from oo_admin.web.visitors import cookie_name
from oo_profile.wall_clock import wall_clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from httpx2 import Response
    from support.world import World

    from oo_admin.web.context import Admin

PASSWORD = "a long enough password"  # noqa: S105 - of accounts that live as long as a test
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
NOW = datetime.now(UTC)
PEER = "127.0.0.1"


@dataclass(slots=True)
class Pages:
    """The pages, and who asks for them.

    Attributes:
        admin: What they work with.
        client: Asks, with the cookies of whoever is logged in; it follows no redirects.
        csrf: What this session's changes must bring; empty: nobody is logged in.
    """

    admin: Admin
    client: TestClient
    csrf: str = ""

    @classmethod
    def of(
        cls,
        world: World,
        clock: Callable[[], int] = wall_clock,
        **config: Any,  # noqa: ANN401 - as `AdminConfig` takes them
    ) -> Pages:
        """Make the pages of a world."""
        path = world.settings.db.parent / "admin.db"
        app = make_app(
            AdminConfig(path, **config), world.settings, world.store, clock, hasher=QUICK
        )
        client = TestClient(
            app, base_url="http://localhost", follow_redirects=False, client=(PEER, 50000)
        )
        return cls(app.state.admin, client)

    def enter(self, role: Role = Role.OPERATOR, name: str = "") -> Pages:
        """Begin the session of an account, which is made, without the cost of a password."""
        name = name or str(role)
        with self.admin.database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO accounts VALUES (?, ?, 'none', 0)", (name, str(role))
            )
        token = self.admin.sessions.begin(Account(name, role), self.admin.clock())
        self.client.cookies.clear()
        self.client.cookies.set(cookie_name(self.admin), token)
        session = self.admin.sessions.find(token, self.admin.clock())
        assert session is not None
        self.csrf = session.csrf
        return self

    def get(self, path: str, code: int = 200, **headers: str) -> Response:
        """Ask for a page."""
        answer = self.client.get(path, headers=headers)
        assert answer.status_code == code, answer.text
        return answer

    def facts(self, path: str) -> dict[str, Any]:
        """Ask for a page's JSON."""
        mark = "&" if "?" in path else "?"
        told: dict[str, Any] = self.get(f"{path}{mark}format=json").json()
        return told

    def post(self, path: str, code: int = 303, **fields: str) -> Response:
        """Send a form from a page of this session."""
        answer = self.client.post(path, data={"csrf": self.csrf, **fields})
        assert answer.status_code == code, answer.text
        return answer

    def log_in(self, name: str, password: str, code: int = 303, next_: str = "") -> Response:
        """Send the form of the login page."""
        page = self.client.get("/admin/login", params={"next": next_} if next_ else {})
        hidden = dict(re.findall(r'name="(csrf|next)" value="([^"]*)"', page.text))
        return self.post("/admin/login", code, **hidden, name=name, password=password)

    def job(self, answer: Response) -> dict[str, Any]:
        """Wait for the job that an answer leads to, and return its facts."""
        self.admin.jobs.wait()
        told: dict[str, Any] = self.facts(answer.headers["location"])["job"]
        return told
