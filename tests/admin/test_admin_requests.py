"""What a request must be like to be answered, and what every answer carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.admin import PEER, Pages

from oo_admin.accounts.accounts import Role
from oo_admin.pages import login
from oo_admin.web.app import PARTS

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live
CHANGES = (
    "/admin/rebuild",
    "/admin/export",
    "/admin/forget",
    "/admin/rejected",
    "/admin/mute",
    "/admin/evaluate",
    "/admin/alert-test",
)


def test_every_answer_forbids_code_from_elsewhere_and_within_the_page(pages: Pages) -> None:
    """Pages, JSON, files, refusals: all have the policy, and no page has code of its own."""
    paths = ["/admin/users", "/admin/users/ada", "/admin/users/ada?feature=mood_score", "/admin/x"]
    paths += ["/admin/features/mood_score", "/admin/system", "/admin/data-quality"]
    for path in [*paths, "/admin/system?format=json", "/admin/static/admin.css"]:
        answer = pages.client.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        for inline in (
            "<style",
            " style=",
            "javascript:",
            " onclick",
            " onload",
            "http://",
            "//cdn",
        ):
            assert inline not in answer.text, path
        assert answer.text.count("<script") == answer.text.count('<script src="/admin/static/')


def test_every_page_but_the_login_wants_a_session(pages: Pages) -> None:
    """Whatever the application answers at all, asked by nobody in particular."""
    pages.client.cookies.clear()
    routes = [route for part in PARTS if part is not login for route in part.router.routes]
    assert len(routes) >= 10
    for route in routes:
        path = str(getattr(route, "path", "")).replace("{number}", "1")
        for method in getattr(route, "methods", ()):
            answer = pages.client.request(method, path)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/admin/login?next=")


def test_a_foreign_host_name_is_refused(pages: Pages) -> None:
    """A page must not be made to speak for another host, as names that resolve here do."""
    assert pages.client.get("/admin/users", headers={"Host": "evil.example"}).status_code == 400
    assert pages.client.get("/admin/users", headers={"Host": "localhost:99"}).status_code == 200
    assert pages.client.get("/admin/users", headers={"Host": ""}).status_code == 400


def test_a_change_without_the_sessions_token_does_nothing(pages: Pages) -> None:
    """CSRF: no token, another session's, or one from a foreign page."""
    form = {"user_id": "ada", "typed": "ada"}
    others = pages.csrf
    pages.enter(name="eve")
    foreign = {"Origin": "https://evil.example"}
    for path in CHANGES:
        for token in ("", "x", others):
            assert pages.client.post(path, data={**form, "csrf": token}).status_code == 403
        ours = {**form, "csrf": pages.csrf}
        assert pages.client.post(path, data=ours, headers=foreign).status_code == 403
    assert pages.admin.jobs.newest(9) == []


def test_a_viewer_changes_nothing(pages: Pages) -> None:
    """He looks; his page has no buttons, and a form that he makes up is refused."""
    page = pages.enter(Role.VIEWER).get("/admin/users/ada").text
    for path in CHANGES:
        assert path not in page
        assert "need an operator" in pages.post(path, 403, user_id="ada", typed="ada").text
    assert pages.admin.jobs.newest(9) == []


def test_oversized_input_is_refused(pages: Pages) -> None:
    """Bodies, addresses, ids and searches have bounds, and the answer says which."""
    assert "16,384 bytes" in pages.post("/admin/rebuild", 400, user_id="x" * 20_000).text
    assert "128 characters" in pages.get("/admin/users?q=" + "x" * 129, 400).text
    assert "128 printable" in pages.get("/admin/users/" + "x" * 129, 400).text
    assert pages.client.get("/admin/users?q=" + "x" * 5000).status_code == 414
    fields = {f"f{number}": "x" for number in range(30)}
    assert "no form" in pages.post("/admin/rebuild", 400, **fields).text
    pages.get("/admin/jobs/" + "9" * 40, 404)
    pages.get("/admin/system?before=" + "9" * 40, 400)


def test_a_proxy_is_believed_from_its_address_alone(world: World) -> None:
    """There it names an account; from elsewhere its header is nothing."""
    pages = Pages.of(world, proxy=PEER).enter(Role.VIEWER, "ada")
    pages.client.cookies.clear()
    named = {"X-Forwarded-User": "ada"}
    answer = pages.client.get("/admin/system", headers=named)
    assert answer.status_code == 200
    assert "HttpOnly" in answer.headers["set-cookie"]
    # The session is the proxy's: without its word it opens nothing.
    assert pages.client.get("/admin/system").status_code == 303
    assert pages.client.get("/admin/system", headers={"X-Forwarded-User": "eve"}).status_code == 403
    elsewhere = Pages.of(world, proxy="10.0.0.9")
    assert elsewhere.client.get("/admin/system", headers=named).status_code == 303
    unset = Pages.of(world)
    assert unset.client.get("/admin/system", headers=named).status_code == 303
