"""A stored state that cannot be read is computed anew from the signals, and stops nobody."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from support.batches import (
    TABLES,
    assert_same_histories,
    database,
    history_rows,
    message,
    replayed_rows,
    writer,
)
from support.building import (
    all_is_acknowledged,
    build_until,
    minutes_ago,
    nothing_is_due,
    publish_signals,
    served_states,
    stored_states,
)
from support.events import captured
from support.payloads import RECEIVED_US
from support.payloads import message as data_of
from support.world import SignalData, World, signal

from oo_profile.errors import UnreadableStateError
from oo_profile.storage.database import connect, reading

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

DONE = "signals.task.completed"
TASKS = next(table for table in TABLES if table.name == "task_state")

DAMAGE = {
    "a list": "task_categories = 'no list'",
    "an array": "task_completed_by_hour = x'00'",
    "an array that is none": "task_completed_by_hour = NULL",
}


def damage(connection: sqlite3.Connection, how: str, user_id: str) -> None:
    """Write into a user's states what no program of ours would write there."""
    connection.execute(f"UPDATE task_state SET {how} WHERE user_id = ?", (user_id,))


def tasks(numbers: range, minutes: float) -> list[SignalData]:
    """Make completed tasks of three people."""
    return [
        signal(
            "task.completed",
            f"person-{number % 3}",
            minutes_ago(minutes - number / 60),
            f"e{number}",
            task_id="t",
            category="c",
        )
        for number in numbers
    ]


@pytest.mark.parametrize("how", DAMAGE.values(), ids=DAMAGE)
def test_it_is_told_whose_it_is(tmp_path: Path, how: str) -> None:
    """Whoever reads it gets an error with view and user, and no user in the text."""
    with database(tmp_path / "oo.db") as connection:
        users = ["u1", "u2", "u3"]
        sent = [
            message(DONE, data_of(DONE, user_id=user, event_id="e"), number, RECEIVED_US)
            for number, user in enumerate(users)
        ]
        writer(connection).write(sent)
        damage(connection, how, "u2")
        for read in (
            lambda: TASKS.newest_columns(connection, users),
            lambda: TASKS.newest_many(connection, users),
            lambda: TASKS.history(connection, "u2"),
        ):
            with pytest.raises(UnreadableStateError) as caught:
                read()
            assert (caught.value.view, caught.value.user_id) == ("task_state", "u2")
            assert "u2" not in str(caught.value)


@pytest.mark.live
@pytest.mark.parametrize("how", DAMAGE.values(), ids=DAMAGE)
def test_a_builder_mends_it(world: World, caplog: pytest.LogCaptureFixture, how: str) -> None:
    """New and late signals of all are stored, histories are true, and the log names no person."""
    world.publish_and_build(tasks(range(9), 60))
    with closing(connect(world.settings.db)) as connection:
        damage(connection, how, "person-1")
    publish_signals(world, [*tasks(range(9, 18), 60), *tasks(range(18, 21), 90)])
    totals = build_until(world, lambda: all_is_acknowledged(world) and nothing_is_due(world))
    assert (totals.stored.total(), totals.rejected.total()) == (12, 0)
    with reading(world.settings.db) as connection:
        assert_same_histories(history_rows(connection), replayed_rows(connection))
    assert served_states(world) == stored_states(world)
    (told,) = captured(caplog, "builder.state_mended")
    assert told.context["view"] == "task_state"
    assert "person" not in caplog.text


@pytest.mark.live
def test_nobody_has_to_send_anything(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A state that only the profile rows are computed from is mended as well."""
    world.publish_and_build(tasks(range(9), 60))
    with closing(connect(world.settings.db)) as connection:
        damage(connection, DAMAGE["a list"], "person-1")
        connection.execute("INSERT OR IGNORE INTO profile_due VALUES ('person-1')")
    build_until(world, lambda: nothing_is_due(world))
    with reading(world.settings.db) as connection:
        assert_same_histories(history_rows(connection), replayed_rows(connection))
    assert len(captured(caplog, "builder.state_mended")) == 1
