"""Incidents on real servers and files: what the engine sees there is enough to find them."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from redis import Redis
from support.batches import database, message, writer
from support.building import minutes_ago, publish_signals
from support.world import signal

from oo_admin.quality.alerts import State
from oo_admin.quality.config import QualityConfig
from oo_admin.quality.engine import QualityEngine, Sources, declared_expectations
from oo_admin.quality.finding import Cause
from oo_admin.quality.running import WaitingMessages, watcher
from oo_admin.quality.store import opened
from oo_profile.wall_clock import wall_clock
from oo_transforms.syncs import MAX_HOURS, SOURCE_VIEWS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from support.world import SignalData, World

    from oo_admin.quality.alerts import Alert
    from oo_admin.quality.running import Watcher
    from oo_profile.transport.message import Message

MINUTE_US = 60_000_000
DAY_US = 24 * 60 * MINUTE_US
NOON_US = 1_772_366_400_000_000
TTLS = {view.name: timedelta(hours=MAX_HOURS[s]) for s, view in SOURCE_VIEWS.items()}
PEOPLE = 40


class Clock:
    """The real clock, and so many minutes more."""

    minutes = 0

    def __call__(self) -> int:
        """Tell microseconds."""
        return wall_clock() + self.minutes * MINUTE_US


@contextmanager
def watching(world: World) -> Iterator[tuple[Watcher, Clock]]:
    """Watch a world with the checks that `oo quality watch` runs."""
    clock = Clock()
    with watcher(world.settings, world.store, {}, clock) as found:
        yield found, clock


def moods(turn: int) -> list[SignalData]:
    """Make a mood of everybody."""
    return [
        signal("mood.logged", f"user-{n}", minutes_ago(9 - turn), score=4) for n in range(PEOPLE)
    ]


@pytest.mark.live
def test_a_builder_that_stopped_is_seen_by_what_waits(world: World) -> None:
    """NATS says how many messages wait, the database when one was last handled."""
    world.publish_and_build(moods(0))
    with watching(world) as (watch, clock):
        assert watch.round().changes == ()
        publish_signals(world, moods(1))
        assert WaitingMessages(world.nats_url)() == PEOPLE
        assert watch.round().changes == ()
        clock.minutes = 12
        (fired,) = watch.round().changes
        assert (fired.cause, fired.state) == (Cause.BUILDER_STOPPED, State.FIRING)
        assert f"{PEOPLE} messages wait, and none was handled for" in fired.what
        world.publish_and_build([])
        assert WaitingMessages(world.nats_url)() == 0
        watch.round()
        clock.minutes = 12 + 121
        (resolved,) = watch.round().changes
        assert (resolved.key, resolved.state) == (fired.key, State.RESOLVED)


@pytest.mark.live
def test_a_redis_that_lost_everything_is_seen_on_a_sample(world: World) -> None:
    """Its states are compared every five minutes with those of SQLite."""
    world.publish_and_build(moods(0))
    with watching(world) as (watch, clock):
        assert watch.round().changes == ()
        host, port = world.redis_address.split(":")
        Redis(host, int(port)).flushdb()
        clock.minutes = 6
        (fired,) = watch.round().changes
    assert (fired.cause, fired.users) == (Cause.ONLINE_LOST, PEOPLE)
    assert f"Redis lacks 100 % of {PEOPLE} states compared" in fired.what


def test_fewer_fresh_users_than_declared_are_told_of(tmp_path: Path) -> None:
    """Everybody is active, and for nobody a session is of the last week: half is declared."""
    with database(tmp_path / "oo.db") as connection:
        writer(connection).write([*_of_all("app.session", 8), *_of_all("mood.logged", 0)])
        (fired,) = _evaluated(tmp_path, connection)
        assert (fired.cause, fired.about) == (Cause.STALE, "activity_state")
        assert "activity_state is fresh for 0 % of its active users" in fired.what


def test_a_value_out_of_its_range_is_told_of(tmp_path: Path) -> None:
    """Somebody changed a row of the table `profile` by hand."""
    with database(tmp_path / "oo.db") as connection:
        writer(connection).write([*_of_all("app.session", 0), *_of_all("mood.logged", 0)])
        rows = [
            (f"user-{n:03}", "completion_rate", 0.5 if n else 7.0, NOON_US) for n in range(PEOPLE)
        ]
        connection.executemany("INSERT INTO profile VALUES (?, ?, ?, ?)", rows)
        (fired,) = _evaluated(tmp_path, connection)
        assert (fired.cause, fired.about) == (Cause.OUT_OF_RANGE, "completion_rate")
        assert "for 1 of 40 users" in fired.what


def _of_all(subject: str, days_ago: int) -> list[Message]:
    fields = {"duration_seconds": 60} if subject == "app.session" else {"score": 4}
    at_us = NOON_US - days_ago * DAY_US
    first = days_ago * PEOPLE + (PEOPLE if "mood" in subject else 0)
    return [
        message(
            f"signals.{subject}",
            {
                "event_id": f"{subject}-{days_ago}",
                "user_id": f"user-{number:03}",
                "occurred_at": f"2026-0{2 if days_ago else 3}-{21 if days_ago else 1:02}T12:00:00Z",
                **fields,
            },
            first + number + 1,
            at_us,
        )
        for number in range(PEOPLE)
    ]


def _evaluated(folder: Path, connection: sqlite3.Connection) -> list[Alert]:
    sources = Sources(connection, None, lambda: 0, TTLS, declared_expectations())
    with opened(folder / "quality.db") as store, store.transaction():
        return QualityEngine(QualityConfig(), store, sources).run(NOON_US + MINUTE_US)
