"""While NATS is away signals wait on disk, and leave in their order when it is back."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal as signals
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from support.building import until
from support.serving import (
    answers_that,
    config_of,
    feedback_to,
    in_stream,
    make_stream,
    rank_request,
    serving,
    under_load,
)

from oo_profile.development.ports import free_port
from oo_profile.development.servers import NatsServer

if TYPE_CHECKING:
    from pathlib import Path

    from ml_serving.config import ServingConfig
    from ml_serving.messages import FeedbackAnswer, RankAnswer
    from support.serving import Running
    from support.world import World

pytestmark = pytest.mark.live


@pytest.fixture
def own_nats(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NatsServer:
    """Give the service a NATS that may be stopped, with a stream; it does not run."""
    assert world.store is not None
    server = NatsServer(tmp_path / "nats", port=free_port())
    with server:
        make_stream(server.url)
    monkeypatch.setenv("OO_NATS", server.url)
    return server


def config(folder: Path, **spool: object) -> ServingConfig:
    """Return the settings of a service, perhaps with another spool."""
    made = config_of(os.environ, folder)
    return dataclasses.replace(made, spool=dataclasses.replace(made.spool, **spool))  # type: ignore[arg-type]  # as the config takes them


def impatient(made: ServingConfig) -> ServingConfig:
    """Let NATS have little time for an acknowledgement."""
    short = timedelta(milliseconds=100)
    return dataclasses.replace(made, stream=dataclasses.replace(made.stream, ack_wait=short))


def is_spooled(answer: RankAnswer) -> bool:
    """Say whether the signal waits on disk."""
    return "spooled" in answer.degraded and answer.logged


def is_published(answer: RankAnswer) -> bool:
    """Say whether the signal is in the stream."""
    return "spooled" not in answer.degraded and answer.logged


async def emptied(running: Running) -> None:
    """Wait until nothing waits in the spool."""
    await until(lambda: len(running.parts.spool) == 0)


def test_no_request_fails_and_no_signal_is_lost_while_nats_goes_and_comes(
    own_nats: NatsServer, tmp_path: Path
) -> None:
    """Each tip that was answered is in the stream, under the id that it was given."""

    async def run() -> list[RankAnswer]:
        async with serving(config(tmp_path)) as running, under_load(running) as answers:
            await answers_that(answers, is_spooled)
            own_nats.start()
            await answers_that(answers, is_published)
            own_nats.stop()
            await answers_that(answers, is_spooled)
            own_nats.start()
            await answers_that(answers, is_published)
        return answers

    try:
        answers = asyncio.run(run())
        shown = in_stream(own_nats.url)
    finally:
        own_nats.stop()
    assert {f"shown-{answer.tip_id}" for answer in answers} == {one.event_id for one in shown}


def test_what_waits_survives_a_restart_and_leaves_in_order(
    own_nats: NatsServer, tmp_path: Path
) -> None:
    """Tips and feedback alike, one after the other as they were given."""

    async def away() -> list[str]:
        async with serving(config(tmp_path)) as running:
            ids = []
            for number in range(12):
                request = rank_request(now=1.7e9 + number)
                answer = await running.rank(request)
                assert is_spooled(answer)
                taken = await running.feedback(feedback_to(request, answer, "done"))
                assert (taken.degraded, taken.logged) == (("spooled",), True)
                ids += [f"shown-{answer.tip_id}", taken.event_id]
            return ids

    async def back() -> RankAnswer:
        async with serving(config(tmp_path)) as running:
            await emptied(running)
            return await running.rank(rank_request("after"))

    ids = asyncio.run(away())
    with own_nats:
        after = asyncio.run(back())
        assert is_published(after)
        assert [one.event_id for one in in_stream(own_nats.url)] == [
            *ids,
            f"shown-{after.tip_id}",
        ]


def test_a_nats_that_hangs_holds_up_nobody_and_gets_the_same_signals_later(
    own_nats: NatsServer, tmp_path: Path
) -> None:
    """It may have had them already: they come under the ids that they had."""
    requests = [rank_request(f"u{number}") for number in range(10)]

    async def run() -> list[RankAnswer]:
        async with serving(impatient(config(tmp_path))) as running:
            await running.parts.stream.connected()
            os.kill(own_nats.pid or 0, signals.SIGSTOP)
            try:
                answers = await asyncio.gather(*map(running.rank, requests))
            finally:
                os.kill(own_nats.pid or 0, signals.SIGCONT)
            assert all(map(is_spooled, answers))
            await emptied(running)
            return answers

    with own_nats:
        answers = asyncio.run(run())
        ids = {one.event_id for one in in_stream(own_nats.url)}
    assert ids == {f"shown-{answer.tip_id}" for answer in answers}


def test_a_nats_without_the_stream_is_waited_for_too(own_nats: NatsServer, tmp_path: Path) -> None:
    """Nobody has taken what nobody has acknowledged."""
    bare = NatsServer(tmp_path / "bare", port=own_nats._wanted_port)  # noqa: SLF001 - its address

    async def run() -> None:
        async with serving(config(tmp_path)) as running:
            await running.parts.stream.connected()
            assert is_spooled(await running.rank(rank_request()))
            await asyncio.to_thread(make_stream, bare.url)
            await emptied(running)

    with bare:
        asyncio.run(run())
        assert len(in_stream(bare.url)) == 1


def test_a_full_spool_still_lets_tips_be_chosen_and_counts_what_is_lost(
    own_nats: NatsServer, tmp_path: Path
) -> None:
    """The answer says that it is not logged; asked again, it is tried again."""
    assert own_nats.pid is None
    request = rank_request()

    async def run() -> tuple[list[RankAnswer], FeedbackAnswer, str]:
        async with serving(config(tmp_path, max_bytes=10)) as running:
            answers = [await running.rank(request) for _ in range(2)]
            taken = await running.feedback(feedback_to(request, answers[0], "done"))
            return answers, taken, (await running.client.get("/metrics")).text

    answers, taken, metrics = asyncio.run(run())
    assert all(not a.logged and a.degraded[-1] == "not_logged" for a in answers)
    assert (taken.logged, taken.degraded) == (False, ("not_logged",))
    assert 'ml_serving_signals_total{fate="lost",subject="signals.tip.shown"} 2.0' in metrics
    assert 'ml_serving_degraded_total{step="not_logged"} 3.0' in metrics


def test_a_persons_signals_are_removed_from_the_spool(own_nats: NatsServer, tmp_path: Path) -> None:
    """Those of others leave as they would have."""

    async def away() -> None:
        async with serving(config(tmp_path)) as running:
            for user in ("a/b é", "bob", "a/b é"):
                await running.rank(rank_request(user, now=1.7e9 + len(running.parts.spool)))
            removed = await running.client.delete("/users/a/b é/signals")
            assert removed.json() == {"removed": 2}
            none = await running.client.delete("/users/nobody/signals")
            assert none.json() == {"removed": 0}

    async def back() -> None:
        async with serving(config(tmp_path)) as running:
            await emptied(running)

    asyncio.run(away())
    with own_nats:
        asyncio.run(back())
        assert [one.user_id for one in in_stream(own_nats.url)] == ["bob"]
