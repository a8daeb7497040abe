"""Rows of two definitions of a view never mix: a changed one asks for a rebuild of that view."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from support.all_kinds import all_kinds
from support.batches import assert_same_histories, history_rows, replayed_rows
from support.building import (
    build_until,
    nothing_is_due,
    number_of,
    publish_signals,
    rows,
    served_states,
    stored_states,
    until,
)
from support.logs import assert_same_columns, columns_of

from oo_profile.building.replay import replay_user
from oo_profile.errors import DefinitionChangedError
from oo_profile.storage.database import reading
from oo_profile.storage.state_table import StateTable
from oo_profile.upkeep.rebuild import rebuild
from oo_transforms.tasks import TASK_STATE

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live

USERS = ("ada", "bob")
SIGNALS = 36
FASTER = replace(TASK_STATE, half_life=timedelta(days=1))


def pretend_another_half_life(world: World) -> None:
    """Leave what a program with another half-life would have left."""
    with closing(sqlite3.connect(world.settings.db)) as connection, connection:
        connection.execute("UPDATE task_state SET task_completed = task_completed / 2")
        connection.execute(
            "UPDATE state_definitions SET definition = json_set(definition, "
            "'$.half_life_seconds', 86400.0) WHERE view_name = 'task_state'"
        )


def start(world: World) -> None:
    """Start a builder that is to stop at once."""
    build_until(world, lambda: True)


def test_a_changed_half_life_is_refused_until_the_view_is_rebuilt(world: World) -> None:
    """The builder says what changed and what to do; then tables and Redis are of the new one."""
    publish_signals(world, all_kinds(USERS, 2))
    build_until(world, lambda: number_of(world, "signals") == SIGNALS)
    with reading(world.settings.db) as connection:
        before = history_rows(connection)
    pretend_another_half_life(world)
    message = "half_life_seconds was 86400.0 and is 2419200.0.*`oo rebuild --view task_state`"
    with pytest.raises(DefinitionChangedError, match=message):
        start(world)
    assert "task_state" in world.oo("rebuild", "--user=ada", code=1).output
    told = world.oo("rebuild", "--view=task_state").output
    assert "task_state was made anew" in told
    with reading(world.settings.db) as connection:
        assert_same_histories(history_rows(connection), before)
    assert not rows(world, "SELECT user_id FROM online_behind")
    build_until(world, lambda: nothing_is_due(world))
    for key, columns in stored_states(world).items():
        assert_same_columns(served_states(world)[key], columns)
    assert "no state view 'task'" in world.oo("rebuild", "--view=task", code=1).output


def test_a_builder_of_the_old_definition_stops(world: World) -> None:
    """After the view was rebuilt by another one, it stores nothing more, and nothing mixes."""
    publish_signals(world, all_kinds(USERS, 2))

    async def meanwhile() -> None:
        await until(lambda: number_of(world, "signals") == SIGNALS)
        await asyncio.to_thread(rebuild, world.settings, world.store, views=[FASTER])
        await asyncio.to_thread(publish_signals, world, all_kinds(USERS, 2, first=2))

    with pytest.raises(DefinitionChangedError, match=r"half_life_seconds was 86400\.0"):
        build_until(world, lambda: False, meanwhile=meanwhile)
    assert number_of(world, "signals") == SIGNALS
    table = StateTable(FASTER)
    with reading(world.settings.db) as connection:
        for user in USERS:
            found, expected = table.history(connection, user), replay_user(connection, FASTER, user)
            for one, other in zip(found, expected, strict=True):
                assert_same_columns(columns_of(FASTER, one.cells), columns_of(FASTER, other.cells))


def test_checkpoints_of_another_definition_are_not_read(world: World) -> None:
    """What pruned signals have left cannot be read otherwise, and goes only if that is said."""
    publish_signals(world, all_kinds(USERS, 2))
    build_until(world, lambda: number_of(world, "signals") == SIGNALS)
    world.oo("prune", "--before", datetime.now(UTC).isoformat())
    pretend_another_half_life(world)
    before = rows(world, "SELECT * FROM task_state")
    told = world.oo("rebuild", "--view=task_state", code=1).output
    assert "old signals of 2 users were pruned" in told
    assert rows(world, "SELECT * FROM task_state") == before
    world.oo("rebuild", "--view=task_state", "--drop-checkpoints")
    assert number_of(world, "task_state") == 0
    build_until(world, lambda: nothing_is_due(world))
    world.oo("verify", "--wait=0")


def test_a_table_of_an_older_program_is_taken_as_declared(world: World) -> None:
    """Where no definition was kept yet, the present one is kept from now on."""
    publish_signals(world, all_kinds(USERS, 2))
    build_until(world, lambda: number_of(world, "signals") == SIGNALS)
    with closing(sqlite3.connect(world.settings.db)) as connection, connection:
        connection.execute("DELETE FROM state_definitions")
    start(world)
    kept = dict(rows(world, "SELECT view_name, definition FROM state_definitions"))
    assert json.loads(kept["task_state"])["half_life_seconds"] == 28 * 86400
    with reading(world.settings.db) as connection:
        assert_same_histories(history_rows(connection), replayed_rows(connection))
