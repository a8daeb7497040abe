"""Beginning a job for a button, and leading to the job's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_admin.web.answers import see_other
from oo_admin.web.context import admin_of

if TYPE_CHECKING:
    from fastapi import Request
    from starlette.responses import Response

    from oo_admin.accounts.sessions import Session
    from oo_admin.jobs import Kind, Work


def begin_job(  # noqa: PLR0913 - who, what, about whom
    request: Request,
    session: Session,
    kind: Kind,
    work: Work,
    *,
    user_id: str | None = None,
    about: str = "",
) -> Response:
    """Begin a job and note who did, unless the same work is under way; lead to its page.

    Args:
        request: The change that was asked for.
        session: Who asks.
        kind: What the job does.
        work: What is to be done.
        user_id: The user it is about; None: about none.
        about: What it is about otherwise; it names no user.
    """
    admin = admin_of(request)
    subject = f"{kind}: {about}" if user_id is None else user_id
    job, is_new = admin.jobs.begin(kind, subject, session.account.name, work)
    if is_new:
        detail = f"{about}, job {job.number}" if about else f"job {job.number}"
        admin.audit.record(
            session.account.name, kind, admin.clock(), user_id=user_id, detail=detail
        )
    return see_other(f"/admin/jobs/{job.number}")
