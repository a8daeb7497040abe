"""Whether the process works, and whether requests may come, are two answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest
from ml_serving.messages import Health
from support.serving import make_stream, rank_request, serving

if TYPE_CHECKING:
    from ml_serving.config import ServingConfig
    from support.serving import Running
    from support.world import World

pytestmark = pytest.mark.live

COUNTED = 'ml_serving_requests_total{path="/rank",status="200"} '


async def asked(running: Running, path: str) -> tuple[int, Health]:
    """Ask how a service is."""
    response = await running.client.get(path)
    return response.status_code, msgspec.json.decode(response.content, type=Health)


def counted(running: Running) -> float:
    """Return how many rankings this process has answered; Feast lets services share counters."""
    lines = running.parts.metrics.text().decode().splitlines()
    return sum(float(line.removeprefix(COUNTED)) for line in lines if line.startswith(COUNTED))


def test_a_service_that_has_all_says_so(serving_config: ServingConfig, world: World) -> None:
    """And its metrics tell of what it did."""
    make_stream(world.nats_url)

    async def run() -> None:
        async with serving(serving_config) as running:
            await running.parts.stream.connected()
            await running.rank(rank_request())
            before = counted(running)
            await running.rank(rank_request("bob"))
            for path in ("/healthz", "/readyz"):
                well = Health(ok=True, stage="shadow", online_store=True, stream=True, spooled=0)
                assert await asked(running, path) == (200, well)
            assert counted(running) == before + 1
            metrics = (await running.client.get("/metrics")).text
            assert 'ml_serving_stage{stage="shadow"} 1.0' in metrics
            assert 'ml_serving_phase_seconds_count{phase="read"}' in metrics

    asyncio.run(run())


def test_what_runs_beside_requests_is_missed_when_it_has_ended(
    serving_config: ServingConfig,
) -> None:
    """Whoever watches the process restarts it; requests go on meanwhile."""

    async def run() -> None:
        async with serving(serving_config) as running:
            follower = running.parts.tasks[2]
            follower.cancel()
            await asyncio.gather(follower, return_exceptions=True)
            status, health = await asked(running, "/healthz")
            assert (status, health.ok) == (503, False)
            assert health.reason is not None
            assert (await asked(running, "/readyz"))[0] == 200

    asyncio.run(run())
