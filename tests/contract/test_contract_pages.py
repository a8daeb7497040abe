"""What the pages tell as JSON is of the types that the contract has, field by field."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from support.admin import NOW, Pages
from support.liked_tips import liked_tips
from support.world import signal

from oo_admin.contract.pages import PAGES, pages_contract
from oo_admin.pages import login
from oo_admin.quality.alerts import Alert, State
from oo_admin.quality.finding import Cause, Severity
from oo_admin.quality.store import FILE, opened
from oo_admin.web.app import PARTS

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live

ASKED = {
    "/admin/users": ("/admin/users", "/admin/users?q=nobody"),
    "/admin/users/{user_id}": (
        "/admin/users/ada",
        "/admin/users/ada?at=2020-01-01",
        "/admin/users/ada?feature=completion_rate",
        "/admin/users/ada?feature=preferred_categories",
    ),
    "/admin/user": ("/admin/user?id=ada",),
    "/admin/features": ("/admin/features",),
    "/admin/features/{name}": ("/admin/features/mood_score", "/admin/features/mood_last_score"),
    "/admin/bandit": ("/admin/bandit",),
    "/admin/data-quality": ("/admin/data-quality",),
    "/admin/system": ("/admin/system",),
    "/admin/jobs/{number}": tuple(f"/admin/jobs/{number}" for number in range(1, 7)),
}
"""Each page in several of its states."""


@pytest.fixture
def pages(world: World) -> Pages:
    """Give pages that have something to tell everywhere: jobs of each kind, an alert."""
    task = {"task_id": "t", "category": "fix"}
    world.publish_and_build(
        [
            *liked_tips("ada", 100, NOW - timedelta(days=2))[0],
            signal("app.session", "ada", NOW - timedelta(hours=2), duration_seconds=600),
            signal("task.completed", "ada", NOW - timedelta(days=2), **task),
            signal("mood.logged", "bob", NOW - timedelta(days=1), score=2),
            signal("mood.logged", "eve", NOW - timedelta(days=1), score=9),
        ]
    )
    made = Pages.of(world).enter()
    made.admin.reader.online.delete(["ada"])
    now_us = made.admin.clock()
    with opened(world.settings.db.with_name(FILE)) as store:
        store.set_alerts(
            [
                Alert(
                    key="source-stopped|app",
                    cause=Cause.SOURCE_STOPPED,
                    about="app",
                    state=State.FIRING,
                    severity=Severity.CRITICAL,
                    what="nothing came",
                    since_us=now_us - 1,
                    seen_us=now_us,
                )
            ]
        )
        store.set_mark("evaluated_us", now_us)
    (reason,) = made.facts("/admin/data-quality")["reasons"]
    made.job(made.post("/admin/rebuild", user_id="ada"))
    made.job(made.post("/admin/rejected", reason=reason, action="retry"))
    world.publish_and_build([])
    made.job(made.post("/admin/alert-test"))
    made.job(made.post("/admin/evaluate"))
    world.oo("bandit", "rollout", "promote", "--force", "--reason", "agreed on")
    made.job(made.post("/admin/forget", user_id="bob", typed="bob"))
    made.job(made.post("/admin/rejected", reason=reason, action="drop"))
    made.admin.reader.online.delete(["ada"])
    return made


def test_every_page_tells_what_the_contract_says_and_no_more(pages: Pages) -> None:
    """Decoding as the declared type and encoding again loses nothing; the schema takes it."""
    contract = pages_contract()
    Draft202012Validator.check_schema(contract)
    for path, addresses in ASKED.items():
        schema = {**contract["properties"][path], "$defs": contract["$defs"]}
        for address in addresses:
            told = pages.facts(address)
            assert any(_is_of(kind, told) for kind in PAGES[path]), address
            Draft202012Validator(schema).validate(told)


def test_every_page_is_in_the_contract() -> None:
    """A page that is added has its type there, but for those that tell nothing."""
    routes = [route for part in PARTS if part is not login for route in part.router.routes]
    paths = {str(getattr(r, "path", "")) for r in routes if "GET" in getattr(r, "methods", ())}
    assert paths == set(PAGES) == set(ASKED)


def test_a_failure_is_in_the_contract(pages: Pages) -> None:
    """Whatever is not answered is told as one, with the status that says so too."""
    for path, code in (("/admin/users/nobody", 404), ("/admin/users?order=x", 400)):
        mark = "&" if "?" in path else "?"
        told = pages.get(f"{path}{mark}format=json", code).json()
        schema = {"$ref": "#/$defs/Failure", "$defs": pages_contract()["$defs"]}
        Draft202012Validator(schema).validate(told)


def _is_of(kind: type, told: dict[str, Any]) -> bool:
    try:
        return bool(json.loads(msgspec.json.encode(msgspec.convert(told, kind))) == told)
    except msgspec.ValidationError:
        return False
