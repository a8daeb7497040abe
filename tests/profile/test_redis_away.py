"""While Redis is away all else goes on, and it is brought up to date when it is back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import redis
from support.building import (
    all_is_acknowledged,
    build_until,
    minutes_ago,
    number_of,
    publish_signals,
    redis_has_all,
    rows,
    served_states,
    stored_states,
    until,
    with_redis,
)
from support.events import captured
from support.redis_servers import ConfiguredRedis
from support.world import SignalData, signal

from oo_profile.building.online_sync import OnlineSyncConfig
from oo_profile.development.ports import LOOPBACK, free_port
from oo_profile.development.servers import RedisServer
from oo_profile.insight.events import Event
from oo_stores.redis.fill_mark import mark_key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from support.world import World

pytestmark = pytest.mark.live

COUNT = 40


def sessions(first: int = 0, count: int = COUNT) -> list[SignalData]:
    """Make sessions of five users, each with its number."""
    return [
        signal("app.session", f"u{n % 5}", minutes_ago(500 - n), f"e{n}", duration_seconds=n)
        for n in range(first, first + count)
    ]


def client(world: World) -> redis.Redis:
    """Return a plain client of the world's Redis."""
    host, port = world.redis_address.split(":")
    return redis.Redis(host=host, port=int(port))


def test_sqlite_and_acknowledgements_go_on(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """All is stored and acknowledged, whose state Redis lacks is remembered, and said once."""
    port = free_port()
    away = with_redis(world, f"{LOOPBACK}:{port}", monkeypatch)
    publish_signals(away, sessions())
    first = build_until(
        away, lambda: all_is_acknowledged(away) and number_of(away, "signals") == COUNT, max_batch=7
    )
    assert (first.stored.total(), first.duplicates) == (COUNT, 0)
    assert first.batches > 2
    assert rows(away, "SELECT * FROM online_behind") == [(f"u{n}",) for n in range(5)]
    assert captured(caplog) == [Event("online.away", {"reason": str(refused(away))})]
    with RedisServer(tmp_path / "redis", port=port):
        second = build_until(away, lambda: redis_has_all(away))
    assert second.handled == 0


def refused(world: World) -> Exception:
    """Return how a Redis that is not there shows itself."""
    with pytest.raises(Exception, match=world.redis_address) as caught:
        served_states(world)
    return caught.value


def test_it_catches_up_by_itself(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A Redis that refuses writes for a while has everything soon after it takes them again."""
    caplog.set_level("INFO", logger="oo_profile")
    publish_signals(world, sessions())

    async def refuse_for_a_while() -> None:
        await until(lambda: all_is_acknowledged(world))
        assert number_of(world, "online_behind") == 5
        assert served_states(world) == {}
        client(world).config_set("maxmemory", 0)

    client(world).config_set("maxmemory", 1)
    try:
        totals = build_until(world, lambda: redis_has_all(world), meanwhile=refuse_for_a_while)
    finally:
        client(world).config_set("maxmemory", 0)
    assert (totals.stored.total(), totals.duplicates) == (COUNT, 0)
    assert [event.context["behind"] for event in captured(caplog, "online.back")] == [5]


def test_no_batch_waits_for_a_redis_that_is_silent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One time-out is paid for when it falls silent, and none by the batches that follow."""
    asked = 0

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await reader.read()
        writer.close()

    async def listen() -> None:
        server = await asyncio.start_server(swallow, LOOPBACK, port)
        async with server:
            await until(lambda: all_is_acknowledged(silent))

    port = free_port()
    silent = with_redis(world, f"{LOOPBACK}:{port},socket_timeout=0.3", monkeypatch)
    publish_signals(silent, sessions())
    seldom = OnlineSyncConfig(first_pause_seconds=1000, longest_pause_seconds=1000)
    totals = build_until(silent, lambda: True, meanwhile=listen, online_config=seldom, max_batch=5)
    assert totals.batches >= COUNT / 5
    assert asked == 1


def test_a_flushed_redis_is_filled_again(world: World) -> None:
    """Nothing needs to be sent for it, and nothing to be done."""
    world.publish_and_build(sessions())

    async def flush() -> None:
        await until(lambda: redis_has_all(world))
        client(world).flushall()
        assert served_states(world) == {}

    totals = build_until(world, lambda: redis_has_all(world), meanwhile=flush)
    assert totals.handled == 0


def test_a_redis_restarted_from_an_old_snapshot_is_brought_up_to_date(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it lost since the snapshot is written again, although the mark is in the snapshot."""
    with ConfiguredRedis(tmp_path / "redis", port=free_port()) as server:
        there = with_redis(world, server.address, monkeypatch)
        there.publish_and_build(sessions())
        build_until(there, lambda: server.client().get(mark_key("oo")) != b"filling")
        server.client().save()
        there.publish_and_build(sessions(COUNT))
        assert redis_has_all(there)
        server.stop()
        server.start()
        assert served_states(there).keys() == stored_states(there).keys()
        assert not redis_has_all(there)
        totals = build_until(there, lambda: redis_has_all(there))
        assert totals.handled == 0


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"portion": 0}, "portion is 0; it must be above 0"),
        ({"look_seconds": float("nan")}, "look_seconds is nan; it must be above 0"),
    ],
)
def test_a_knob_that_cannot_work_is_named(knobs: Mapping[str, float], message: str) -> None:
    """The message has the knob, its value and what it must be."""
    with pytest.raises(ValueError, match=message):
        OnlineSyncConfig(**knobs)  # type: ignore[arg-type]
