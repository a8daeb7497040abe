"""Whether everything works: builder, Redis, jobs, sizes, versions, and what was done here."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from oo_admin.errors import InputRefused
from oo_admin.pages.job import job_facts
from oo_admin.reading.system import system_facts
from oo_admin.web.answers import page
from oo_admin.web.context import admin_of
from oo_admin.web.visitors import Visitor

_JOBS, _AUDIT = 10, 30
_MAX_PERSON = 128
router = APIRouter()


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
    facts = {
        **system_facts(admin.reader, admin.database),
        "jobs": [job_facts(job) for job in admin.jobs.newest(_JOBS)],
        "accounts": [
            {"name": account.name, "role": account.role.value} for account in admin.accounts.all()
        ],
        "person": person,
        "audit": [entry.as_json() for entry in entries[:_AUDIT]],
        "before": entries[_AUDIT - 1].number if len(entries) > _AUDIT else None,
        "now_us": admin.clock(),
    }
    return page(request, session, "system.html", facts)
