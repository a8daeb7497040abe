"""How good the data is: freshness by view, and what was rejected."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import Response

from oo_admin.alert_work import alert_test_work
from oo_admin.errors import InputRefused
from oo_admin.pages.beginning import already_begun, begin_job
from oo_admin.reading.distribution import Distribution
from oo_admin.reading.quality import (
    USERS,
    LatestRejected,
    RejectedCount,
    ViewStaleness,
    latest_rejected,
    rejected_by_reason,
    view_staleness,
)
from oo_admin.reading.quality_facts import QualityFacts
from oo_admin.rejected_work import drop_work, retry_work
from oo_admin.web.answers import page, see_other
from oo_admin.web.context import admin_of
from oo_admin.web.visitors import Change, Operator, Visitor
from oo_profile.storage.rejected_rows import count_by_reason

if TYPE_CHECKING:
    from oo_admin.jobs import Kind

MOST_DIGITS = 4
router = APIRouter()


@dataclass(frozen=True, slots=True, kw_only=True)
class DataQualityPage:
    """How good the data is.

    Attributes:
        now_us: The moment, microseconds.
        quality: What the checks have found; null: they have not run yet.
        distributions: How the features of a profile are distributed, in logged samples; those
            that shifted first.
        users: How many users `views` is of: those active most recently.
        most_users: How many these are at most.
        views: How fresh each state view is.
        reasons: How many rejected messages are kept, by reason.
        rejected: The latest of them counted, by reason and subject.
        latest_rejected: The newest of them.
    """

    now_us: int
    quality: QualityFacts | None
    distributions: tuple[Distribution, ...]
    users: int
    most_users: int
    views: tuple[ViewStaleness, ...]
    reasons: dict[str, int]
    rejected: tuple[RejectedCount, ...]
    latest_rejected: tuple[LatestRejected, ...]


@router.get("/admin/data-quality")
def data_quality(request: Request, session: Visitor) -> Response:
    """Tell how fresh each view is, and what was rejected why."""
    admin = admin_of(request)
    now_us = admin.clock()
    quality = admin.quality.facts(now_us, names=session.account.is_operator)
    distributions = admin.distributions.all(now_us)
    with admin.reader.reading() as connection:
        views = view_staleness(connection, admin.reader.catalogue.views, now_us)
        facts = DataQualityPage(
            now_us=now_us,
            quality=quality,
            distributions=distributions,
            users=max((sum(view.counts.values()) for view in views), default=0),
            most_users=USERS,
            views=tuple(views),
            reasons=dict(count_by_reason(connection)),
            rejected=rejected_by_reason(connection),
            latest_rejected=latest_rejected(connection),
        )
    return page(request, session, "data_quality.html", facts)


@router.post("/admin/rejected")
def rejected(request: Request, session: Operator, form: Change) -> Response:
    """Begin to publish again, or to drop, the rejected messages of one reason."""
    admin = admin_of(request)
    reason, action = form.get("reason", ""), form.get("action", "")
    kind: Kind = "retry" if action == "retry" else "drop"
    if begun := already_begun(request, form, kind):
        return begun
    with admin.reader.reading() as connection:
        if reason not in count_by_reason(connection):
            raise InputRefused(
                "no message is kept with this reason: another may have dealt with it"
            )
    settings = admin.reader.settings
    if action == "retry":
        return begin_job(
            request, session, form, "retry", retry_work(settings, reason), about=reason
        )
    if action == "drop":
        return begin_job(request, session, form, "drop", drop_work(settings, reason), about=reason)
    raise InputRefused("action is none of retry, drop")


@router.post("/admin/mute")
def mute(request: Request, session: Operator, form: Change) -> Response:
    """Have nobody told of an alert for some hours, for a reason; 0 hours: people are told again."""
    admin, hours = admin_of(request), form.get("hours", "")
    if not hours.isdecimal() or len(hours) > MOST_DIGITS:
        raise InputRefused("a mute lasts a whole number of hours; 0: people are told again")
    admin.quality.mute(
        form.get("key", ""), int(hours), form.get("reason", ""), session.account.name, admin.clock()
    )
    admin.audit.record(session.account.name, "mute", admin.clock(), detail=f"for {hours} h")
    return see_other("/admin/data-quality")


@router.post("/admin/alert-test")
def alert_test(request: Request, session: Operator, form: Change) -> Response:
    """Begin to send a test to everybody who is told of alerts."""
    if begun := already_begun(request, form, "alert test"):
        return begun
    admin = admin_of(request)
    work = alert_test_work(admin.reader.settings, admin.clock)
    return begin_job(request, session, form, "alert test", work)
