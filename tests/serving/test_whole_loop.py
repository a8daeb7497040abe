"""What is answered to tips comes back as learned state, and the next ranking is another one."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
from ml_serving.messages import Candidate, FeedbackRequest, RankRequest
from support.building import PATIENT, number_of, redis_has_all, until
from support.serving import in_stream, make_stream, serving
from support.world import DEADLINE_SECONDS

from oo_profile.building.service import run_builder
from oo_transforms.signals import TipShown

if TYPE_CHECKING:
    from ml_serving.config import ServingConfig
    from ml_serving.messages import RankAnswer
    from support.serving import Running
    from support.world import World

pytestmark = pytest.mark.live

LIKED = "stretch"
A_ROUND = 8


def request(number: int) -> RankRequest:
    """Offer the one task that the user likes beside two that seem more urgent."""
    now = time.time() + number * 1e-3
    return RankRequest(
        user_id="ada",
        now=now,
        utc_offset_minutes=0,
        candidates=(
            Candidate(id="report", category="docs", created_at=now - 30 * 86_400, priority=4.0),
            Candidate(id="mails", category="docs", created_at=now - 9 * 86_400, priority=3.0),
            Candidate(id=LIKED, category="health", created_at=now - 3_600, priority=1.0),
        ),
    )


async def one_round(running: Running, numbers: range) -> list[RankAnswer]:
    """Ask for some tips, and do those alone that are liked."""
    answers = []
    for number in numbers:
        asked = request(number)
        answer = await running.rank(asked)
        answers.append(answer)
        await running.feedback(
            FeedbackRequest(
                user_id="ada",
                tip_id=answer.tip_id,
                category=answer.category,
                action="done" if answer.chosen == LIKED else "dismiss",
                now=answer.echo.shown_at + 1e-3,
                utc_offset_minutes=0,
                echo=answer.echo,
            )
        )
    return answers


def is_folded(world: World, signals: int) -> bool:
    """Say whether so many signals are stored, and served."""
    return number_of(world, "signals") == signals and redis_has_all(world)


def test_answers_to_tips_change_the_next_ranking(
    serving_config: ServingConfig, world: World
) -> None:
    """From the service over NATS, the builder, SQLite and Redis back to the service."""
    make_stream(world.nats_url)

    async def run() -> list[RankAnswer]:
        stop = asyncio.Event()
        building = asyncio.create_task(
            run_builder(world.settings, world.store, stop, config=PATIENT)
        )
        try:
            async with serving(serving_config) as running, asyncio.timeout(DEADLINE_SECONDS):
                await running.parts.stream.connected()
                answers = await one_round(running, range(A_ROUND))
                while answers[-1].ranking[0].id != LIKED:
                    await until(partial(is_folded, world, 2 * len(answers)), building)
                    numbers = range(len(answers), len(answers) + A_ROUND)
                    answers += await one_round(running, numbers)
                return answers
        finally:
            stop.set()
            await building

    answers = asyncio.run(run())
    assert answers[0].ranking[0].id != LIKED
    assert answers[0].degraded == ("prior", "default_profile")
    assert answers[-1].degraded == ()
    shown = [one for one in in_stream(world.nats_url) if isinstance(one, TipShown)]
    versions = [one.decision and one.decision.state_version for one in shown]
    assert versions[0] is None
    assert (versions[-1] or 0) >= round(answers[0].echo.shown_at * 1e6)
