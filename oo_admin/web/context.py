"""What the pages work with, made once when they are started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import Request
    from jinja2 import Environment

    from oo_admin.accounts.accounts import Accounts
    from oo_admin.accounts.attempts import Attempts
    from oo_admin.accounts.audit import AuditLog
    from oo_admin.accounts.database import AdminDatabase
    from oo_admin.accounts.sessions import Sessions
    from oo_admin.config import AdminConfig
    from oo_admin.evaluations import Evaluations
    from oo_admin.jobs import Jobs
    from oo_admin.reading.distribution import Distributions
    from oo_admin.reading.quality_facts import QualityReader
    from oo_admin.reading.reader import Reader


@dataclass(frozen=True, slots=True)
class Admin:
    """Everything that a page may need.

    Attributes:
        config: How the pages are served.
        clock: Tells the present in microseconds.
        database: The pages' own file.
        accounts: Who may look.
        sessions: Who is logged in.
        attempts: Who tried in vain.
        audit: What was done.
        jobs: What is being done behind the pages.
        evaluations: What was found of the policies.
        reader: Reads the store's data.
        distributions: How features are distributed.
        quality: What the quality engine has found.
        templates: What pages are written with.
    """

    config: AdminConfig
    clock: Callable[[], int]
    database: AdminDatabase
    accounts: Accounts
    sessions: Sessions
    attempts: Attempts
    audit: AuditLog
    jobs: Jobs
    evaluations: Evaluations
    reader: Reader
    distributions: Distributions
    quality: QualityReader
    templates: Environment


def admin_of(request: Request) -> Admin:
    """Return what the application was made with."""
    admin: Admin = request.app.state.admin
    return admin
