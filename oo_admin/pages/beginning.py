"""Beginning a job for a button, and leading to the job's page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from oo_admin.web.answers import see_other
from oo_admin.web.context import admin_of
from oo_admin.web.visitors import PRESS_FIELD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import Request
    from starlette.responses import Response

    from oo_admin.accounts.sessions import Session
    from oo_admin.jobs import Kind, Work


MAX_PRESS: Final = 64


def already_begun(request: Request, form: Mapping[str, str], kind: Kind) -> Response | None:
    """Lead to the job of a kind that this very press of a button began; None: it began none.

    A second click comes when the first one's job may be done, and what it was about gone.
    """
    job = admin_of(request).jobs.begun_by(kind, form.get(PRESS_FIELD, "")[:MAX_PRESS])
    return None if job is None else see_other(f"/admin/jobs/{job.number}")


def begin_job(  # noqa: PLR0913 - who, what, about whom
    request: Request,
    session: Session,
    form: Mapping[str, str],
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
        form: What came with it.
        kind: What the job does.
        work: What is to be done.
        user_id: The user it is about; None: about none.
        about: What it is about otherwise; it names no user.
    """
    admin = admin_of(request)
    subject = f"{kind}: {about}" if user_id is None else user_id
    press = form.get(PRESS_FIELD, "")[:MAX_PRESS]
    job, is_new = admin.jobs.begin(kind, subject, session.account.name, work, press)
    if is_new:
        detail = f"{about}, job {job.number}" if about else f"job {job.number}"
        admin.audit.record(
            session.account.name, kind, admin.clock(), user_id=user_id, detail=detail
        )
    return see_other(f"/admin/jobs/{job.number}")
