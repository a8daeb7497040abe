"""A builder starts on what it finds, or refuses it and changes nothing."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import redis
from support.batches import dump
from support.building import (
    build_until,
    minutes_ago,
    number_of,
    redis_has_all,
    rows,
    served_states,
    stored_states,
    with_redis,
)
from support.payloads import OWN_FIELDS
from support.world import SignalData, signal

from oo_profile.building.builder import BuilderConfig
from oo_profile.building.service import run_builder
from oo_profile.errors import NoNatsError, NotAppliedError, ProfileError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support.world import World

pytestmark = pytest.mark.live


def one_of_each(user: str) -> list[SignalData]:
    """Make a signal of every subject."""
    return [
        signal(subject.removeprefix("signals."), user, minutes_ago(5), **fields)
        for subject, fields in OWN_FIELDS.items()
    ]


def start(world: World) -> None:
    """Start a builder that is to stop at once."""

    async def run() -> None:
        stop = asyncio.Event()
        stop.set()
        await run_builder(world.settings, world.store, stop)

    asyncio.run(run())


def change(world: World, statement: str) -> list[str]:
    """Change the database behind the builder's back and write down what it then holds."""
    with closing(sqlite3.connect(world.settings.db)) as connection:
        connection.execute(statement)
        connection.commit()
        return dump(connection)


def content(world: World) -> list[str]:
    """Write down what the database holds."""
    with closing(sqlite3.connect(world.settings.db)) as connection:
        return dump(connection)


def test_the_table_of_a_new_view_is_filled_from_the_stored_signals(world: World) -> None:
    """A view whose table is missing has its whole history after the start, as if streamed."""
    world.publish_and_build([*one_of_each("u1"), *one_of_each("u2")])
    before = rows(world, "SELECT * FROM tip_state")
    change(world, "DROP TABLE tip_state")
    host, port = world.redis_address.split(":")
    with redis.Redis(host=host, port=int(port)) as client:
        client.delete(*client.keys("*u1*"))
    build_until(world, lambda: number_of(world, "tip_state") > 0 and redis_has_all(world))
    assert rows(world, "SELECT * FROM tip_state") == before
    assert served_states(world) == stored_states(world)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("ALTER TABLE mood_state RENAME COLUMN mood_last_score TO score", "table mood_state has"),
        ("PRAGMA user_version = 99", "schema version 99"),
    ],
    ids=["other columns", "a newer schema"],
)
def test_a_database_of_another_program_is_refused(
    world: World, statement: str, message: str
) -> None:
    """The error says what differs, and the file is as it was."""
    world.publish_and_build(one_of_each("u1"))
    before = change(world, statement)
    with pytest.raises(SchemaError, match=message):
        start(world)
    assert content(world) == before


def refused_without_a_database(world: World, error: type[ProfileError], message: str) -> None:
    """Check that a builder does not start and makes no file."""
    with pytest.raises(error, match=message):
        start(world)
    assert not world.settings.db.exists()


def test_a_view_applied_otherwise_is_refused(world: World) -> None:
    """A registry that declares another half-life than the code is named, before any table."""
    view = world.store.get_feature_view("task_state")
    view.tags = {**view.tags, "half_life_seconds": "60"}
    world.store.apply(view)
    refused_without_a_database(
        world, NotAppliedError, "'task_state' was applied as .*run `oo apply`"
    )


def test_a_view_that_was_not_applied_is_refused(world: World) -> None:
    """A registry without one of the views says what to run."""
    world.store.registry.delete_feature_service("profile_v1", world.store.project)
    refused_without_a_database(world, NotAppliedError, "no service 'profile_v1': run `oo apply`")


def test_the_order_of_fields_in_the_registry_does_not_matter(world: World) -> None:
    """Every field is served under its own name, in whichever order it was applied."""
    view = world.store.get_feature_view("task_state")
    view.features.reverse()
    # Feast takes another order of the same fields for no change, so the view is put there anew.
    world.store.registry.delete_feature_view(view.name, world.store.project)
    world.store.registry.apply_feature_view(view, world.store.project)
    world.store.registry.refresh(world.store.project)
    assert world.store.get_feature_view("task_state").features[0].name != "task_last_event_at"
    world.publish_and_build(one_of_each("u1"))
    assert served_states(world) == stored_states(world)


def test_without_nats_the_address_is_named(world: World) -> None:
    """A builder that finds no NATS at its start says where it looked."""
    nowhere = replace(world.settings, nats="nats://127.0.0.1:1")

    async def run() -> None:
        await run_builder(nowhere, world.store, asyncio.Event())

    with pytest.raises(NoNatsError, match=r"127\.0\.0\.1:1"):
        asyncio.run(run())


def test_without_redis_a_new_table_is_made_and_served_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start that has a view to fill needs no Redis; when one is there it gets the states."""
    world.publish_and_build(one_of_each("u1"))
    before = rows(world, "SELECT * FROM tip_state")
    change(world, "DROP TABLE tip_state")
    start(with_redis(world, "127.0.0.1:1", monkeypatch))
    assert rows(world, "SELECT * FROM tip_state") == before
    assert rows(world, "SELECT user_id FROM online_behind") == [("u1",)]
    back = with_redis(world, world.redis_address, monkeypatch)
    build_until(back, lambda: redis_has_all(back))


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"profile_share": 1.0}, "profile_share is 1.0; it must be below 1"),
        ({"profile_users": 0}, "profile_users is 0; it must be above 0"),
        ({"retry_seconds": -1.0}, "retry_seconds is -1.0; it must be above 0"),
        ({"quiet_seconds": float("nan")}, "quiet_seconds is nan; it must be above 0"),
    ],
)
def test_a_knob_that_cannot_work_is_named(knobs: Mapping[str, float], message: str) -> None:
    """The message has the knob, its value and what it must be."""
    with pytest.raises(ValueError, match=message):
        BuilderConfig(**knobs)  # type: ignore[arg-type]
