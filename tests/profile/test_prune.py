"""After pruning, everything from the moment on is as it would have been without."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.batches import (
    TABLES,
    assert_same_histories,
    count,
    database,
    dump,
    history_rows,
    message,
    messages_of,
    replayed_rows,
    write_in_batches,
    writer,
)
from support.payloads import RECEIVED_US
from support.payloads import message as data_of
from support.strategies import Logged, logs

from oo_profile.building.replaying import Replayer
from oo_profile.errors import DatabaseError
from oo_profile.storage import signal_log
from oo_profile.storage.chosen_users import UserRange
from oo_profile.storage.offsets import offsets_at
from oo_profile.storage.user_ranges import BEHIND_ALL
from oo_profile.upkeep.prune import Pruned, prune
from oo_profile.upkeep.swapping import Swapper
from oo_transforms.clock import DAY_US, from_micros
from oo_transforms.history import truth_at

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from oo_profile.transport.message import Message
    from oo_transforms.history import Version

USER = "u1"
MOOD = "signals.mood.logged"


@contextmanager
def twins() -> Iterator[tuple[Path, sqlite3.Connection, sqlite3.Connection]]:
    """Give two databases, and the path of the first, which is to be pruned."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pruned.db"
        with database(path) as pruned, database(Path(folder) / "whole.db") as whole:
            yield path, pruned, whole


def history(connection: sqlite3.Connection, place: int) -> list[Version]:
    """Read the user's history in a view."""
    return TABLES[place].history(connection, USER)


def as_seen(versions: list[Version], time_us: int) -> Version | None:
    """Return what serving saw at a moment."""
    return truth_at([version for version in versions if version.created_us <= time_us], time_us)


def assert_same_from(
    pruned: sqlite3.Connection, whole: sqlite3.Connection, since_us: int, moments: list[int]
) -> None:
    """Assert that rows of a moment on are the same, and so are reads of such moments."""
    found, expected = history_rows(pruned), history_rows(whole)
    for user_view, rows in expected.items():
        own = found.get(user_view, {})
        later = {key: row for key, row in rows.items() if key[0] >= since_us}
        assert_same_histories(
            {user_view: {key: row for key, row in own.items() if key[0] >= since_us}},
            {user_view: later},
        )
    for place in range(len(TABLES)):
        one, other = history(pruned, place), history(whole, place)
        for read in (truth_at, as_seen):
            for moment in moments:
                a, b = read(one, moment), read(other, moment)
                assert (a and (a.event_time_us, a.created_us)) == (
                    b and (b.event_time_us, b.created_us)
                )


def rebuilt(connection: sqlite3.Connection) -> bool:
    """Rebuild everybody; say whether all was as it should be."""
    replayed = Replayer(connection, TABLES).replay(UserRange("", BEHIND_ALL))
    return not Swapper(connection, TABLES).swap(replayed).repaired


@settings(deadline=None, max_examples=20)
@given(data=st.data(), sizes=st.lists(st.integers(1, 5), max_size=6))
def test_what_comes_after_is_as_without(data: st.DataObject, sizes: list[int]) -> None:
    """Rows and reads after T, offsets, and what a rebuild gives, whatever comes afterwards."""
    log: list[Logged] = data.draw(logs())
    at = data.draw(st.integers(0, len(log)))
    messages = messages_of(log)
    with twins() as (path, pruned, whole):
        for connection in (pruned, whole):
            write_in_batches(connection, messages[:at], sizes)
        ends = [received for *_, received in signal_log.signals_of(whole, USER)]
        since_us = data.draw(st.sampled_from([0, *ends, *(end + 1 for end in ends)]))
        foreseen = prune(path, since_us, dry_run=True)
        done = prune(path, since_us, signals_at_once=data.draw(st.integers(1, 5)))
        assert done == foreseen
        assert done.signals == sum(end < since_us for end in ends)
        for connection in (pruned, whole):
            write_in_batches(connection, messages[at:], sizes)
        moments = [since_us, *(m.received_us for m in messages if m.received_us >= since_us)]
        moments += [moment + DAY_US for moment in moments]
        assert_same_from(pruned, whole, since_us, moments)
        assert rebuilt(pruned)
        assert_same_histories(history_rows(pruned), replayed_rows(pruned))
        assert_same_from(pruned, whole, since_us, moments)
        for seen in (False, True):
            found, expected = (
                offsets_at(c, [USER] * len(moments), moments, as_seen=seen) for c in (pruned, whole)
            )
            assert found == expected
        # Again, with all that has come since.
        prune(path, since_us)
        prune(path, max(moments), signals_at_once=data.draw(st.integers(1, 5)))
        assert rebuilt(pruned)
        assert_same_from(pruned, whole, max(moments), [max(moments)])


def mood(number: int, minutes: int, **fields: object) -> Message:
    """Make a message of a mood so many minutes before the last."""
    occurred_at = from_micros(RECEIVED_US - minutes * 60_000_000).isoformat()
    data = data_of(MOOD, user_id=USER, event_id=f"e{number}", occurred_at=occurred_at, **fields)
    return message(MOOD, data, number, RECEIVED_US + number)


def pruned_moods(path: Path, connection: sqlite3.Connection) -> Pruned:
    """Store four moods and prune all of them."""
    writer(connection).write([mood(number, 40 - 10 * number) for number in range(4)])
    return prune(path, RECEIVED_US + 100)


def test_one_state_a_user_and_view_stays(tmp_path: Path) -> None:
    """Signals and rows are gone but for the newest row, and it is what everything starts from."""
    path = tmp_path / "oo.db"
    with database(path) as connection:
        assert pruned_moods(path, connection) == Pruned(1, 4, {"mood_state": 3})
        assert count(connection, "signals") == 0
        assert count(connection, "mood_state") == count(connection, "checkpoints") == 1
        assert signal_log.newest_offset(connection, USER) == 0
        connection.execute("DELETE FROM mood_state")
        assert not rebuilt(connection)
        assert count(connection, "mood_state") == 1


def test_a_user_with_many_signals_is_pruned_in_pieces(tmp_path: Path) -> None:
    """Stopped within one, the pieces before stand for themselves; the next call does the rest."""
    path = tmp_path / "oo.db"
    with database(path) as connection:
        writer(connection).write([mood(number, 40 - number) for number in range(10)])
        connection.execute(
            "CREATE TRIGGER stopping BEFORE DELETE ON signals WHEN old.event_id = 'e7' "
            "BEGIN SELECT RAISE(ABORT, 'stopped'); END"
        )
        with pytest.raises(DatabaseError, match="stopped"):
            prune(path, RECEIVED_US + 100, signals_at_once=3)
        assert count(connection, "signals") == 4
        assert rebuilt(connection)
        connection.execute("DROP TRIGGER stopping")
        assert prune(path, RECEIVED_US + 100) == Pruned(1, 4, {"mood_state": 4})
        assert rebuilt(connection)


def test_a_late_signal_from_before_is_added_and_writes_nothing_before(tmp_path: Path) -> None:
    """It counts in the checkpoint's version and later ones; earlier ones are not made up."""
    path = tmp_path / "oo.db"
    with database(path) as connection:
        pruned_moods(path, connection)
        (before,) = TABLES[2].history(connection, USER)
        writer(connection).write([mood(10, 1000), mood(11, 0)])
        versions = TABLES[2].history(connection, USER)
        assert {v.event_time_us for v in versions} == {before.event_time_us, RECEIVED_US}
        scores = [field.name for field in TABLES[2].fields].index("mood_score_count")
        assert [round(float(v.cells[scores])) for v in versions] == [4, 5, 6]  # type: ignore[arg-type]
        assert rebuilt(connection)


def test_a_copy_of_a_pruned_signal_is_a_duplicate(tmp_path: Path) -> None:
    """The same content is counted and ignored; other content under the same id is rejected."""
    path = tmp_path / "oo.db"
    with database(path) as connection:
        pruned_moods(path, connection)
        outcome = writer(connection).write([mood(1, 30), mood(2, 20, score=1), mood(20, 0)])
        assert outcome.duplicates == 1
        assert outcome.rejected == {"event_id reused": 1}
        assert outcome.stored == {MOOD: 1}


def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    """It says what would go, and everything stays."""
    path = tmp_path / "oo.db"
    with database(path) as connection:
        writer(connection).write([mood(number, 40 - 10 * number) for number in range(4)])
        before = dump(connection)
        assert prune(path, RECEIVED_US + 2, dry_run=True) == Pruned(1, 2, {"mood_state": 1})
        assert dump(connection) == before


def test_a_tail_that_waits_for_its_correction_is_left_out(tmp_path: Path) -> None:
    """What a correction still needs stays until it is done."""
    path = tmp_path / "oo.db"
    with database(path) as connection:
        writer(connection).write([mood(0, 40)])
        connection.execute("INSERT INTO late_tails VALUES (?, 'mood_state', 0)", (USER,))
        assert prune(path, RECEIVED_US + 100) == Pruned(waiting=1)
        assert count(connection, "signals") == 1
