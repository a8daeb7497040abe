"""A registry that is applied anew is followed by a running service, and disturbs no request."""

from __future__ import annotations

import asyncio
import os
import shutil
from typing import TYPE_CHECKING

import pytest
from feast import FeatureService
from feast.feature_view import FeatureViewState
from support.building import until
from support.serving import (
    answers_that,
    config_of,
    make_stream,
    rank_request,
    serving,
    under_load,
)

if TYPE_CHECKING:
    from pathlib import Path

    from ml_serving.config import ServingConfig
    from ml_serving.messages import RankAnswer
    from support.world import World

pytestmark = pytest.mark.live


def is_whole(answer: RankAnswer) -> bool:
    """Say whether features were served; nobody is known."""
    return answer.degraded == ("prior", "default_profile")


def test_a_registry_written_anew_beside_requests_disturbs_none(
    serving_config: ServingConfig, world: World
) -> None:
    """All of them are served, before, during and after it."""
    make_stream(world.nats_url)
    store = world.store
    service = store.get_feature_service("bandit_v2")

    def apply() -> None:
        for _ in range(20):
            store.registry.apply_feature_service(service, store.project)

    async def run() -> list[RankAnswer]:
        async with serving(serving_config) as running, under_load(running) as answers:
            await running.parts.stream.connected()
            await answers_that(answers, is_whole)
            await asyncio.to_thread(apply)
            await answers_that(answers, is_whole)
        return answers

    assert all("candidate_features_only" not in answer.degraded for answer in asyncio.run(run()))


def test_a_service_without_a_registry_is_not_ready_and_becomes_so(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then tips are chosen by their candidates alone."""
    make_stream(world.nats_url)
    missing = tmp_path / "later" / "registry.db"
    monkeypatch.setenv("OO_REGISTRY", str(missing))

    async def run() -> None:
        async with serving(config_of(os.environ, tmp_path)) as running:
            await running.parts.stream.connected()
            unready = await running.client.get("/readyz")
            assert (unready.status_code, unready.json()["ok"]) == (503, False)
            alone = await running.rank(rank_request("before"))
            assert "candidate_features_only" in alone.degraded
            shutil.copy(world.settings.registry, tmp_path / "copy")
            (tmp_path / "copy").replace(missing)
            await until(lambda: running.parts.reader.has_service)
            assert (await running.client.get("/readyz")).status_code == 200
            assert is_whole(await running.rank(rank_request("after")))
            assert (await running.client.get("/healthz")).json()["ok"]

    asyncio.run(run())


def test_features_that_do_not_fit_the_policy_are_not_taken(
    serving_config: ServingConfig, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """What was held goes on, in the order that the policy takes."""
    make_stream(world.nats_url)

    async def run() -> None:
        async with serving(serving_config) as running:
            service = world.store.get_feature_service("bandit_v2")
            shorter = FeatureService(name="bandit_v2", features=[])
            shorter.feature_view_projections = service.feature_view_projections[:1]
            world.store.registry.apply_feature_service(shorter, world.store.project)
            await until(lambda: "registry.unfit" in caplog.text)
            assert is_whole(await running.rank(rank_request()))

    asyncio.run(run())


def test_learned_state_is_served_while_its_view_is_filled(
    serving_config: ServingConfig, world: World
) -> None:
    """`feast materialize` marks a view meanwhile, and Feast would not serve it by itself."""
    make_stream(world.nats_url)
    view = world.store.get_feature_view("policy_state_bandit_v1")

    view.state = FeatureViewState.MATERIALIZING
    world.store.registry.apply_feature_view(view, world.store.project)

    async def run() -> RankAnswer:
        async with serving(serving_config) as running:
            await running.parts.stream.connected()
            return await running.rank(rank_request())

    assert is_whole(asyncio.run(run()))
