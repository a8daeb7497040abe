"""Who logs in gets a session of his own, and nobody gets in otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.admin import PASSWORD, Pages

from oo_admin.accounts.accounts import Role
from oo_admin.accounts.attempts import (
    PER_ACCOUNT,
    PER_ACCOUNT_AND_ADDRESS,
    PER_ADDRESS,
    WINDOW_US,
)
from oo_admin.accounts.sessions import IDLE_US, LASTS_US

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live
FOREIGN = (
    "https://evil.example/admin/",
    "//evil.example",
    "/\\evil.example",
    "/admin/\\..\\x",
    "x",
    "/admin/\r\nX: y",
)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now_us = 1_800_000_000_000_000

    def __call__(self) -> int:
        """Tell the time."""
        return self.now_us


@pytest.fixture
def clock() -> Clock:
    """Give a clock."""
    return Clock()


@pytest.fixture
def pages(world: World, clock: Clock) -> Pages:
    """Give pages of an empty world, where Ada has an account and nobody is logged in."""
    made = Pages.of(world, clock)
    made.admin.accounts.put("ada", Role.OPERATOR, PASSWORD, clock())
    return made


def test_a_password_opens_a_session_that_ends(pages: Pages, clock: Clock) -> None:
    """It ends when nothing is asked for, after half a day at the latest, and by logging out."""
    pages.get("/admin/system", 303)
    assert pages.log_in("ada", PASSWORD).headers["location"] == "/admin/users"
    pages.get("/admin/system")
    clock.now_us += IDLE_US
    assert pages.get("/admin/system", 303).headers["location"].startswith("/admin/login?next=")
    pages.log_in("ada", PASSWORD)
    for _ in range(LASTS_US // IDLE_US * 2):
        pages.get("/admin/system")
        clock.now_us += IDLE_US // 2
    pages.get("/admin/system", 303)
    assert pages.client.get("/admin/system?format=json").status_code == 401


def test_a_page_that_lies_open_keeps_no_session_from_ending(pages: Pages, clock: Clock) -> None:
    """What it asks for by itself counts for nothing, and in the end it is loaded anew."""
    pages.enter()
    by_itself = {"HX-Request": "true"}
    clock.now_us += IDLE_US // 2
    assert pages.client.get("/admin/system", headers=by_itself).status_code == 200
    clock.now_us += IDLE_US // 2
    answer = pages.client.get("/admin/system", headers=by_itself)
    assert answer.status_code == 401
    assert answer.headers["HX-Refresh"] == "true"
    pages.get("/admin/system", 303)


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(world: World, clock: Clock) -> None:
    """HttpOnly and SameSite; by https Secure, under a name that other hosts cannot set."""
    pages = Pages.of(world, clock)
    pages.admin.accounts.put("ada", Role.VIEWER, PASSWORD, clock())
    cookie = pages.log_in("ada", PASSWORD).headers["set-cookie"]
    assert cookie.startswith("oo-admin=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    secure = Pages.of(world, clock, https=True)
    answer = secure.client.get("/admin/login")
    assert "Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"]


def test_a_session_known_before_the_login_is_not_the_one_after_it(pages: Pages) -> None:
    """Session fixation: a cookie that somebody planted opens nothing, then or later."""
    pages.client.cookies.set("oo-admin", "planted")
    pages.log_in("ada", PASSWORD)
    assert pages.client.cookies.get("oo-admin", domain="localhost.local") != "planted"
    pages.client.cookies.clear()
    pages.client.cookies.set("oo-admin", "planted")
    pages.get("/admin/system", 303)


def test_guessing_is_stopped_even_when_the_guess_is_right(pages: Pages, clock: Clock) -> None:
    """After five failures an account waits at this address; others, and it later, do not."""
    pages.admin.accounts.put("bob", Role.VIEWER, PASSWORD, clock())
    for _ in range(PER_ACCOUNT_AND_ADDRESS):
        pages.log_in("ada", "wrong", 401)
    answer = pages.log_in("ada", PASSWORD, 429)
    assert 0 < int(answer.headers["retry-after"]) <= WINDOW_US // 1_000_000
    pages.log_in("bob", PASSWORD)
    clock.now_us += WINDOW_US
    pages.log_in("ada", PASSWORD)


def test_many_names_from_one_address_are_stopped_too(pages: Pages) -> None:
    """An address that tries one name after the other waits after twenty."""
    codes = set()
    for number in range(21):
        page = pages.client.get("/admin/login").text
        token = page.partition('name="csrf" value="')[2].partition('"')[0]
        form = {"csrf": token, "name": f"user{number}", "password": "x"}
        codes.add(pages.client.post("/admin/login", data=form).status_code)
    assert codes == {401, 429}


def test_who_logs_in_is_no_failure_however_often(pages: Pages) -> None:
    """A team behind one address; failures in between stay counted, and stop who guesses."""
    for number in range(max(PER_ADDRESS, PER_ACCOUNT) + 1):
        pages.log_in("ada", PASSWORD)
        if number < PER_ADDRESS - 1:
            pages.log_in(f"nobody-{number}", PASSWORD, 401)
    pages.log_in("nobody", PASSWORD, 401)
    pages.log_in("nobody-else", PASSWORD, 429)


def test_unknown_name_and_wrong_password_get_the_same_answer(pages: Pages) -> None:
    """Nobody learns which accounts there are, and what was typed as a name is kept nowhere."""
    wrong = pages.log_in("ada", "not the password", 401).text
    unknown = pages.log_in("my password by mistake", "x", 401).text
    assert "Name or password is wrong." in wrong
    assert wrong.count("\n") == unknown.count("\n")
    assert all("mistake" not in str(entry) for entry in pages.admin.audit.newest(9))


def test_the_login_leads_to_no_other_site(pages: Pages) -> None:
    """Open redirect: what is no page of ours is answered with the first page."""
    for target in FOREIGN:
        answer = pages.log_in("ada", PASSWORD, next_=target)
        assert answer.headers["location"] == "/admin/users"


def test_the_login_leads_back_to_the_page_that_was_wanted(pages: Pages) -> None:
    """With what was asked of it."""
    login = pages.get("/admin/users?q=a%26b", 303).headers["location"]
    assert login == "/admin/login?next=%2Fadmin%2Fusers%3Fq%3Da%2526b"
    answer = pages.log_in("ada", PASSWORD, next_="/admin/users?q=a%26b")
    assert answer.headers["location"] == "/admin/users?q=a%26b"


def test_a_foreign_page_cannot_log_anybody_in(pages: Pages) -> None:
    """The form must bring the token of its own page's cookie."""
    form = {"csrf": "made up", "name": "ada", "password": PASSWORD}
    assert pages.client.post("/admin/login", data=form).status_code == 403
    assert pages.client.post("/admin/login", data={**form, "csrf": ""}).status_code == 403
    pages.get("/admin/system", 303)


def test_a_new_password_and_a_removed_account_end_sessions(pages: Pages, clock: Clock) -> None:
    """Whoever had the old one is out."""
    pages.log_in("ada", PASSWORD)
    pages.admin.accounts.put("ada", Role.VIEWER, PASSWORD + "2", clock())
    pages.get("/admin/system", 303)
    pages.log_in("ada", PASSWORD + "2")
    pages.admin.accounts.remove("ada")
    pages.get("/admin/system", 303)
