"""The checks of agreement find what they are there to find."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from support.world import signal

from oo_profile import agreement
from oo_profile.building.online import OnlineWriter
from oo_profile.storage.database import reading
from oo_profile.storage.state_table import StateTable
from oo_transforms.history import Version
from oo_transforms.tasks import TASK_STATE

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live

USERS = ("ada", "bob")
TABLE = StateTable(TASK_STATE)


def build(world: World) -> None:
    """Give two users some tasks, one of them late."""
    task = {"task_id": "t", "category": "fix"}
    world.publish_and_build(
        signal("task.completed", user, f"2026-05-01T{hour}:00:00+02:00", **task)
        for user in USERS
        for hour in (10, 12, 11)
    )


def damage(world: World) -> None:
    """Change one sum of one stored row."""
    with closing(sqlite3.connect(world.settings.db)) as connection, connection:
        connection.execute(
            "UPDATE task_state SET task_completed = task_completed * 1.000001 WHERE user_id = 'bob'"
        )


def test_undamaged_data_agree(world: World) -> None:
    """All three checks hold, over every value."""
    build(world)
    with reading(world.settings.db) as connection:
        moments = agreement.last_moments(connection, 2, seed=1)
        found = [
            agreement.serving_and_training(world.store, moments),
            agreement.training_and_definition(world.store, connection, moments),
            agreement.stream_and_replay(connection, USERS),
        ]
    assert all(check.holds for check in found)
    assert {moment.user_id for moment in moments} == set(USERS)


def test_a_damaged_history_is_found(world: World) -> None:
    """A sum that is off by a millionth differs from serving, the definition and the replay."""
    build(world)
    damage(world)
    with reading(world.settings.db) as connection:
        moments = agreement.last_moments(connection, 2, seed=1)
        found = [
            agreement.serving_and_training(world.store, moments),
            agreement.training_and_definition(world.store, connection, moments),
            agreement.stream_and_replay(connection, USERS),
        ]
    assert not any(check.holds for check in found)
    assert all("task_completed" in check.differences[0] for check in found)
    assert all("bob" in text for check in found for text in check.differences)


def test_a_damaged_redis_is_found(world: World) -> None:
    """A state that only Redis has differs from training, and from nothing else."""
    build(world)
    with reading(world.settings.db) as connection:
        moments = agreement.last_moments(connection, 2, seed=1)
        newest = TABLE.newest_at(connection, "bob", moments[0].now_us)
        assert newest is not None
        cells = list(newest.cells)
        cells[[field.name for field in TABLE.fields].index("task_snoozed")] = 7.0
        other = Version(newest.event_time_us, newest.created_us, tuple(cells))
        OnlineWriter(world.store).write({("bob", TABLE.name): other})
        served = agreement.serving_and_training(world.store, moments)
        trained = agreement.training_and_definition(world.store, connection, moments)
    assert not served.holds
    assert "task_snoozed of bob" in served.differences[0]
    assert trained.holds


def test_a_missing_row_is_found(world: World) -> None:
    """A version that is not there differs from the replay by its key."""
    build(world)
    with closing(sqlite3.connect(world.settings.db)) as connection, connection:
        connection.execute(
            "DELETE FROM task_state WHERE user_id = 'ada' AND created_timestamp = "
            "(SELECT max(created_timestamp) FROM task_state WHERE user_id = 'ada')"
        )
    with reading(world.settings.db) as connection:
        found = agreement.stream_and_replay(connection, USERS)
    assert not found.holds
    assert found.differences[0].startswith("history task_state.row of ada")
    assert found.differences[0].endswith("is missing")


def test_nothing_compared_is_no_agreement() -> None:
    """A check that had nothing to look at does not hold."""
    assert not agreement.Agreement("nothing", 1e-9).holds
