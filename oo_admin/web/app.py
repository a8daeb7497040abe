"""The application: pages, their guard, and what they work with."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from oo_admin.accounts.accounts import Accounts
from oo_admin.accounts.attempts import Attempts
from oo_admin.accounts.audit import AuditLog
from oo_admin.accounts.database import AdminDatabase
from oo_admin.accounts.sessions import Sessions
from oo_admin.evaluations import Evaluations
from oo_admin.jobs import Jobs
from oo_admin.pages import bandit, data_quality, features, job, login, system, user, users
from oo_admin.reading.distribution import Distributions
from oo_admin.reading.quality_facts import QualityReader
from oo_admin.reading.reader import Reader
from oo_admin.web import failures
from oo_admin.web.context import Admin
from oo_admin.web.guard import Guard
from oo_admin.web.words import environment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from argon2 import PasswordHasher
    from feast import FeatureStore

    from oo_admin.config import AdminConfig
    from oo_profile.settings import Settings

STATIC: Final = Path(__file__).parents[1] / "static"
PARTS: Final = (login, users, user, job, features, bandit, data_quality, system)
"""The modules whose pages are served."""


def make_app(
    config: AdminConfig,
    settings: Settings,
    store: FeatureStore,
    clock: Callable[[], int],
    *,
    hasher: PasswordHasher | None = None,
) -> FastAPI:
    """Make the application; its jobs end when it is shut down.

    Args:
        config: How it is served.
        settings: Where the store's data is.
        store: Feast, with the definitions applied.
        clock: Tells the present in microseconds.
        hasher: Hashes passwords; by default as argon2's library thinks right.

    Raises:
        DatabaseError: The file with accounts and sessions refuses.
        NotAppliedError: The registry is not what the code declares.
    """
    database = AdminDatabase(config.db)
    reader = Reader(settings, store)
    admin = Admin(
        config=config,
        clock=clock,
        database=database,
        accounts=Accounts(database, hasher),
        sessions=Sessions(database),
        attempts=Attempts(database),
        audit=AuditLog(database),
        jobs=Jobs(database, clock),
        evaluations=Evaluations(database),
        reader=reader,
        distributions=Distributions(reader),
        quality=QualityReader(reader),
        templates=environment(),
    )
    # No pages about the pages: they would load scripts from elsewhere.
    app = FastAPI(
        title="oO admin", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan
    )
    app.state.admin = admin
    for part in PARTS:
        app.include_router(part.router)
    app.mount("/admin/static", StaticFiles(directory=STATIC))
    failures.install(app)
    app.add_middleware(Guard, config=config)
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.admin.jobs.close()
