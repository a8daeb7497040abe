"""The list of users."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from oo_admin.errors import InputRefused
from oo_admin.reading.user_list import ORDERS, Order, UserPage, by_activity, by_id
from oo_admin.web.answers import page
from oo_admin.web.context import admin_of
from oo_admin.web.visitors import Visitor
from oo_profile.inputs.git_history import author_id
from oo_profile.reports.words import duration_text
from oo_transforms.clock import MICROSECOND

MAX_SEARCH = 128
router = APIRouter()


@router.get("/admin/users")
def users(request: Request, session: Visitor) -> Response:
    """List users by activity, or those whose ids begin with what is searched for."""
    search = request.query_params.get("q", "").strip()
    after = request.query_params.get("after") or None
    if len(search) > MAX_SEARCH or len(after or "") > 2 * MAX_SEARCH:
        raise InputRefused(f"a search has up to {MAX_SEARCH} characters; this has more")
    order = _order(request.query_params.get("order", "id" if search else "newest"))
    admin = admin_of(request)
    # A git author is known by a hash of his address.
    prefix = author_id(search) if "@" in search else search
    with admin.reader.reading() as connection:
        if search or order == "id":
            found, order = by_id(connection, prefix, after), "id"
            if search and not found.rows and prefix != search:
                found = by_id(connection, search, after)
        else:
            try:
                found = by_activity(connection, order, after)
            except ValueError as error:
                raise InputRefused(str(error)) from error
    facts = {
        "search": search,
        "order": order,
        "after": found.after,
        "is_first": after is None,
        "users": _rows(found, admin.clock()),
    }
    return page(request, session, "users.html", facts)


def _order(text: str) -> Order:
    for order in ORDERS:
        if order == text:
            return order
    raise InputRefused(f"order={text[:20]!r} is none of {', '.join(ORDERS)}")


def _rows(found: UserPage, now_us: int) -> list[dict[str, Any]]:
    rows = []
    for row in found.rows:
        last_us = row.last_active_us
        age = None if last_us is None else duration_text(max(now_us - last_us, 0) * MICROSECOND)
        rows.append(
            {
                "user_id": row.user_id,
                "last_active_us": last_us,
                "last_active": None if last_us is None else last_us / 1e6,
                "age": age,
                "views": [view for view, at in row.newest_us.items() if at is not None],
            }
        )
    return rows
