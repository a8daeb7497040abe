"""Answers: a page, or with `?format=json` the same facts as JSON."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import msgspec
from starlette.responses import HTMLResponse, RedirectResponse, Response

from oo_admin.errors import InputRefused
from oo_admin.web.context import admin_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from fastapi import Request

    from oo_admin.accounts.sessions import Session

FORMATS = ("html", "json")
_SEE_OTHER = 303
_PLAIN_ID = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-@:.")


def wants_json(request: Request) -> bool:
    """Say whether JSON is asked for.

    Raises:
        InputRefused: Another format is.
    """
    asked = request.query_params.get("format", "html")
    if asked not in FORMATS:
        raise InputRefused(f"format={asked[:20]!r} is none of {', '.join(FORMATS)}")
    return asked == "json"


def page(
    request: Request,
    session: Session | None,
    template: str,
    facts: DataclassInstance,
    status: int = 200,
) -> Response:
    """Write facts as a page or as JSON.

    Args:
        request: What was asked.
        session: Who asks; None: nobody is logged in.
        template: The page.
        facts: What is told, of a declared type: page and JSON say the same.
        status: Of the answer.
    """
    if wants_json(request):
        return json_answer(msgspec.to_builtins(facts), status)
    text = (
        admin_of(request)
        .templates.get_template(template)
        .render(
            **shallow(facts), session=session, path=request.url.path, json_url=_json_url(request)
        )
    )
    return HTMLResponse(text, status)


def shallow(facts: DataclassInstance) -> dict[str, Any]:
    """Return the fields of a record by name, each as it is."""
    return {field.name: getattr(facts, field.name) for field in dataclasses.fields(facts)}


def json_answer(facts: object, status: int = 200) -> Response:
    """Write what JSON can hold."""
    text = json.dumps(facts, ensure_ascii=False, allow_nan=False)
    # A lone half of a surrogate pair is no UTF-8, and an id may hold one.
    return Response(text.encode(errors="replace"), status, media_type="application/json")


def see_other(path: str) -> Response:
    """Send a browser to another page of ours after a change."""
    return RedirectResponse(path, _SEE_OTHER)


def user_url(user_id: str, **query: str | int) -> str:
    """Return the address of a user's page.

    Browsers change addresses with dots or slashes as parts: such an id goes into the query.

    >>> user_url("ada"), user_url("../x", feature="mood_score")
    ('/admin/users/ada', '/admin/user?id=..%2Fx&feature=mood_score')
    """
    if set(user_id) <= _PLAIN_ID and user_id.strip("."):
        return f"/admin/users/{quote(user_id, safe='')}" + (f"?{urlencode(query)}" if query else "")
    return f"/admin/user?{urlencode({'id': user_id, **query}, errors='replace')}"


def _json_url(request: Request) -> str:
    pairs = [(k, v) for k, v in request.query_params.multi_items() if k != "format"]
    return f"{request.url.path}?{urlencode([*pairs, ('format', 'json')], errors='replace')}"
