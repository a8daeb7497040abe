"""Who asks: by the session's cookie, or as a trusted proxy says; and what a change must bring."""

from http.cookies import SimpleCookie
from typing import Annotated, Final
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from oo_admin.accounts.sessions import LASTS_US, Session
from oo_admin.errors import ForbiddenError, InputRefused
from oo_admin.web.context import Admin, admin_of
from oo_admin.web.guard import NEW_COOKIE
from oo_transforms.clock import SECOND_US

CSRF_FIELD: Final = "csrf"
PRESS_FIELD: Final = "press"
"""Tells one press of a button from another: a second click brings the same."""
MAX_BODY_BYTES: Final = 16 * 1024
_MAX_FIELDS = 20


class LoginNeeded(Exception):
    """Nobody is logged in who could see this page."""


def cookie_name(admin: Admin) -> str:
    """Return the name of the session's cookie; by https one that no other host can set."""
    return "__Host-oo-admin" if admin.config.https else "oo-admin"


def cookie(name: str, value: str, *, https: bool, max_age_seconds: int) -> str:
    """Write a cookie that no script reads and that other sites' forms do not bring along."""
    jar: SimpleCookie = SimpleCookie({name: value})
    morsel = jar[name]
    morsel["path"], morsel["httponly"], morsel["samesite"] = "/", True, "Lax"
    morsel["max-age"] = max_age_seconds
    if https:
        morsel["secure"] = True
    return morsel.OutputString()


def set_session(request: Request, token: str) -> None:
    """Let the answer carry a session's cookie; an empty token removes it."""
    admin = admin_of(request)
    seconds = LASTS_US // SECOND_US if token else 0
    request.scope["state"][NEW_COOKIE] = cookie(
        cookie_name(admin), token, https=admin.config.https, max_age_seconds=seconds
    )


def is_by_itself(request: Request) -> bool:
    """Say whether a page that lies open asks for what is new in it, and not somebody."""
    return "HX-Request" in request.headers


def visitor(request: Request) -> Session:
    """Return the session of whoever asks.

    Raises:
        LoginNeeded: There is none.
        ForbiddenError: The proxy names somebody who has no account.
    """
    admin = admin_of(request)
    token = request.cookies.get(cookie_name(admin), "")
    by_itself = is_by_itself(request)
    session = admin.sessions.find(token, admin.clock(), by_itself=by_itself) if token else None
    named = _named_by_proxy(request, admin)
    if named is not None:
        return _proxied(request, admin, session, named)
    if session is None or session.by_proxy:
        raise LoginNeeded
    return session


def operator(session: Annotated[Session, Depends(visitor)]) -> Session:
    """Return the session of whoever asks, who may change things.

    Raises:
        ForbiddenError: He may not.
    """
    if not session.account.is_operator:
        raise ForbiddenError(
            f"{session.account.name} is a viewer; changes need an operator: "
            "`oo admin adduser NAME --role operator` makes one"
        )
    return session


async def read_form(request: Request) -> dict[str, str]:
    """Read the fields of a form; of a field that comes twice the last counts.

    Raises:
        InputRefused: It is no form, or too large.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise InputRefused(f"more than {MAX_BODY_BYTES:,} bytes were sent; nothing was done")
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict"
        )
    except ValueError as error:  # of which a UnicodeDecodeError is one
        raise InputRefused("what was sent is no form; nothing was done") from error
    return dict(pairs)


async def change(
    session: Annotated[Session, Depends(operator)],
    form: Annotated[dict[str, str], Depends(read_form)],
) -> dict[str, str]:
    """Return the form of a change that an operator sent from one of our own pages.

    Raises:
        ForbiddenError: It does not bring the session's token.
    """
    check_csrf(session, form)
    return form


def check_csrf(session: Session, form: dict[str, str]) -> None:
    """Refuse a form without the session's token.

    Raises:
        ForbiddenError: It does not bring it.
    """
    if not session.allows(form.get(CSRF_FIELD, "")):
        raise ForbiddenError(
            "this form is not from a page of this session; nothing was done. "
            "Load the page again and repeat"
        )


def _named_by_proxy(request: Request, admin: Admin) -> str | None:
    peer = request.client.host if request.client else ""
    if admin.config.proxy is None or peer != admin.config.proxy:
        return None
    return request.headers.get(admin.config.proxy_header)


def _proxied(request: Request, admin: Admin, session: Session | None, named: str) -> Session:
    if session is not None and session.by_proxy and session.account.name == named:
        return session
    account = admin.accounts.find(named)
    if account is None:
        raise ForbiddenError(
            "the proxy says who you are, but there is no such account here: "
            "`oo admin adduser` makes one"
        )
    token = admin.sessions.begin(account, admin.clock(), by_proxy=True)
    set_session(request, token)
    begun = admin.sessions.find(token, admin.clock())
    if begun is None:  # removed at this very moment
        raise LoginNeeded
    return begun


Visitor = Annotated[Session, Depends(visitor)]
Operator = Annotated[Session, Depends(operator)]
Change = Annotated[dict[str, str], Depends(change)]
