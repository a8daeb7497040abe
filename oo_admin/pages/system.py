"""Whether everything works: builder, Redis, jobs, sizes, versions, and what was done here."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from oo_admin.accounts.accounts import Role
from oo_admin.accounts.audit import AuditFacts
from oo_admin.errors import InputRefused
from oo_admin.pages.job import JobFacts, job_facts
from oo_admin.reading.system import SystemFacts, system_facts
from oo_admin.web.answers import page, shallow
from oo_admin.web.context import admin_of
from oo_admin.web.visitors import Visitor

_JOBS, _AUDIT = 10, 30
_MAX_PERSON = 128
router = APIRouter()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """An account.

    Attributes:
        name: Its name.
        role: What it may do.
    """

    name: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemPage(SystemFacts):
    """Whether everything works, and what was done here.

    Attributes:
        backlogs: What waits behind the builder's batches; null: there is no database yet.
        lag: What the builder has before it in the stream; null: not known.
        nats_refusal: Why it is not known; empty: it is.
        redis_refusal: Why Redis does not answer; empty: it does.
        files: The files and their sizes.
        versions: Versions by package.
        now_us: The moment, microseconds.
        jobs: The latest jobs, the newest first.
        accounts: Who may log in.
        person: The user id that the audit log was asked about; empty: all of it.
        audit: What was done, the newest first.
        before: What to ask for older entries with; null: there are none.
    """

    now_us: int
    jobs: tuple[JobFacts, ...]
    accounts: tuple[AccountFacts, ...]
    person: str
    audit: tuple[AuditFacts, ...]
    before: int | None


@router.get("/admin/system")
def system(request: Request, session: Visitor) -> Response:
    """Tell whether everything works, and what was done here, to whom if that is asked."""
    admin = admin_of(request)
    person = request.query_params.get("person", "").strip()
    before = request.query_params.get("before", "")
    if len(person) > _MAX_PERSON or (before and (not before.isdecimal() or len(before) > 18)):  # noqa: PLR2004 - digits of 2**62
        raise InputRefused("person is a user id, before the number of an entry in the audit log")
    entries = admin.audit.newest(
        _AUDIT + 1, before=int(before) if before else None, user_id=person or None
    )
    facts = SystemPage(
        **shallow(system_facts(admin.reader, admin.database)),
        now_us=admin.clock(),
        jobs=tuple(job_facts(job) for job in admin.jobs.newest(_JOBS)),
        accounts=tuple(
            AccountFacts(name=account.name, role=account.role) for account in admin.accounts.all()
        ),
        person=person,
        audit=tuple(entry.facts() for entry in entries[:_AUDIT]),
        before=entries[_AUDIT - 1].number if len(entries) > _AUDIT else None,
    )
    return page(request, session, "system.html", facts)
