"""What the stream accepted is stored once, served, and acknowledged last, whatever breaks."""

from __future__ import annotations

import random
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from support.building import (
    Backlog,
    backlog,
    build_until,
    deliver_all_again,
    minutes_ago,
    number_of,
    publish_signals,
    rows,
    served_states,
    stored_states,
    until,
)
from support.payloads import TAUGHT_FIELDS
from support.world import SignalData, signal

from oo_profile.building.builder import BuilderConfig

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live


def sessions(count: int, user: str = "u{}", users: int = 5) -> list[SignalData]:
    """Make sessions of some users."""
    return [
        signal(
            "app.session",
            user.format(number % users),
            minutes_ago(count - number),
            f"e{number}",
            duration_seconds=number,
        )
        for number in range(count)
    ]


def traffic(seed: int, count: int) -> list[SignalData]:
    """Make signals of every subject, with copies, reused ids, nonsense and disorder among them."""
    chance = random.Random(seed)
    sent: list[SignalData] = []
    for number in range(count):
        subject = chance.choice(list(TAUGHT_FIELDS))
        data: dict[str, Any] = signal(
            subject.removeprefix("signals."),
            f"u{chance.randrange(12)}",
            minutes_ago(chance.uniform(0, 600)),
            f"e{number}",
            **TAUGHT_FIELDS[subject],
        )[1]
        sent.append((subject, data))
        match chance.randrange(10):
            case 0:
                sent.append((subject, data))
            case 1:
                sent.append((subject, {**data, "occurred_at": minutes_ago(700).isoformat()}))
            case 2:
                sent.append((subject, {**data, "occurred_at": "yesterday"}))
    chance.shuffle(sent)
    return sent


@pytest.mark.parametrize("overlap_from", [1, 38], ids=["overlapping", "one by one"])
def test_nothing_is_lost_and_nothing_counted_twice(world: World, overlap_from: int) -> None:
    """Published equals stored and duplicate and rejected, and Redis has what SQLite has."""
    sent = traffic(seed=7, count=400)
    config = BuilderConfig(overlap_from=overlap_from)
    totals = world.publish_and_build(sent, max_batch=37, config=config)
    assert totals.stored.total() + totals.duplicates + totals.rejected.total() == len(sent)
    assert totals.stored.total() == number_of(world, "signals") == 400
    assert totals.rejected.total() == number_of(world, "rejected_signals")
    assert set(totals.rejected) == {"event_id reused", "out of bounds"}
    assert totals.duplicates > 0
    assert {user for user, _ in stored_states(world)} == {f"u{number}" for number in range(12)}
    assert served_states(world) == stored_states(world)


def test_the_stream_delivered_again_changes_nothing(world: World) -> None:
    """From its start once more, every signal is a duplicate and every rejection known."""
    sent = traffic(seed=8, count=100)
    first = world.publish_and_build(sent, max_batch=20)
    tables = ("signals", "rejected_signals", "task_state", "tip_state", "activity_state")
    before = {table: rows(world, f"SELECT * FROM {table}") for table in tables}
    deliver_all_again(world)
    again = build_until(world, lambda: backlog(world) == Backlog(0, 0), max_batch=33)
    assert again.stored.total() == 0
    assert again.duplicates == first.stored.total() + first.duplicates
    assert again.rejected == first.rejected
    assert {table: rows(world, f"SELECT * FROM {table}") for table in tables} == before


def test_a_builder_waits_for_a_locked_database(world: World) -> None:
    """While another program writes, nothing is stored or acknowledged; then all of it once."""
    world.publish_and_build(sessions(1))
    sent = sessions(20, user="other{}")
    other = sqlite3.connect(world.settings.db, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    publish_signals(world, sent)

    async def wait_then_commit() -> None:
        await until(lambda: backlog(world) == Backlog(0, len(sent)))
        assert number_of(world, "signals") == 1
        other.execute("COMMIT")

    totals = build_until(
        world, lambda: number_of(world, "signals") > len(sent), meanwhile=wait_then_commit
    )
    other.close()
    assert (totals.stored.total(), totals.duplicates) == (len(sent), 0)
    assert backlog(world) == Backlog(0, 0)
