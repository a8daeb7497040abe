"""What is answered when a page cannot be: the reason and the next step, as a page or JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.responses import Response

from oo_admin.errors import ForbiddenError, InputRefused, NotFound
from oo_admin.web.answers import json_answer, page, see_other, wants_json
from oo_admin.web.visitors import LoginNeeded, is_by_itself, visitor
from oo_profile.errors import ProfileError, Transient, UnknownNameError, UnknownUserError
from oo_stores.errors import OnlineServerError

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

    from oo_admin.accounts.sessions import Session

STATUSES: Final[dict[type[object], int]] = {
    InputRefused: 400,
    ForbiddenError: 403,
    NotFound: 404,
    UnknownUserError: 404,
    UnknownNameError: 404,
    OnlineServerError: 503,
    Transient: 503,
}
TITLES: Final = {
    400: "Not understood",
    401: "Log in first",
    403: "Not allowed",
    404: "Nothing here",
    405: "Not this way",
    503: "Not available at the moment",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something was not answered, with the status that says so too.

    Attributes:
        error: What was refused, and what to do next.
    """

    error: str


@dataclass(frozen=True, slots=True)
class FailureFacts:
    """The same for a page.

    Attributes:
        title: In a few words.
        reason: What was refused, and what to do next.
    """

    title: str
    reason: str


def install(app: FastAPI) -> None:
    """Let an application answer errors of ours."""
    app.add_exception_handler(LoginNeeded, _login)
    app.add_exception_handler(ProfileError, _ours)
    app.add_exception_handler(OnlineServerError, _ours)
    app.add_exception_handler(HTTPException, _plain)


def _login(request: Request, error: Exception) -> Response:
    del error
    if _asks_for_json(request):
        return json_answer(asdict(Failure("log in first, at /admin/login")), 401)
    if is_by_itself(request):
        # What lies open is loaded again, which leads to the login; else it would lose its content.
        return Response(status_code=401, headers={"HX-Refresh": "true"})
    wanted = request.url.path if request.method == "GET" else "/admin/users"
    query = f"?{request.url.query}" if request.method == "GET" and request.url.query else ""
    return see_other(f"/admin/login?next={quote(wanted + query, safe='')}")


def _ours(request: Request, error: Exception) -> Response:
    status = next((code for kind, code in STATUSES.items() if isinstance(error, kind)), 503)
    return _failure(request, status, str(error))


def _plain(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _failure(request, status, "There is no such page." if status == 404 else str(error))  # noqa: PLR2004


def _failure(request: Request, status: int, reason: str) -> Response:
    if _asks_for_json(request):
        return json_answer(asdict(Failure(reason)), status)
    facts = FailureFacts(TITLES.get(status, "Failed"), reason)
    request.scope["query_string"] = b""  # whatever it holds, this answer is a page
    return page(request, _session(request), "failure.html", facts, status)


def _asks_for_json(request: Request) -> bool:
    try:
        return wants_json(request)
    except InputRefused:
        return False


def _session(request: Request) -> Session | None:
    try:
        return visitor(request)
    except (LoginNeeded, ProfileError):
        return None
