"""`oo quality` on a whole small world: real Redis, real NATS, a builder's database."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
import yaml
from redis import Redis
from support.building import minutes_ago
from support.world import signal

from oo_profile.transport.connection import nats_connection

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live


def test_a_flushed_redis_is_told_of(world: World) -> None:
    """The alert says what is affected and what to do, and goes to `alerts.quality`."""
    people = [
        signal("mood.logged", f"user-{number}", minutes_ago(9), score=4) for number in range(9)
    ]
    world.publish_and_build(people)
    assert world.oo("quality", "run").stdout == "0 firing, 0 notices yet to be delivered\n"
    host, port = world.redis_address.split(":")
    Redis(host, int(port)).flushdb()
    (world.settings.db.parent / "quality.db").unlink()  # it looks at Redis every five minutes
    ran, heard = asyncio.run(run_listening(world))
    assert "firing: Redis lacks 100 % of 9 states compared" in ran
    assert (heard["key"], heard["state"], heard["users"]) == ("online-lost:", "firing", 9)
    assert "bandit_v2" in str(heard["services"])
    report = world.oo("quality", "report").stdout
    assert "critical firing: online-lost:" in report
    assert "Likely: It was flushed" in report
    told = json.loads(world.oo("quality", "report", "--json").stdout)
    assert told["online"]["missing"] == told["freshness"][-1]["views"][4]["fresh"] == 9
    assert "user-1" not in json.dumps(told)


async def run_listening(world: World) -> tuple[str, dict[str, object]]:
    """Run the engine once; return what it printed and the notice that NATS carried."""
    async with nats_connection(world.nats_url) as connection:
        heard = await connection.subscribe("alerts.quality")
        await connection.flush()
        ran = await asyncio.to_thread(world.oo, "quality", "run")
        message = await heard.next_msg(timeout=30)
    return ran.stdout, json.loads(message.data)


def test_a_test_and_the_rules(world: World) -> None:
    """A test says by what it was sent; the rules are YAML with a runbook each."""
    assert world.oo("quality", "test").stdout == "nats: sent\n"
    (group,) = yaml.safe_load(world.oo("quality", "rules").stdout)["groups"]
    assert {rule["alert"] for rule in group["rules"]} >= {"OoDuplicates", "OoSilentMood"}
    assert all(rule["annotations"]["runbook"].startswith("docs/") for rule in group["rules"])
