"""How far a job is, and what came of it."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from oo_admin.jobs import Job
from oo_admin.web.answers import page
from oo_admin.web.context import admin_of
from oo_admin.web.visitors import Visitor

router = APIRouter()


@router.get("/admin/jobs/{number}")
def job(request: Request, session: Visitor, number: int) -> Response:
    """Tell how far a job is, and what came of it."""
    found = admin_of(request).jobs.get(min(number, 2**62))
    return page(request, session, "job.html", {"job": job_facts(found)})


def job_facts(found: Job) -> dict[str, Any]:
    """Tell of a job."""
    return {
        "number": found.number,
        "kind": found.kind,
        "account": found.account,
        "person": found.person,
        "state": found.state,
        "is_under_way": found.is_under_way,
        "done": found.done,
        "total": found.total,
        "began_us": found.began_us,
        "ended_us": found.ended_us,
        "seconds": None if found.ended_us is None else (found.ended_us - found.began_us) / 1e6,
        "result": found.result,
    }
