"""The list of users."""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedUser:
    """A user in the list.

    Attributes:
        user_id: The user.
        last_active_us: When this user was last active, microseconds; null: never.
        last_active: The same in Unix seconds.
        age: How long ago that is, in words; null: never.
        views: The state views that have a state.
    """

    user_id: str
    last_active_us: int | None
    last_active: float | None
    age: str | None
    views: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsersFacts:
    """Some of the users.

    Attributes:
        search: What was searched for; empty: nothing.
        order: What the list is sorted by.
        after: What to ask the next page with; null: this is the last.
        is_first: Whether this is the first page.
        users: The users.
    """

    search: str
    order: Order
    after: str | None
    is_first: bool
    users: tuple[ListedUser, ...]


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
    facts = UsersFacts(
        search=search,
        order=order,
        after=found.after,
        is_first=after is None,
        users=_rows(found, admin.clock()),
    )
    return page(request, session, "users.html", facts)


def _order(text: str) -> Order:
    for order in ORDERS:
        if order == text:
            return order
    raise InputRefused(f"order={text[:20]!r} is none of {', '.join(ORDERS)}")


def _rows(found: UserPage, now_us: int) -> tuple[ListedUser, ...]:
    rows = []
    for row in found.rows:
        last_us = row.last_active_us
        age = None if last_us is None else duration_text(max(now_us - last_us, 0) * MICROSECOND)
        rows.append(
            ListedUser(
                user_id=row.user_id,
                last_active_us=last_us,
                last_active=None if last_us is None else last_us / 1e6,
                age=age,
                views=tuple(view for view, at in row.newest_us.items() if at is not None),
            )
        )
    return tuple(rows)
