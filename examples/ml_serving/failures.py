"""Requests that are not answered, as problems with a reason."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from ml_serving.bodies import problem
from ml_serving.errors import RequestRefused

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response

    from ml_serving.messages import Error

_BY_STATUS: Final[dict[int, Error]] = {404: "not_found", 405: "not_allowed"}

_log = logging.getLogger(__name__)


def install(app: FastAPI) -> None:
    """Let an application answer what it refuses, and what went wrong."""
    app.add_exception_handler(RequestRefused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


async def _refused(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestRefused):
        raise error
    return problem(error.status, error.error, error.detail)


async def _invalid(_: Request, error: Exception) -> Response:
    # Of the path; bodies are decoded by `Body`.
    return problem(422, "invalid", str(error))


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    name = _BY_STATUS.get(error.status_code, "invalid")
    detail = f"{error.detail}: {request.method} {request.url.path}; /docs lists what there is"
    return problem(error.status_code, name, detail)


async def _unexpected(request: Request, error: Exception) -> Response:
    _log.error("request.failed path=%s", request.url.path, exc_info=error)
    return problem(500, "unexpected", "the service failed at this request; its log says how")
