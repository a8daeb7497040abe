"""The bandit's service over a world, asked in this process."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

import httpx2
import msgspec
from live import PATIENCE_SECONDS, jetstream, with_nats
from ml_serving.app import make_app
from ml_serving.config import ServingConfig
from ml_serving.messages import Candidate, FeedbackAnswer, FeedbackRequest, RankAnswer, RankRequest

from oo_profile.transport.stream import STREAM, ensure_stream
from oo_transforms.signals import decode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from fastapi import FastAPI
    from ml_serving.parts import Parts
    from nats.aio.client import Client

    from oo_transforms.signals import Signal

T = TypeVar("T")

NOW = 1_782_892_800.0
CATEGORIES = ("docs", "feat", "fix", "home")
PATIENT = timedelta(seconds=PATIENCE_SECONDS)
FAR_US = 10**17
SOON = timedelta(milliseconds=20)


@dataclass(frozen=True, slots=True)
class Running:
    """A running service.

    Attributes:
        app: The application.
        client: Asks it.
    """

    app: FastAPI
    client: httpx2.AsyncClient

    @property
    def parts(self) -> Parts:
        """What it works with."""
        return cast("Parts", self.app.state.parts)

    async def rank(self, request: RankRequest) -> RankAnswer:
        """Ask for a tip; there must be an answer."""
        return await self.post("/rank", request, RankAnswer)

    async def feedback(self, request: FeedbackRequest) -> FeedbackAnswer:
        """Answer a tip; that must be taken."""
        return await self.post("/feedback", request, FeedbackAnswer)

    async def post(self, path: str, request: msgspec.Struct, kind: type[T]) -> T:
        """Post a message; the answer must be of a type."""
        response = await self.client.post(path, content=msgspec.json.encode(request))
        assert response.status_code == 200, response.text
        return msgspec.json.decode(response.content, type=kind)


@contextlib.asynccontextmanager
async def serving(config: ServingConfig) -> AsyncIterator[Running]:
    """Run a service in this event loop."""
    app = make_app(config)
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://serving") as client,
    ):
        yield Running(app, client)


def config_of(environ: Mapping[str, str], folder: Path, **changes: Any) -> ServingConfig:  # noqa: ANN401 - as `ServingConfig` takes them
    """Return the settings of the environment, patient with busy servers, and with some changes."""
    config = ServingConfig.load(environ, folder)
    stream = dataclasses.replace(config.stream, ack_wait=PATIENT)
    config = dataclasses.replace(config, stream=stream, read_time_out=PATIENT, look_every=SOON)
    return dataclasses.replace(config, **changes)


def rank_request(
    user_id: str = "ada", *, candidates: int = 4, now: float = NOW, offset: int = 120
) -> RankRequest:
    """Make a request whose candidates differ."""
    return RankRequest(
        user_id=user_id,
        now=now,
        utc_offset_minutes=offset,
        candidates=tuple(
            Candidate(
                id=f"task-{number}",
                category=CATEGORIES[number % len(CATEGORIES)],
                created_at=now - 86_400.0 * number,
                due_at=None if number % 3 else now + 3_600.0 * number,
                priority=float(number % 4 + 1),
            )
            for number in range(candidates)
        ),
    )


def feedback_to(
    request: RankRequest, answer: RankAnswer, action: str, after_seconds: float = 60.0
) -> FeedbackRequest:
    """Answer a tip, by the service's own clock."""
    return FeedbackRequest(
        user_id=request.user_id,
        tip_id=answer.tip_id,
        category=answer.category,
        action=cast("Any", action),
        now=answer.echo.shown_at + after_seconds,
        utc_offset_minutes=request.utc_offset_minutes,
        echo=answer.echo,
    )


def make_stream(url: str) -> None:
    """Make the stream of signals, as the builder would."""

    async def make(connection: Client) -> None:
        await ensure_stream(connection)

    with_nats(url, make)


def in_stream(url: str) -> list[Signal]:
    """Return all signals of the stream, which must be such, in its order."""

    async def read(connection: Client) -> list[Signal]:
        found = []
        manager = jetstream(connection)
        info = await manager.stream_info(STREAM)
        for sequence in range(info.state.first_seq, info.state.last_seq + 1):
            message = await manager.get_msg(STREAM, sequence)
            assert message.subject is not None
            assert message.data is not None
            # Tests have times of their own: nothing is from the future.
            found.append(decode(message.subject, message.data, FAR_US))
        return found

    return with_nats(url, read)


@contextlib.asynccontextmanager
async def under_load(running: Running, workers: int = 4) -> AsyncIterator[list[RankAnswer]]:
    """Have tips asked for all the time, each once; every request must be answered.

    Gives the answers so far, in the order in which they came.
    """
    answers: list[RankAnswer] = []
    numbers = itertools.count()
    enough = False

    async def ask() -> None:
        while not enough:
            number = next(numbers)
            request = rank_request(f"user-{number % 7}", now=NOW + number)
            answers.append(await running.rank(request))

    async with asyncio.TaskGroup() as tasks:
        for _ in range(workers):
            tasks.create_task(ask())
        try:
            yield answers
        finally:
            enough = True


async def answers_that(answers: list[RankAnswer], hold: Callable[[RankAnswer], bool]) -> None:
    """Wait until some answers from now on are such."""
    seen, wanted = len(answers), 5
    async with asyncio.timeout(PATIENCE_SECONDS):
        while sum(map(hold, answers[seen:])) < wanted:  # noqa: ASYNC110 - others append
            await asyncio.sleep(0.01)
