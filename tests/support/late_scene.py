"""A builder that corrects long tails, played step by step on a real database file."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from support.batches import database, messages_of, writer
from support.strategies import BASE_US, Logged, crowds_of, logs, written

from oo_profile.building.late_tails import TailCorrector
from oo_profile.storage.database import connect
from oo_transforms.clock import HOUR_US
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG_TAIL = 4
"""Few rows, so that of the tails of a drawn log some are long and some are short."""

OPERATIONS = 160
"""Operations of SQLite's machine to a crash, times the amount that is drawn."""

MOOD = "signals.mood.logged"

late_logs = st.sampled_from(
    [
        ("signals.task.created", "signals.task.completed"),
        ("signals.tip.shown", "signals.tip.feedback"),
        (MOOD,),
        ("signals.source.synced",),
    ]
).flatmap(lambda subjects: logs(subjects, max_size=16, min_size=6))
"""Logs of one view, so that its tails are long."""

late_crowds = crowds_of(late_logs)


def moods(*slots: int) -> list[Logged]:
    """Make a log of one user's moods at these hours, in the order in which they are received."""
    return [
        Logged(
            MOOD,
            {
                "user_id": "u1",
                "event_id": f"e{number}",
                "occurred_at": written(BASE_US + slot * HOUR_US),
                "score": 1 + number % 5,
            },
            BASE_US + slot * HOUR_US,
            BASE_US + (100 + number) * HOUR_US,
        )
        for number, slot in enumerate(slots)
    ]


WRITE, CORRECT, CRASH = "write", "correct", "crash"
actions = st.lists(
    st.tuples(st.sampled_from([WRITE, WRITE, CORRECT, CORRECT, CRASH]), st.integers(1, 3)),
    min_size=4,
    max_size=24,
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
        self.corrector = TailCorrector(self.connection, STATE_VIEWS, rows, arrivals=4 * rows)

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
