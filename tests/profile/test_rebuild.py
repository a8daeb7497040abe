"""A rebuild makes tables, Redis and profiles what the signals say, whatever they held."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from redis import Redis
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
)
from support.logs import assert_same_columns

from oo_profile.building.builder import Step
from oo_profile.storage.database import reading
from oo_profile.upkeep.rebuild import rebuild
from oo_profile.upkeep.resync import resync

if TYPE_CHECKING:
    from support.batches import Rows
    from support.world import World

pytestmark = pytest.mark.live

USERS = ("ada", "bob", "🌱")
A_ROW_TOO_MANY = """
    INSERT INTO mood_state
    SELECT user_id, event_timestamp + 9000000000, created_timestamp + 1, mood_last_event_at + 9000,
           mood_last_event_id, 1.0, 1.0, 1.0
    FROM mood_state WHERE user_id = 'bob' LIMIT 1
"""
A_LOST_ROW = """
    DELETE FROM tip_state WHERE user_id = 'bob' AND created_timestamp = (
        SELECT max(created_timestamp) FROM tip_state WHERE user_id = 'bob'
    )
"""
A_USER_THAT_THERE_IS_NOT = """
    INSERT INTO sync_state SELECT 'nobody', event_timestamp, created_timestamp, 1, 1, 1, 1, 1, 1
    FROM sync_state LIMIT 1
"""
DAMAGE = (
    "UPDATE task_state SET task_completed = task_completed + 0.001 WHERE user_id = 'ada'",
    A_LOST_ROW,
    A_ROW_TOO_MANY,
    A_USER_THAT_THERE_IS_NOT,
    "UPDATE calendar_state SET calendar_last_busy_ratio = 'much' WHERE user_id = '🌱'",
    "UPDATE activity_state SET activity_by_hour = x'01' WHERE user_id = '🌱'",
    "UPDATE profile SET value = 0.123 WHERE feature_name = 'completion_rate'",
)


def damage(world: World, *statements: str) -> None:
    """Change the database behind the builder's back."""
    with closing(sqlite3.connect(world.settings.db)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def damage_redis(world: World) -> None:
    """Give each user another user's state, with later times, and leave one that there is not."""
    host, port = world.redis_address.split(":")
    with Redis(host=host, port=int(port)) as client:
        keys = [key for key in client.scan_iter() if b"user_id" in key]
        for key in keys:
            for field in client.hkeys(key):
                if field.startswith(b"_created:"):
                    client.hset(key, field, b"9000000000000000")
                elif field.startswith(b"_ts:"):
                    client.hset(key, field, b"\x08\x80\xf0\x91\xc8\x08")
                else:
                    client.hset(key, field, b"")
        (ada,) = [key for key in keys if b"ada" in key]
        client.copy(ada, ada.replace(b"ada", b"eve"))


def histories(world: World) -> Rows:
    """Read the histories of all users."""
    with reading(world.settings.db) as connection:
        return history_rows(connection)


def test_what_was_damaged_is_restored(world: World) -> None:
    """Rows, Redis and profiles are as before; the result says what was wrong, and with whom."""
    publish_signals(world, all_kinds(USERS, 3))
    build_until(world, lambda: nothing_is_due(world) and number_of(world, "signals") == 81)
    before, served = histories(world), served_states(world)
    damage(world, *DAMAGE)
    damage_redis(world)
    assert served_states(world) != served
    done = rebuild(world.settings, world.store)
    assert_same_histories(histories(world), before)
    assert not rows(world, "SELECT 1 FROM sync_state WHERE user_id = 'nobody'")
    assert served_states(world) == stored_states(world)
    for user_view, columns in served.items():
        assert_same_columns(served_states(world)[user_view], columns)
    assert {name: (c.missing, c.extra, c.changed) for name, c in done.changes.items()} == {
        "activity_state": (0, 0, 3),
        "calendar_state": (0, 0, 3),
        "mood_state": (0, 1, 0),
        "policy_state_bandit_v1": (0, 0, 0),
        "policy_state_bandit_v2": (0, 0, 0),
        "sync_state": (0, 1, 0),
        "task_state": (0, 0, done.changes["task_state"].changed),
        "tip_state": (1, 0, 0),
    }
    assert done.signals == 81
    assert done.strangers == 1
    assert done.repaired_users == 4
    assert {user for (user,) in rows(world, "SELECT * FROM profile_due")} == {*USERS, "nobody"}
    assert rebuild(world.settings, world.store).repaired_rows == 0
    build_until(world, lambda: nothing_is_due(world))
    assert not rows(world, "SELECT 1 FROM profile WHERE value = 0.123")


def test_signals_that_come_meanwhile_count(world: World) -> None:
    """Rebuilds beside a builder at work leave what it would have left, in tables and Redis."""
    publish_signals(world, all_kinds(USERS, 2))
    build_until(world, lambda: number_of(world, "signals") == 54)
    damage(world, *DAMAGE[:4])
    damage_redis(world)

    def again() -> None:
        rebuild(world.settings, world.store, signals_at_once=40)

    async def meanwhile() -> None:
        await asyncio.to_thread(publish_signals, world, all_kinds(USERS, 6, first=2))
        for _ in range(3):
            # Two at once.
            await asyncio.gather(*(asyncio.to_thread(again) for _ in range(2)))

    build_until(
        world,
        lambda: number_of(world, "signals") == 216 and nothing_is_due(world),
        meanwhile=meanwhile,
        max_batch=7,
    )
    with reading(world.settings.db) as connection:
        assert_same_histories(histories(world), replayed_rows(connection))
    assert rebuild(world.settings, world.store).repaired_rows == 0
    assert served_states(world) == stored_states(world)


def test_a_builder_does_not_undo_a_rebuild(world: World) -> None:
    """A state that was made of a damaged row and is written after the repair gives way to it."""
    publish_signals(world, all_kinds(USERS, 2))
    build_until(world, lambda: number_of(world, "signals") == 54)
    damage(world, *DAMAGE[:4])
    publish_signals(world, all_kinds(USERS, 1, first=2))

    def repair(step: Step) -> None:
        if step is Step.COMMITTED:
            rebuild(world.settings, world.store)

    build_until(world, lambda: number_of(world, "signals") == 81, on_step=repair)
    assert served_states(world) == stored_states(world)
    assert rebuild(world.settings, world.store).repaired_rows == 0


def test_a_rebuild_that_ends_half_way_leaves_no_half_history(world: World) -> None:
    """Users before it are as they should be, those behind as they were, and it can go on."""
    publish_signals(world, all_kinds(USERS, 2))
    build_until(world, lambda: number_of(world, "signals") == 54)
    before = histories(world)
    damage(world, "DELETE FROM task_state", "DELETE FROM tip_state")

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(world.settings, world.store, signals_at_once=1, progress=stop)
    for table in ("task_state", "tip_state"):
        assert rows(world, f"SELECT DISTINCT user_id FROM {table}") == [("ada",)]
    # What Redis may not have yet is remembered, and brought by whoever comes first.
    assert rows(world, "SELECT user_id FROM online_behind") == [("ada",)]
    damage_redis(world)
    build_until(world, lambda: number_of(world, "online_behind") == 0)
    served, stored = served_states(world), stored_states(world)
    assert all(served[key] == stored[key] for key in stored if key[0] == "ada")
    rebuild(world.settings, world.store, signals_at_once=1)
    assert_same_histories(histories(world), before)
    assert not rows(world, "SELECT user_id FROM online_behind")


def test_a_resync_makes_redis_a_copy(world: World) -> None:
    """Whatever Redis has, it gets the newest rows of SQLite, and of nobody else."""
    publish_signals(world, all_kinds(USERS, 2))
    build_until(world, lambda: number_of(world, "signals") == 54)
    served = served_states(world)
    damage_redis(world)
    done = resync(world.settings, world.store)
    assert (done.users, done.rows, done.strangers) == (3, 24, 1)
    assert served_states(world) == served
    damage_redis(world)
    assert "8 rows of 1 user are in Redis" in world.oo("resync", "--user=ada").output
    assert "24 rows of 3 users are in Redis" in world.oo("resync").output
    assert served_states(world) == served
    assert "has no signals" in world.oo("resync", "--user=eve", code=1).output


def test_the_command_says_what_was_wrong(world: World) -> None:
    """One user or all, with the rows that were wrong; nobody is refused with names near to him."""
    publish_signals(world, all_kinds(USERS, 1))
    build_until(world, lambda: number_of(world, "signals") == 27)
    damage(world, *DAMAGE[:3])
    assert "task_state: 0 missing, 0 too many, 3 wrong" in world.oo("rebuild", "--user=ada").output
    told = world.oo("rebuild", "--all").output
    assert "rebuilt 3 users from 27 signals" in told
    assert "tip_state: 1 missing, 0 too many, 0 wrong" in told
    assert "task_state" not in told
    assert "user 'ad' has no signals" in world.oo("rebuild", "--user=ad", code=1).output
    assert "either --user USER or --all" in world.oo("rebuild", code=2).output
