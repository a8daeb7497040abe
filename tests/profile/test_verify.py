"""A verification finds each kind of damage and names it, and raises no false alarm."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from redis import Redis
from support.all_kinds import all_kinds
from support.building import build_until, nothing_is_due, number_of, publish_signals

from oo_profile.upkeep.rebuild import rebuild
from oo_profile.upkeep.sampling import sample
from oo_profile.upkeep.verify import Verification, verify

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live

USERS = ("ada", "bob", "eve")
SIGNALS = 81
A_ROW_TOO_MANY = """
    INSERT INTO mood_state
    SELECT user_id, event_timestamp + 1, created_timestamp + 1, mood_last_event_at,
           mood_last_event_id, 1.0, 1.0, 1.0
    FROM mood_state WHERE user_id = 'bob' LIMIT 1
"""
A_LOST_ROW = """
    DELETE FROM tip_state WHERE user_id = 'bob' AND created_timestamp = (
        SELECT min(created_timestamp) FROM tip_state WHERE user_id = 'bob'
    )
"""
DAMAGE = {
    "UPDATE task_state SET task_completed = task_completed * 1.0000001 WHERE user_id = 'ada'": (
        "history task_state.task_completed of ada",
        "should be",
    ),
    "UPDATE activity_state SET activity_by_hour = x'01' WHERE user_id = 'ada'": (
        "history activity_state.activity_by_hour of ada",
        "unreadable",
    ),
    "UPDATE calendar_state SET calendar_last_busy_ratio = 'much' WHERE user_id = 'eve'": (
        "history calendar_state.calendar_last_busy_ratio of eve",
        "is 'much'",
    ),
    A_LOST_ROW: ("history tip_state.row of bob", "is missing"),
    A_ROW_TOO_MANY: ("history mood_state.row of bob", "should not be there"),
    "UPDATE profile SET value = 0.9 WHERE user_id = 'ada' AND feature_name = 'completion_rate'": (
        "profile completion_rate of ada",
        "is 0.9, should be",
    ),
    "DELETE FROM profile WHERE user_id = 'bob' AND feature_name = 'mood_score'": (
        "profile mood_score of bob",
        "is missing",
    ),
    "INSERT INTO profile SELECT user_id, 'luck', 7, updated_at FROM profile LIMIT 1": (
        "profile luck of ada",
        "should not be there, is 7",
    ),
    "INSERT INTO profile VALUES ('nobody', 'mood_score', 5, 0)": (
        "profile mood_score of nobody",
        "should not be there",
    ),
}


@pytest.fixture
def built(world: World) -> World:
    """Give a world in which everything is as it should be."""
    publish_signals(world, all_kinds(USERS, 3))
    build_until(world, lambda: nothing_is_due(world) and number_of(world, "signals") == SIGNALS)
    return world


def check(world: World, patience_seconds: float = 0.0) -> tuple[Verification, list[str]]:
    """Verify all users; return the differences in words too."""
    told: list[str] = []
    found = verify(
        world.settings,
        world.store,
        on_difference=lambda difference: told.append(str(difference)),
        patience_seconds=patience_seconds,
    )
    return found, told


def damage_redis(world: World) -> None:
    """Change a value, lose one, lose a view, spoil a key, and add a user that there is not."""
    host, port = world.redis_address.split(":")
    with Redis(host=host, port=int(port)) as client:
        keys = {name: key for key in client.scan_iter() for name in USERS if name.encode() in key}
        client.copy(keys["ada"], keys["ada"].replace(b"ada", b"amy"))
        client.set(keys["eve"], b"no hash")
        client.hset(keys["ada"], b"_created:mood_state", b"9000000000000000")
        client.hdel(keys["ada"], b"_ts:task_state")
        fields = {field for field in client.hkeys(keys["bob"]) if not field.startswith(b"_")}
        client.hset(keys["bob"], mapping=dict.fromkeys(fields, b"\xff"))


def test_each_kind_of_damage_is_found_and_named(built: World) -> None:
    """Undamaged, nothing differs; then each value is told with its place, its owner and both."""
    found, told = check(built)
    assert (found.holds, told, found.users, found.signals) == (True, [], 3, SIGNALS)
    assert not found.waiting
    assert all(tally.compared for tally in found.findings.tallies.values())
    with closing(sqlite3.connect(built.settings.db)) as connection, connection:
        for statement in DAMAGE:
            connection.execute(statement)
    found, told = check(built)
    assert found.differing == {*USERS, "nobody"}
    for where, what in DAMAGE.values():
        assert any(text.startswith(where) and what in text for text in told), where
    tallies = found.findings.tallies
    assert tallies["history", "tip_state", "tip_shown"].missing == 1
    assert tallies["history", "mood_state", "mood_score_sum"].extra == 1
    assert tallies["history", "task_state", "task_completed"].mismatched == 8
    assert 0.9e-7 < tallies["history", "task_state", "task_completed"].largest < 1.1e-7
    assert not any(text.startswith("redis") for text in told)


def test_a_damaged_redis_is_found_and_named(built: World) -> None:
    """Wrong values and times, lost fields, another kind of key and strangers are told apart."""
    damage_redis(built)
    found, told = check(built)
    assert found.differing == {*USERS, "amy"}
    for text in (
        "redis mood_state.created_timestamp of ada is 9000000000000000, should be",
        "redis task_state.event_timestamp of ada is missing, should be",
        "redis tip_state.tip_shown of bob is b'\\xff', should be",
        "redis sync_state.row of eve is 'no hash', should be 'a hash'",
        "redis activity_state.activity_sessions of amy should not be there",
    ):
        assert any(line.startswith(text) for line in told), text
    assert not any(line.startswith(("history", "profile")) for line in told)
    rebuild(built.settings, built.store)
    assert check(built)[0].holds


def test_a_builder_at_work_is_no_false_alarm(built: World) -> None:
    """While signals come in, users are looked at again until they rest, and nothing differs."""

    async def meanwhile() -> None:
        await asyncio.to_thread(publish_signals, built, all_kinds(USERS, 8, first=3))
        for _ in range(3):
            found, told = await asyncio.to_thread(check, built, patience_seconds=20.0)
            assert (found.holds, told) == (True, [])

    build_until(
        built,
        lambda: number_of(built, "signals") == SIGNALS + 8 * 27,
        meanwhile=meanwhile,
        max_batch=5,
    )


def test_what_is_still_to_be_done_is_said_and_no_difference(built: World) -> None:
    """Profiles that are due, tails that wait and users behind are not compared in vain."""
    with closing(sqlite3.connect(built.settings.db)) as connection, connection:
        connection.execute("UPDATE profile SET value = 0.9 WHERE user_id = 'ada'")
        connection.execute("INSERT INTO profile_due VALUES ('ada')")
        connection.execute("UPDATE mood_state SET mood_score_sum = 9 WHERE user_id = 'bob'")
        connection.execute("INSERT INTO late_tails VALUES ('bob', 'mood_state', 0)")
        connection.execute("INSERT INTO online_behind VALUES ('eve')")
    found, told = check(built)
    assert (found.holds, told) == (True, [])
    assert found.waiting == {
        "profile is due": 1,
        "late signals of mood_state are being corrected": 1,
        "Redis is behind": 1,
    }


def test_pruned_users_are_verified_from_their_checkpoints(built: World) -> None:
    """After `oo prune`, and with late signals from before it, everything agrees."""
    now = datetime.now(UTC).isoformat()
    assert "81 signals of 3 users" in built.oo("prune", "--before", now, "--dry-run").output
    assert number_of(built, "signals") == SIGNALS
    assert "are gone" in built.oo("prune", "--before", now).output
    assert number_of(built, "signals") == 0
    found, told = check(built)
    assert (found.holds, told, found.users) == (True, [], 3)
    publish_signals(built, [*all_kinds(USERS, 1, first=3), *all_kinds(USERS, 1)])
    build_until(built, lambda: nothing_is_due(built) and number_of(built, "signals") == 27)
    found, told = check(built)
    assert (found.holds, told, found.signals) == (True, [], 27)
    explained = built.oo("profile", "ada", "--explain=completion_rate").output
    assert "of signals that were pruned, 27 of this user" in explained
    assert "is in the future" in built.oo("prune", "--before=2999-01-01", code=2).output


def test_the_command_prints_and_fails(built: World) -> None:
    """Counts by feature, each difference, and an exit code that says whether there was any."""
    told = built.oo("verify", "--sample=2").output
    assert "redis tip_state.tip_shown" in told
    assert "2 users, 54 signals" in told
    assert "everything is what the signals say" in told
    with closing(sqlite3.connect(built.settings.db)) as connection, connection:
        for statement in DAMAGE:
            connection.execute(statement)
    told = built.oo("verify", "--wait=0", code=1).output
    assert "profile completion_rate of ada" in told
    assert "of 4 users differ: `oo rebuild" in told


def test_a_sample_is_stable() -> None:
    """The same users are chosen each time, and most of them when there are more."""
    users = [f"u{number}" for number in range(1000)]
    chosen = sample(users, 100)
    assert chosen == sample(reversed(users), 100)
    more = sample([*users, *(f"v{number}" for number in range(100))], 100)
    assert len({*chosen} & {*more}) > 80
    assert sample(users[:5], 100) == sorted(users[:5])
