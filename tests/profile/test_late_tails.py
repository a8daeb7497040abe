"""Long tails that late signals leave are corrected behind the batches, and nobody waits for it."""

from __future__ import annotations

import contextlib
import math
import sqlite3
import tempfile
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from support.batches import (
    assert_same_rows,
    database,
    history_rows,
    messages_of,
    replayed_rows,
    writer,
)
from support.logs import VIEWS, assert_same_columns, columns_of, state_of
from support.strategies import crowds

from oo_profile.building.late_tails import TailCorrector
from oo_profile.storage import signal_log, tail_marks
from oo_profile.storage.database import connect
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.strategies import Logged

LONG_TAIL = 2
"""So that the tails of a drawn log are long."""

OPERATIONS = 80
"""Operations of SQLite's machine to a crash, times the amount that is drawn."""

WRITE, CORRECT, CRASH = "write", "correct", "crash"
actions = st.lists(
    st.tuples(st.sampled_from([WRITE, CORRECT, CORRECT, CRASH]), st.integers(1, 6)), max_size=24
)
"""What a builder does and how much of it: signals of a batch, rows of a piece, steps to a crash."""


@dataclass
class Scene:
    """A builder's work on one file, which a crash ends anywhere."""

    path: Path
    log: list[Logged]
    sent: int = 0
    connection: sqlite3.Connection = field(init=False)
    corrector: TailCorrector = field(init=False)

    def __post_init__(self) -> None:
        """Begin as a builder that starts."""
        self.start(rows=1)

    def start(self, rows: int) -> None:
        """Open the file, knowing nothing but what is in it."""
        self.connection = connect(self.path, synchronous="NORMAL")
        self.corrector = TailCorrector(self.connection, STATE_VIEWS, rows)

    def do(self, action: str, amount: int) -> None:
        """Take one of the steps that a drawn scene has."""
        if action == WRITE:
            batch = messages_of(self.log)[self.sent : self.sent + amount]
            writer(self.connection, long_tail=LONG_TAIL).write(batch)
            self.sent += len(batch)
        elif action == CORRECT:
            self.corrector.correct()
        else:
            self.crash(amount)

    def crash(self, amount: int) -> None:
        """End in the middle of a correction, its transaction open, and start again."""
        left = iter(range(amount * OPERATIONS))
        self.connection.set_progress_handler(lambda: next(left, None) is None, 1)
        with contextlib.suppress(sqlite3.OperationalError):
            self.corrector.correct()
        self.connection.close()
        self.start(rows=amount)

    def finish(self) -> None:
        """Write what is left of the log, and correct until no mark stands."""
        self.do(WRITE, len(self.log))
        while self.corrector.correct():
            pass


@contextlib.contextmanager
def scene(log: list[Logged], steps: list[tuple[str, int]]) -> Iterator[Scene]:
    """Play the steps of a scene on a file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "oo.db"
        with database(path):
            pass
        played = Scene(path, log)
        for action, amount in steps:
            played.do(action, amount)
        yield played
        played.connection.close()


@settings(deadline=None, max_examples=80)
@given(crowds, actions)
def test_in_the_end_history_is_that_of_the_log(
    log: list[Logged], steps: list[tuple[str, int]]
) -> None:
    """Whenever corrections ran, broke off or met new signals, the rows are those of a replay."""
    with scene(log, steps) as played:
        played.finish()
        assert tail_marks.marks(played.connection) == []
        assert_same_rows(history_rows(played.connection), replayed_rows(played.connection))


@settings(deadline=None, max_examples=60)
@given(crowds, actions)
def test_every_row_holds_what_was_received_by_its_creation(
    log: list[Logged], steps: list[tuple[str, int]]
) -> None:
    """While a mark stands, a row is behind at most: it is never a mixture of two moments."""
    with scene(log, steps) as played:
        for (user, name), rows in history_rows(played.connection).items():
            known = signal_log.log_of(played.connection, user, VIEWS[name])
            for (event_us, created_us), columns in rows.items():
                received = [entry for entry in known if entry.received_us <= created_us]
                held = [entry for entry in received if entry.event_time_us <= event_us]
                state = state_of(VIEWS[name], held)
                assert_same_columns(columns, columns_of(VIEWS[name], state.cells()))


@settings(deadline=None, max_examples=60)
@given(crowds, actions)
def test_what_was_seen_and_what_is_newest_never_wait(
    log: list[Logged], steps: list[tuple[str, int]]
) -> None:
    """At any moment each signal's row as seen is there, and the last of them is the newest."""
    with scene(log, steps) as played:
        for (user, name), rows in history_rows(played.connection).items():
            known = signal_log.log_of(played.connection, user, VIEWS[name])
            anchors = accumulate((entry.event_time_us for entry in known), max)
            seen = [(at, entry.received_us) for at, entry in zip(anchors, known, strict=True)]
            assert set(seen) <= rows.keys()
            assert seen[-1:] == sorted(rows)[-1:]


@settings(deadline=None, max_examples=60)
@given(crowds, actions)
def test_before_the_mark_history_is_true(log: list[Logged], steps: list[tuple[str, int]]) -> None:
    """The newest row of every event time before the mark, or of any without one, is the truth."""
    with scene(log, steps) as played:
        marks = {(user, view): us for user, view, us in tail_marks.marks(played.connection)}
        stored = history_rows(played.connection)
        for key, rows in replayed_rows(played.connection).items():
            before = marks.get(key, math.inf)
            true = {at: rows[at] for at in rows if at[0] < before}
            found = {at: stored[key][at] for at in stored[key] if at[0] < before}
            assert_same_rows({key: found}, {key: true})
