"""While Redis is away a tip is chosen by its candidates alone, at once, and the answer says so."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal as signals
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from support.building import with_redis
from support.serving import (
    answers_that,
    config_of,
    in_stream,
    make_stream,
    rank_request,
    serving,
    under_load,
)

from oo_profile.development.ports import LOOPBACK, free_port
from oo_profile.development.servers import RedisServer
from oo_transforms.policies import BANDIT_V1
from oo_transforms.signals import TipShown

if TYPE_CHECKING:
    from pathlib import Path

    from ml_serving.config import ServingConfig
    from ml_serving.messages import RankAnswer
    from support.world import World

pytestmark = pytest.mark.live

ALONE = ("prior", "default_profile", "candidate_features_only")
SHORT = timedelta(seconds=1)


@pytest.fixture
def own_redis(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RedisServer:
    """Give the world a Redis that may be stopped; it does not run yet."""
    port = free_port()
    monkeypatch.setenv("OO_SERVING_REDIS_SECONDS", "0.5")
    with_redis(world, f"{LOOPBACK}:{port}", monkeypatch)
    make_stream(world.nats_url)
    return RedisServer(tmp_path / "redis", port=port)


def config(folder: Path) -> ServingConfig:
    """Return the settings of a service that does not wait for Redis for long."""
    return dataclasses.replace(config_of(os.environ, folder), read_time_out=SHORT)


def is_alone(answer: RankAnswer) -> bool:
    """Say whether an answer did without Redis."""
    return answer.degraded == ALONE


def is_whole(answer: RankAnswer) -> bool:
    """Say whether Redis was asked; nobody is known there."""
    return answer.degraded == ("prior", "default_profile")


def test_no_request_fails_while_redis_goes_and_comes(
    own_redis: RedisServer, world: World, tmp_path: Path
) -> None:
    """The features of the candidates stay what they were, and the log says what there was not."""
    request = rank_request()

    async def run() -> tuple[RankAnswer, RankAnswer, int]:
        async with serving(config(tmp_path)) as running:
            await running.parts.stream.connected()
            async with under_load(running) as answers:
                await answers_that(answers, is_alone)
                before = await running.rank(request)
                own_redis.start()
                await answers_that(answers, is_whole)
                own_redis.stop()
                await answers_that(answers, is_alone)
                own_redis.start()
                await answers_that(answers, is_whole)
                after = await running.rank(rank_request("another"))
            return before, after, len(answers)

    try:
        before, after, asked = asyncio.run(run())
    finally:
        own_redis.stop()
    for name in BANDIT_V1.features:
        assert before.echo.features.keys() == after.echo.features.keys()
        assert {before.echo.features[name] for name in ("hour_sin", "is_weekend")} == {
            after.echo.features[name] for name in ("hour_sin", "is_weekend")
        }, name
    shown = [one for one in in_stream(world.nats_url) if isinstance(one, TipShown)]
    assert len(shown) >= asked
    logged = {one.tip_id: one.decision and one.decision.degraded for one in shown}
    assert logged[before.tip_id] == ALONE


def test_many_who_ask_a_redis_that_hangs_are_answered_while_it_hangs(
    own_redis: RedisServer, tmp_path: Path
) -> None:
    """Answers of before are nobody's afterwards: each user gets his own."""

    async def run() -> None:
        async with serving(config(tmp_path)) as running:
            await running.parts.stream.connected()
            assert is_whole(await running.rank(rank_request("first")))
            os.kill(own_redis.pid or 0, signals.SIGSTOP)
            try:
                many = [running.rank(rank_request(f"u{number}")) for number in range(30)]
                assert all(map(is_alone, await asyncio.gather(*many)))
            finally:
                os.kill(own_redis.pid or 0, signals.SIGCONT)
            async with under_load(running) as answers:
                await answers_that(answers, is_whole)

    with own_redis:
        asyncio.run(run())
