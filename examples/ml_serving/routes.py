"""The routes: from a request to the service, and back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Final, cast

import msgspec
from fastapi import APIRouter, Path
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotations
from starlette.responses import Response

from ml_serving import examples
from ml_serving.bodies import Body, answer
from ml_serving.messages import FeedbackRequest, ForgetAnswer, RankRequest
from ml_serving.openapi import REFUSALS, answers, request_body

if TYPE_CHECKING:
    from ml_serving.parts import Parts

router: Final = APIRouter()

_RANK: Final = Body(RankRequest)
_FEEDBACK: Final = Body(FeedbackRequest)

_UserId = Annotated[
    str, Path(min_length=1, max_length=128, description="Whose signals", examples=["ada"])
]


@router.post(
    "/rank",
    tags=["tips"],
    summary="Choose a tip",
    openapi_extra=request_body(examples.RANK_REQUEST),
    responses=answers(examples.RANK_ANSWER, "The tip, and how it came about", REFUSALS),
)
async def rank(request: Request) -> Response:
    """Rank the candidates for a user, choose one, and log the decision.

    Whatever is away, there is an answer, and `degraded` says what it had to do without.
    """
    began = time.perf_counter()
    wanted = await _RANK.read(request)
    return answer(await _parts(request).service.rank(wanted, began))


@router.post(
    "/feedback",
    tags=["tips"],
    summary="Tell what was answered to a tip",
    openapi_extra=request_body(examples.FEEDBACK_REQUEST),
    responses=answers(examples.FEEDBACK_ANSWER, "What became of it", REFUSALS),
)
async def feedback(request: Request) -> Response:
    """Log an answer to a tip, with the echo of its decision, so that it is learned from."""
    given = await _FEEDBACK.read(request)
    return answer(msgspec.json.encode(await _parts(request).service.take_feedback(given)))


@router.delete(
    "/users/{user_id:path}/signals",
    tags=["operators"],
    summary="Forget a user's signals that wait on disk",
    responses=answers(examples.FORGET_ANSWER, "What was removed", (422,)),
)
async def forget(request: Request, user_id: _UserId) -> Response:
    """Remove from the spool what is there of a user; `oo forget` cannot reach it.

    Without this it is gone when the stream is back, or at the latest when the spool's time is over;
    the builder stores nothing of a forgotten user either way.
    """
    removed = await _parts(request).outbox.forget(user_id)
    return answer(msgspec.json.encode(ForgetAnswer(removed=removed)))


@router.get(
    "/healthz",
    tags=["operators"],
    summary="Tell whether the process works",
    responses=answers(examples.HEALTH, "It does; 503: it has to be restarted"),
)
async def healthz(request: Request) -> Response:
    """Tell whether everything runs that is to run beside requests."""
    parts = _parts(request)
    health = parts.health(None if parts.is_alive() else "a background task has ended, see the log")
    return answer(msgspec.json.encode(health), 200 if health.ok else 503)


@router.get(
    "/readyz",
    tags=["operators"],
    summary="Tell whether requests may come",
    responses=answers(examples.HEALTH, "They may; 503: not yet"),
)
async def readyz(request: Request) -> Response:
    """Tell whether the registry was read. Without Redis or NATS the service is ready, degraded."""
    parts = _parts(request)
    health = parts.health(
        None if parts.reader.has_service else "the registry was not read yet: run `oo apply`"
    )
    return answer(msgspec.json.encode(health), 200 if health.ok else 503)


@router.get("/metrics", tags=["operators"], summary="Metrics for Prometheus")
async def metrics(request: Request) -> Response:
    """Give all metrics, as Prometheus reads them."""
    return Response(_parts(request).metrics.text(), media_type=CONTENT_TYPE_LATEST)


def _parts(request: Request) -> Parts:
    return cast("Parts", request.app.state.parts)
