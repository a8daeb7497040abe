"""The application.

uvicorn --app-dir examples --factory ml_serving.app:from_environment
"""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fastapi import FastAPI
from feast import FeatureStore

from ml_serving import failures, openapi
from ml_serving.config import ServingConfig
from ml_serving.measuring import Measuring
from ml_serving.parts import opened
from ml_serving.routes import router

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DESCRIPTION: Final = (
    "Chooses tips from features that Feast serves and from what was learned of each user, and logs "
    "each decision with the exact chances that it was made by."
)


def from_environment() -> FastAPI:
    """Make the application with the settings of this process, for uvicorn.

    Raises:
        ConfigError: A setting makes no sense.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # Feast warns at every use of an on-demand view that these are young.
    warnings.filterwarnings("ignore", message=".*[Oo]n.?demand feature view.*")
    return make_app(ServingConfig.load(os.environ, Path.cwd()))


def make_app(config: ServingConfig) -> FastAPI:
    """Make the application; what it works with is opened when it starts."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened(config, FeatureStore(repo_path=str(config.repo))) as parts:
            app.state.parts = parts
            yield

    app = FastAPI(
        title="oO tips", version="1", description=DESCRIPTION, lifespan=lifespan, redoc_url=None
    )
    app.include_router(router)
    app.add_middleware(Measuring)
    failures.install(app)
    openapi.install(app)
    return app
