"""A choice happens as often as is logged, and what a policy cannot use leaves it with the prior."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from feast.infra.online_stores.helpers import get_online_store_from_config
from ml_serving.breaker import REST, Breaker
from ml_serving.choosing import Judges, choose
from ml_serving.signals import Identity
from support.serving import NOW, in_stream, make_stream, rank_request, serving

from oo_bandit import LearnedState, Rollout
from oo_stores.redis import OnlineRow, RedisOnlineStore
from oo_transforms.policies import BANDIT_V1, BANDIT_V2, POLICIES
from oo_transforms.signals import TipShown

if TYPE_CHECKING:
    from ml_serving.config import ServingConfig
    from ml_serving.messages import RankAnswer
    from support.world import World

ROLLOUT = Rollout(live="bandit_v1", new="bandit_v2", exploration=0.4)
DRAWS = 4_000


@pytest.mark.parametrize("rollout", [ROLLOUT, ROLLOUT.moved("canary", percent=100)])
def test_each_candidate_is_chosen_as_often_as_its_chance_says(rollout: Rollout) -> None:
    """Over many requests, whose hashes draw; within five standard errors."""
    rng = np.random.default_rng(3)
    columns = {name: rng.uniform(0, 1, 5).tolist() for name in BANDIT_V2.features}
    rankings = Judges(rollout.exploration).rank(columns, {})
    seeds = [Identity.of(rank_request(now=NOW + number)).seed for number in range(DRAWS)]
    verdicts = [
        choose("ada", rankings, rollout, np.random.Generator(np.random.PCG64(seed)))
        for seed in seeds
    ]
    assert all(one.propensity == one.probabilities[one.index] for one in verdicts)
    counts = np.bincount([one.index for one in verdicts], minlength=5)
    chances = np.array(verdicts[0].probabilities)
    errors = np.sqrt(chances * (1 - chances) / DRAWS)
    assert np.all(np.abs(counts / DRAWS - chances) < 5 * errors)


@pytest.mark.parametrize("candidates", [1, 2, 3, 7])
def test_no_chance_is_rounded_beyond_1(candidates: int) -> None:
    """A propensity above 1 would be rejected, and the decision lost."""
    columns = {name: np.linspace(0, 1, candidates).tolist() for name in BANDIT_V2.features}
    for percent in range(1, 100):
        rollout = Rollout(live="bandit_v1", new="bandit_v2", exploration=percent / 100)
        rankings = Judges(rollout.exploration).rank(columns, {})
        for stage in (rollout, rollout.moved("canary", percent=100), rollout.moved("full")):
            verdict = choose("ada", rankings, stage, np.random.default_rng(percent))
            assert 0 < verdict.propensity <= 1
            assert max(verdict.probabilities) <= 1


def test_every_policy_judges_the_choice() -> None:
    """By its own chances and predictions, whoever acted."""
    columns = {name: [0.0, 1.0] for name in BANDIT_V2.features}
    learned = LearnedState.of(np.ones((20, len(BANDIT_V1.dimensions))), np.ones(20))
    rankings = Judges(ROLLOUT.exploration).rank(columns, {"bandit_v1": learned})
    verdict = choose("ada", rankings, ROLLOUT, np.random.default_rng(1))
    assert verdict.judgements.keys() == POLICIES.keys()
    for name, judgement in verdict.judgements.items():
        assert judgement.probability == rankings[name].probabilities[verdict.index]
        assert judgement.prediction == rankings[name].predictions[verdict.index]
    assert verdict.order[0] == 1
    assert not verdict.is_prior


@pytest.mark.live
@pytest.mark.parametrize(
    ("outer", "numbers", "rewards"),
    [(math.nan, 36, 0.0), (-1.0, 36, 0.0), (0.0, 36, math.inf), (1.0, 35, 0.0)],
    ids=["not finite", "not positive", "infinite rewards", "of another length"],
)
def test_learned_state_that_cannot_be_used_is_said_and_left_alone(
    serving_config: ServingConfig, world: World, outer: float, numbers: int, rewards: float
) -> None:
    """The prior ranks; what is in Redis stays as it is, for people to look at."""
    make_stream(world.nats_url)
    width = len(BANDIT_V1.dimensions)
    values: dict[str, float | list[float]] = {
        "policy_bandit_v1_last_event_at": NOW,
        "policy_bandit_v1_count": 1.0,
        "policy_bandit_v1_outer": [outer] * numbers,
        "policy_bandit_v1_rewards": [rewards] * width,
    }
    config = world.store.config
    online = get_online_store_from_config(config.online_store)
    assert isinstance(online, RedisOnlineStore)
    view = world.store.get_feature_view("policy_state_bandit_v1")
    at_us = round(NOW * 1e6)
    online.write_rows(config, view, [OnlineRow({"user_id": "ada"}, values, at_us, at_us)])

    async def run() -> RankAnswer:
        async with serving(serving_config) as running:
            await running.parts.stream.connected()
            return await running.rank(rank_request())

    answer = asyncio.run(run())
    assert answer.degraded == ("prior", "default_profile")
    (shown,) = in_stream(world.nats_url)
    assert isinstance(shown, TipShown)
    assert shown.decision is not None
    assert shown.decision.state_version is None


def test_a_server_that_failed_is_asked_by_one_at_a_time() -> None:
    """Once in each rest, until it answers."""
    now = 0.0
    breaker = Breaker(lambda: now)
    assert breaker.allows()
    assert breaker.allows()
    breaker.failed()
    assert not breaker.allows()
    now += REST.total_seconds()
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    now += REST.total_seconds()
    assert breaker.allows()
    breaker.succeeded()
    assert breaker.is_closed
    assert breaker.allows()
