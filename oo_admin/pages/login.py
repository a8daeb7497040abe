"""Logging in and out."""

import hmac
import secrets
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from oo_admin.accounts.attempts import Attempt
from oo_admin.errors import InputRefused
from oo_admin.web.answers import page, see_other
from oo_admin.web.context import admin_of
from oo_admin.web.guard import NEW_COOKIE
from oo_admin.web.visitors import (
    CSRF_FIELD,
    Visitor,
    check_csrf,
    cookie,
    cookie_name,
    read_form,
    set_session,
)

HOME: Final = "/admin/users"
_LOGIN_COOKIE = "oo-admin-login"
_LOGIN_SECONDS = 3600
_TOKEN_BYTES = 32
_MAX_NAME, _MAX_PASSWORD, _MAX_NEXT = 64, 256, 2000

router = APIRouter()
Form = Annotated[dict[str, str], Depends(read_form)]


@dataclass(frozen=True, slots=True)
class LoginFacts:
    """What the form of the login says.

    Attributes:
        next: The page to go to afterwards.
        message: Why it is shown again; empty: it is not.
        token: What the form must bring.
    """

    next: str
    message: str
    token: str


@router.get("/admin")
@router.get("/admin/")
def home() -> Response:
    """Lead to the page that answers most."""
    return see_other(HOME)


@router.get("/admin/login")
def login_page(request: Request) -> Response:
    """Ask for name and password."""
    return _login_page(request, request.query_params.get("next", HOME), "", 200)


@router.post("/admin/login")
def log_in(request: Request, form: Form) -> Response:
    """Begin a session, a new one whatever cookie came along."""
    admin, wanted = admin_of(request), form.get("next", HOME)
    given, kept = form.get(CSRF_FIELD, ""), request.cookies.get(_LOGIN_COOKIE, "")
    if not given or not hmac.compare_digest(given.encode(), kept.encode()):
        return _login_page(request, wanted, "This form was too old. Please try again.", 403)
    name, password = form.get("name", ""), form.get("password", "")
    if len(name) > _MAX_NAME or len(password) > _MAX_PASSWORD:
        raise InputRefused("a name has up to 64 characters, a password up to 256")
    attempt = Attempt(name, request.client.host if request.client else "")
    wait = admin.attempts.begin(attempt, admin.clock())
    if wait:
        text = f"Too many failed attempts. Wait {wait // 60 + 1} min, then try again."
        answer = _login_page(request, wanted, text, 429)
        answer.headers["Retry-After"] = str(wait)
        return answer
    account = admin.accounts.check(name, password)
    if account is None:
        admin.audit.record("", "login failed", admin.clock())
        return _login_page(request, wanted, "Name or password is wrong.", 401)
    admin.attempts.succeeded(attempt)
    admin.sessions.end(request.cookies.get(cookie_name(admin), ""))
    admin.audit.record(account.name, "login", admin.clock())
    set_session(request, admin.sessions.begin(account, admin.clock()))
    return see_other(own_page(wanted))


@router.post("/admin/logout")
def log_out(request: Request, session: Visitor, form: Form) -> Response:
    """End the session."""
    check_csrf(session, form)
    admin = admin_of(request)
    admin.sessions.end(request.cookies.get(cookie_name(admin), ""))
    admin.audit.record(session.account.name, "logout", admin.clock())
    set_session(request, "")
    return see_other("/admin/login")


def own_page(wanted: str) -> str:
    """Return the page to go to after the login: the one wanted if it is one of ours.

    >>> own_page("/admin/system"), own_page("//evil.example"), own_page("https://evil.example")
    ('/admin/system', '/admin/users', '/admin/users')
    """
    ours = wanted.startswith("/admin/") and "\\" not in wanted and wanted.isprintable()
    return wanted if ours and wanted.isascii() and len(wanted) <= _MAX_NEXT else HOME


def _login_page(request: Request, wanted: str, message: str, status: int) -> Response:
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    https = admin_of(request).config.https
    request.scope["state"][NEW_COOKIE] = cookie(
        _LOGIN_COOKIE, token, https=https, max_age_seconds=_LOGIN_SECONDS
    )
    facts = LoginFacts(own_page(wanted), message, token)
    request.scope["query_string"] = b""  # the form is a page, whatever is asked for
    return page(request, None, "login.html", facts, status)
