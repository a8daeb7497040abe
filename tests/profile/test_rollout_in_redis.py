"""Redis has the rollout of SQLite, whatever happened to it, and no service needs a restart."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import redis
from support.building import build_until, minutes_ago, publish_signals, with_redis
from support.decision_log import LIVE, NEW
from support.world import signal

from oo_bandit import Rollout, rollout_key
from oo_profile.development.ports import LOOPBACK, free_port
from oo_profile.development.servers import RedisServer
from oo_profile.storage import rollout_steps
from oo_profile.storage.database import connect, reading, transaction
from oo_profile.storage.rollout_steps import RolloutStep

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.world import World

pytestmark = pytest.mark.live

CANARY = Rollout(live=LIVE, new=NEW).moved("canary", percent=10)
KEY = rollout_key("oo")


def take(world: World, rollout: Rollout) -> None:
    """Take a step as a command does whose Redis is away: in SQLite alone."""
    step = RolloutStep(1, "tests", rollout, forced=True, reason="a test", evidence="{}")
    with closing(connect(world.settings.db)) as connection, transaction(connection):
        rollout_steps.append(connection, step)


def served(world: World) -> Rollout | None:
    """Return what a service finds."""
    host, port = world.redis_address.split(":")
    with redis.Redis(host=host, port=int(port)) as client:
        text = client.get(KEY)
    return None if text is None else Rollout.from_json(text)


def flush(world: World) -> None:
    """Let Redis lose everything."""
    host, port = world.redis_address.split(":")
    with redis.Redis(host=host, port=int(port)) as client:
        client.flushall()


def test_before_any_step_there_is_none(world: World) -> None:
    """Services are in shadow by themselves."""
    publish_signals(world, [signal("app.session", "ada", minutes_ago(1), duration_seconds=60)])
    build_until(world, lambda: bool(world.settings.db.exists()) and not has_backlog(world))
    assert served(world) is None


def has_backlog(world: World) -> bool:
    """Say whether the one signal is still to be stored."""
    with reading(world.settings.db) as connection:
        return not connection.execute("SELECT count(*) FROM signals").fetchone()[0]


def test_a_builder_writes_what_it_finds(world: World) -> None:
    """At its start, where the one who took the step could not."""
    take(world, CANARY)
    build_until(world, lambda: served(world) == CANARY)


def test_a_running_builder_follows_and_refills(world: World) -> None:
    """A step of somebody else, then a flush, then a step that goes back."""
    back = CANARY.moved("shadow")
    take(world, CANARY)
    happenings: list[Callable[[], None]] = [lambda: flush(world), lambda: take(world, back)]

    def all_happened() -> bool:
        if happenings and served(world) == CANARY:
            happenings.pop(0)()
        return served(world) == back

    build_until(world, all_happened)


def test_a_redis_that_comes_later_gets_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is away the step is remembered, as states are."""
    port = free_port()
    away = with_redis(world, f"{LOOPBACK}:{port}", monkeypatch)
    take(away, CANARY)
    servers: list[RedisServer] = []

    def has_it() -> bool:
        if not servers:
            servers.append(RedisServer(tmp_path / "redis", port=port))
            servers[0].__enter__()
            return False
        return served(away) == CANARY

    try:
        build_until(away, has_it)
    finally:
        for server in servers:
            server.__exit__(None, None, None)


def test_a_resync_writes_it(world: World) -> None:
    """Whatever Redis had in its place."""
    take(world, CANARY)
    build_until(world, lambda: served(world) == CANARY)
    host, port = world.redis_address.split(":")
    with redis.Redis(host=host, port=int(port)) as client:
        client.set(KEY, "damaged")
    world.oo("resync")
    assert served(world) == CANARY


def test_the_command_writes_it_itself(world: World) -> None:
    """No builder need run."""
    connect(world.settings.db).close()
    told = world.oo("bandit", "rollout", "promote", "--force", "--reason", "a test")
    assert "Redis has it" in told.output
    assert served(world) == Rollout(live=LIVE, new=NEW).moved("canary", percent=5)
    world.oo("bandit", "rollout", "back")
    found = served(world)
    assert found is not None
    assert (found.stage, found.step) == ("shadow", 2)
