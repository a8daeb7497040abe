"""One user: what is believed, why, and how fresh it is; and what can be done about it."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from oo_admin.errors import InputRefused
from oo_admin.pages.beginning import already_begun, begin_job
from oo_admin.person_work import forget_work, rebuild_work
from oo_admin.reading.person_facts import PersonFacts, person_facts
from oo_admin.reading.reason_facts import ReasonFacts, reason_facts
from oo_admin.web.answers import json_answer, page
from oo_admin.web.context import admin_of
from oo_admin.web.visitors import Change, Operator, Visitor
from oo_profile.reports.words import parse_instant
from oo_transforms.clock import to_micros

MAX_ID = 128
MAX_TEXT = 64
_MAX_DIGITS = 18
NEWER_THAN: Final = "newer_than"
"""Asks for the page if a signal was received later, in microseconds; else the answer is empty."""
_AUDIT_ROWS = 5
_NOTHING_NEW = 204
router = APIRouter()


@router.get("/admin/users/{user_id}")
def user(request: Request, session: Visitor, user_id: str) -> Response:
    """Tell all about a user, or with `feature` why one feature has its value."""
    return _user(request, session, _checked_id(user_id))


@router.get("/admin/user")
def user_by_query(request: Request, session: Visitor) -> Response:
    """Tell the same, of ids that addresses of pages cannot carry."""
    return _user(request, session, _checked_id(request.query_params.get("id", "")))


@router.post("/admin/rebuild")
def rebuild(request: Request, session: Operator, form: Change) -> Response:
    """Begin to rebuild a user, unless that is under way."""
    if begun := already_begun(request, form, "rebuild"):
        return begun
    admin, user_id = admin_of(request), _checked_id(form.get("user_id", ""))
    admin.reader.profile(user_id, admin.clock())  # somebody who is known
    work = rebuild_work(admin.reader, user_id, admin.clock())
    return begin_job(request, session, form, "rebuild", work, user_id=user_id)


@router.post("/admin/forget")
def forget(request: Request, session: Operator, form: Change) -> Response:
    """Begin to forget a user whose id was typed once more."""
    if begun := already_begun(request, form, "forget"):
        return begun
    admin, user_id = admin_of(request), _checked_id(form.get("user_id", ""))
    if form.get("typed") != user_id:
        raise InputRefused(
            "what was typed is not this user's id, so nothing was done: go back and type the id "
            "exactly as the page shows it"
        )
    work = forget_work(admin.reader, user_id, admin.clock())
    return begin_job(request, session, form, "forget", work, user_id=user_id)


@router.post("/admin/export")
def export(request: Request, session: Operator, form: Change) -> Response:
    """Give a file with everything that is kept of a user."""
    admin, user_id = admin_of(request), _checked_id(form.get("user_id", ""))
    told = admin.reader.export(user_id, admin.clock())
    admin.audit.record(session.account.name, "export", admin.clock(), user_id=user_id)
    answer = json_answer(told)
    # A fixed name: an id could be a path.
    answer.headers["Content-Disposition"] = 'attachment; filename="oo-user-export.json"'
    return answer


def _user(request: Request, session: Visitor, user_id: str) -> Response:
    admin, present_us = admin_of(request), admin_of(request).clock()
    at, now_us = _moment(request, present_us)
    if _is_nothing_new(request, user_id):
        return Response(status_code=_NOTHING_NEW)
    feature = request.query_params.get("feature")
    facts: ReasonFacts | PersonFacts
    if feature is not None:
        facts = reason_facts(admin.reader.reason(user_id, feature[:MAX_TEXT], now_us), at)
        action, template = "looked why", "why.html"
    else:
        person = admin.reader.person(user_id, now_us, in_the_past=now_us != present_us)
        audit = admin.audit.newest(_AUDIT_ROWS, user_id=user_id)
        facts = person_facts(person, at, [entry.facts() for entry in audit])
        action, template = "looked", "user.html"
    admin.audit.record_look(session.account.name, action, present_us, user_id)
    return page(request, session, template, facts)


def _is_nothing_new(request: Request, user_id: str) -> bool:
    text = request.query_params.get(NEWER_THAN)
    if text is None:
        return False
    if not text.isdecimal() or len(text) > _MAX_DIGITS:
        raise InputRefused(f"{NEWER_THAN}={text[:20]!r} is no instant in microseconds")
    return admin_of(request).reader.received_us(user_id) <= int(text)


def _moment(request: Request, present_us: int) -> tuple[str, int]:
    text = request.query_params.get("at", "").strip()
    if not text:
        return "", present_us
    try:
        return text, to_micros(parse_instant(text[:MAX_TEXT]))
    except ValueError as error:
        raise InputRefused(str(error)) from error


def _checked_id(user_id: str) -> str:
    if not 1 <= len(user_id) <= MAX_ID or not user_id.isprintable():
        raise InputRefused(
            f"a user id has 1 to {MAX_ID} printable characters; this has {len(user_id)}"
        )
    return user_id
