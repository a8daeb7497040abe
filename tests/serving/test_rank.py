"""A ranking: its answer, and the signal that says exactly how it came about."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from support.serving import NOW, feedback_to, in_stream, make_stream, rank_request, serving
from support.world import signal

from oo_transforms.clock import to_micros
from oo_transforms.policies import BANDIT_V2
from oo_transforms.signals import TipFeedback, TipShown

if TYPE_CHECKING:
    from ml_serving.config import ServingConfig
    from ml_serving.messages import FeedbackAnswer, RankAnswer, RankRequest
    from support.world import World

pytestmark = pytest.mark.live


def ranked(config: ServingConfig, *requests: RankRequest) -> list[RankAnswer]:
    """Ask a service for tips, one after the other."""

    async def ask() -> list[RankAnswer]:
        async with serving(config) as running:
            await running.parts.stream.connected()
            return [await running.rank(request) for request in requests]

    return asyncio.run(ask())


def test_a_decision_is_logged_as_it_was_made(serving_config: ServingConfig, world: World) -> None:
    """The signal is a valid one, and says of the choice what the answer says."""
    make_stream(world.nats_url)
    request = rank_request()
    (answer,) = ranked(serving_config, request)
    (shown,) = in_stream(world.nats_url)
    assert isinstance(shown, TipShown)
    assert shown.decision is not None
    assert (shown.tip_id, shown.category) == (answer.tip_id, answer.category)
    chances = {one.id: one.probability for one in answer.ranking}
    assert shown.decision.propensity == chances[answer.chosen]
    assert sum(chances.values()) == pytest.approx(1.0, abs=1e-12)
    assert chances.keys() == {candidate.id for candidate in request.candidates}
    assert shown.decision.features == answer.echo.features
    assert to_micros(shown.occurred_at) == round(answer.echo.shown_at * 1e6)
    assert set(shown.decision.policies) == {"bandit_v1", "bandit_v2"}
    scores = [one.score for one in answer.ranking]
    assert scores == sorted(scores, reverse=True)


def test_whoever_is_new_is_ranked_by_the_prior_and_told_so(
    serving_config: ServingConfig, world: World
) -> None:
    """His features have their documented values without evidence."""
    make_stream(world.nats_url)
    (answer,) = ranked(serving_config, rank_request("nobody"))
    assert answer.degraded == ("prior", "default_profile")
    features = answer.echo.features
    known = [features[name] for name in BANDIT_V2.features[-3:]]
    assert known == [0.5, pytest.approx(1 / 24), 0.2]


def test_a_profile_is_served_and_its_age_is_told(
    serving_config: ServingConfig, world: World
) -> None:
    """What has a source past its TTL is counted, and has its value without evidence."""
    done = signal("task.completed", "ada", "2026-06-30T10:00:00+02:00", task_id="t", category="fix")
    world.publish_and_build([done])
    later = rank_request(now=NOW + 91 * 86_400)
    answer, expired = ranked(serving_config, rank_request(), later)
    assert answer.degraded == ("prior",)
    assert answer.echo.features["completion_rate"] > 0.6
    assert expired.degraded == ("prior", "default_profile")
    assert expired.echo.features["completion_rate"] == 0.5
    decisions = [s.decision for s in in_stream(world.nats_url) if isinstance(s, TipShown)]
    assert [decision and decision.expired_features for decision in decisions] == [0, 3]


def test_a_request_that_comes_again_is_one_decision(
    serving_config: ServingConfig, world: World
) -> None:
    """Whoever got no answer asks again, while the first is worked on or after it."""
    make_stream(world.nats_url)
    request = rank_request()

    async def ask() -> list[RankAnswer]:
        async with serving(serving_config) as running:
            await running.parts.stream.connected()
            both = await asyncio.gather(running.rank(request), running.rank(request))
            return [*both, await running.rank(request)]

    first, second, third = asyncio.run(ask())
    assert first == second == third
    assert len(in_stream(world.nats_url)) == 1


def test_the_same_request_in_another_process_has_the_same_event_id(
    serving_config: ServingConfig, world: World
) -> None:
    """So the builder knows the second for what it is."""
    make_stream(world.nats_url)
    ranked(serving_config, rank_request())
    ranked(serving_config, rank_request())
    ranked(serving_config, rank_request(now=NOW + 1))
    ids = [shown.event_id for shown in in_stream(world.nats_url)]
    assert ids[0] == ids[1] != ids[2]


def test_feedback_carries_the_echo_and_counts_once(
    serving_config: ServingConfig, world: World
) -> None:
    """The answer says what became of it; sent again it has the same event id."""
    make_stream(world.nats_url)
    request = rank_request()

    async def ask() -> tuple[RankAnswer, list[FeedbackAnswer]]:
        async with serving(serving_config) as running:
            await running.parts.stream.connected()
            answer = await running.rank(request)
            given = feedback_to(request, answer, "done")
            return answer, [await running.feedback(given) for _ in range(2)]

    answer, taken = asyncio.run(ask())
    assert taken[0] == taken[1]
    assert (taken[0].logged, taken[0].degraded) == (True, ())
    _, first, second = in_stream(world.nats_url)
    assert isinstance(first, TipFeedback)
    assert first.decision == answer.echo
    assert first == second
    assert (first.tip_id, first.event_id) == (answer.tip_id, taken[0].event_id)
