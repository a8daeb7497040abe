"""How far a job is, and what came of it."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from oo_admin.job_results import JobResult
from oo_admin.jobs import Job, JobState, Kind
from oo_admin.web.answers import page
from oo_admin.web.context import admin_of
from oo_admin.web.visitors import Visitor

router = APIRouter()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """A piece of work.

    Attributes:
        number: Its number.
        kind: What it does.
        account: Who began it.
        person: The keyed hash of whom, or what, it is about.
        state: How far it is; interrupted: the process that did it was stopped.
        is_under_way: Whether it has not ended.
        done: How much is done.
        total: Of how much; 0: not known.
        began_us: When it was asked for, microseconds.
        ended_us: When it ended; null: it has not.
        seconds: How long it took; null: it has not ended.
        result: What came of it; it names nobody.
    """

    number: int
    kind: Kind
    account: str
    person: str
    state: JobState
    is_under_way: bool
    done: int
    total: int
    began_us: int
    ended_us: int | None
    seconds: float | None
    result: JobResult


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage:
    """How far a job is.

    Attributes:
        job: The job.
    """

    job: JobFacts


@router.get("/admin/jobs/{number}")
def job(request: Request, session: Visitor, number: int) -> Response:
    """Tell how far a job is, and what came of it."""
    found = admin_of(request).jobs.get(min(number, 2**62))
    return page(request, session, "job.html", JobPage(job=job_facts(found)))


def job_facts(found: Job) -> JobFacts:
    """Tell of a job."""
    return JobFacts(
        number=found.number,
        kind=found.kind,
        account=found.account,
        person=found.person,
        state=found.state,
        is_under_way=found.is_under_way,
        done=found.done,
        total=found.total,
        began_us=found.began_us,
        ended_us=found.ended_us,
        seconds=None if found.ended_us is None else (found.ended_us - found.began_us) / 1e6,
        result=found.result,
    )
