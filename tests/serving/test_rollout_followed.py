"""The stage of the rollout reaches a running service, and stays while Redis is away."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import TYPE_CHECKING

import pytest
import redis
from ml_serving.metrics import Metrics
from ml_serving.rollouts import Rollouts
from ml_serving.spool import Spool, SpoolConfig
from support.building import until, with_redis
from support.serving import config_of, in_stream, make_stream, rank_request, serving

from oo_bandit import Rollout, rollout_key
from oo_profile.development.ports import LOOPBACK, free_port
from oo_profile.development.servers import RedisServer
from oo_transforms.signals import TipShown

if TYPE_CHECKING:
    from pathlib import Path

    from ml_serving.config import ServingConfig
    from support.world import World

FIRST = Rollout(live="bandit_v1", new="bandit_v2")
CANARY = FIRST.moved("canary", percent=100)


def put(address: str, rollout: Rollout) -> None:
    """Write the rollout to Redis, as a step does."""
    host, port = address.split(":")
    with redis.Redis(host=host, port=int(port)) as client:
        client.set(rollout_key("oo"), rollout.to_json())


def is_at(rollouts: Rollouts, rollout: Rollout) -> bool:
    """Say whether a rollout holds."""
    return rollouts.current == rollout


@pytest.mark.live
def test_a_step_is_followed_without_a_restart(serving_config: ServingConfig, world: World) -> None:
    """In the canary a coin is thrown, and logged; at the end the new policy acts."""
    make_stream(world.nats_url)

    async def run() -> list[str]:
        async with serving(serving_config) as running:
            await running.parts.stream.connected()
            rollouts = running.parts.rollouts
            stages: list[str] = []
            policies: list[str] = []
            for number, rollout in enumerate((FIRST, CANARY, CANARY.moved("full"))):
                put(world.redis_address, rollout)
                await until(partial(is_at, rollouts, rollout))
                answer = await running.rank(rank_request(now=1.7e9 + number))
                stages.append(answer.stage)
                policies.append(answer.policy)
            assert (policies[0], policies[2]) == ("bandit_v1", "bandit_v2")
            return stages

    assert asyncio.run(run()) == ["shadow", "canary", "full"]
    decisions = [one.decision for one in in_stream(world.nats_url) if isinstance(one, TipShown)]
    assert [d.stage for d in decisions if d is not None] == ["shadow", "canary", "full"]
    assert [d is not None and d.coin is not None for d in decisions] == [False, True, False]
    # With a coin the chance is that of both, whomever it let act.
    canary = decisions[1]
    assert canary is not None
    assert canary.propensity == pytest.approx(
        sum(judgement.probability for judgement in canary.policies.values()) / 2
    )


@pytest.mark.live
def test_the_stage_that_was_read_stays_while_redis_is_away(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after a flush, until it is written again."""
    port = free_port()
    with_redis(world, f"{LOOPBACK}:{port}", monkeypatch)
    server = RedisServer(tmp_path / "redis", port=port).start()
    put(server.address, CANARY)

    async def run() -> None:
        async with serving(config_of(os.environ, tmp_path)) as running:
            assert running.parts.rollouts.current == CANARY
            server.stop()
            await running.parts.rollouts.look()
            assert (await running.rank(rank_request())).stage == "canary"
            server.start()
            await running.parts.rollouts.look()
            assert (await running.rank(rank_request("bob"))).stage == "canary"

    try:
        asyncio.run(run())
    finally:
        server.stop()


@pytest.mark.parametrize(
    "text", [b"no rollout", b'{"live": "bandit_v1", "new": "of_a_later_program"}']
)
def test_a_rollout_that_makes_no_sense_changes_nothing(text: bytes, tmp_path: Path) -> None:
    """One of policies that this program does not have is such, too."""

    async def read() -> bytes:
        return text

    with Spool(SpoolConfig(tmp_path), lambda: 0.0) as spool:
        rollouts = Rollouts(CANARY, read, Metrics(spool))
        asyncio.run(rollouts.look())
        assert rollouts.current == CANARY
