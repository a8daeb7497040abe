"""A person's data, and the histories of all, leave the house whole and readable."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from support.batches import database, message, writer
from support.payloads import RECEIVED_US, TAUGHT_FIELDS
from support.payloads import message as data_of

from oo_profile.errors import UnknownNameError, UnknownUserError
from oo_profile.privacy.history_export import export_history, views_named
from oo_profile.privacy.person_export import export_person
from oo_profile.storage.state_table import StateTable
from oo_profile.transport.message import Message
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from support.world import World

USERS = ("ada", "bob")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Give a database with signals of every subject of two people, and a rejected message."""
    with database(tmp_path / "oo.db") as opened:
        messages = [
            message(
                subject,
                {
                    **data_of(subject, **TAUGHT_FIELDS[subject]),
                    "user_id": user,
                    "event_id": f"e{n}",
                },
                n,
                RECEIVED_US,
            )
            for user in USERS
            for n, subject in enumerate(TAUGHT_FIELDS, start=1)
        ]
        broken = Message("signals.app.session", b'{"user_id": "ada", ', 99, RECEIVED_US)
        writer(opened).write([*messages, broken])
        yield opened


def test_a_persons_data_is_all_that_is_kept(connection: sqlite3.Connection) -> None:
    """Signals as they came, every row of every view, rejected messages, and nothing of others."""
    exported = export_person(connection, "ada", RECEIVED_US)
    assert exported["exported_at"] == "2026-01-01T12:00:00+00:00"
    assert [signal["data"]["user_id"] for signal in exported["signals"]] == ["ada"] * 9
    for view in STATE_VIEWS:
        stored = StateTable(view).history(connection, "ada")
        assert len(exported["history"][view.name]) == len(stored) > 0
    assert [each["reason"] for each in exported["rejected"]] == ["not JSON"]
    assert "bob" not in json.dumps(exported)
    assert set(exported["other"]) <= {"profile_due", "answered_tips"}


def test_of_a_stranger_there_is_nothing(connection: sqlite3.Connection) -> None:
    """It is an error that names people with ids like it."""
    with pytest.raises(UnknownUserError, match="bob"):
        export_person(connection, "bobby", RECEIVED_US)


def test_a_history_is_the_same_in_parquet(connection: sqlite3.Connection, tmp_path: Path) -> None:
    """Row by row, however it was cut into slices, with times in UTC and arrays as lists."""
    for view in views_named("all"):
        path = tmp_path / "out" / f"{view.name}.parquet"
        written = export_history(connection, view, path, rows_at_once=2)
        found = pq.read_table(path).to_pylist()
        assert written == len(found)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        expected = [
            {"user_id": user, **columns}
            for user in USERS
            for columns in export_person(connection, user, 0)["history"][view.name]
        ]
        for row in found:
            for name in ("event_timestamp", "created_timestamp"):
                row[name] = row[name].isoformat()
        assert found == expected


def test_a_view_that_is_not_there_is_refused() -> None:
    """The error names those there are."""
    with pytest.raises(UnknownNameError, match="task_state"):
        views_named("task_stat")


@pytest.mark.live
def test_the_command_writes_files_and_remembers_histories(world: World, tmp_path: Path) -> None:
    """A user's file is whole, and whoever is forgotten later is told where histories went."""
    with database(world.settings.db) as opened:
        data = data_of("signals.mood.logged", user_id="ada")
        writer(opened).write([message("signals.mood.logged", data, 1, RECEIVED_US)])
    out = tmp_path / "out"
    world.oo("export", "ada", "--out", str(out / "ada.json"))
    assert len(json.loads((out / "ada.json").read_text(encoding="utf-8"))["signals"]) == 1
    told = world.oo("export", "--history", "mood_state", "--out", str(out)).stdout
    assert told == f"1 rows in {out / 'mood_state.parquet'}\n"
    receipt = json.loads(world.oo("forget", "ada", "--yes", "--json", "--no-stream", code=1).stdout)
    assert [export["path"] for export in receipt["exports"]] == [str(out)]
    assert receipt["left"] == ["the stream was left out: run `oo forget` again without --no-stream"]
    world.oo("export", code=2)
    world.oo("export", "ada", "--history", "mood_state", code=2)
