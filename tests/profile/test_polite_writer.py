"""A second writer locks the database for a small share of the time, whatever its work costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from support.batches import database, message, writer
from support.payloads import RECEIVED_US
from support.payloads import message as data_of

from oo_profile.privacy.database_erasure import ROWS_AT_ONCE, count_rows, erase_rows
from oo_profile.privacy.writing import Patience, PoliteWriter

if TYPE_CHECKING:
    from pathlib import Path

USER = "ada"
MOOD = "signals.mood.logged"
SIGNALS = 2 * ROWS_AT_ONCE + 1
MOST_LOCKED = 0.05


@dataclass(slots=True)
class Time:
    """A clock that a transaction's statements move on, and sleep too."""

    now: float = 100.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        """Tell the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Sleep."""
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a database with a person of many signals."""
    file = tmp_path / "oo.db"
    with database(file) as connection:
        writer(connection).write(
            [
                message(MOOD, data_of(MOOD, user_id=USER, event_id=f"e{n}"), n, RECEIVED_US + n)
                for n in range(1, SIGNALS + 1)
            ]
        )
    return file


def test_the_database_is_locked_for_a_twentieth_of_the_time_at_most(path: Path) -> None:
    """However long a transaction takes, it is followed by nineteen times as long a pause."""
    time = Time()
    polite = PoliteWriter(path, Patience(time.monotonic, time.sleep))
    for seconds in (0.002, 0.5):
        began, before = time.now, polite.locked_seconds

        def work(seconds: float = seconds) -> None:
            time.now += seconds

        polite.write(work)
        assert polite.locked_seconds - before == pytest.approx(seconds)
        assert seconds <= MOST_LOCKED * (time.now - began) * (1 + 1e-9)
    polite.close()


def test_beside_a_writer_it_is_a_hundredth(path: Path) -> None:
    """Whoever commits meanwhile is left alone for longer."""
    time = Time()
    with database(path) as other:

        def sleep_beside_him(seconds: float) -> None:
            if len(time.slept) % 2 == 0:
                other.execute("DELETE FROM profile_due")
                other.execute("INSERT INTO profile_due (user_id) VALUES ('bob')")
            time.sleep(seconds)

        polite = PoliteWriter(path, Patience(time.monotonic, sleep_beside_him))

        def work() -> None:
            time.now += 0.01

        began = time.now
        polite.write(work)
        assert polite.locked_seconds / (time.now - began) == pytest.approx(0.01)
        polite.close()


def test_an_erasure_takes_several_short_transactions(path: Path) -> None:
    """Rows go some thousand at a time, each followed by a pause; none of them stays."""
    time = Time()
    polite = PoliteWriter(path, Patience(time.monotonic, time.sleep))
    removed = erase_rows(polite, USER)
    assert removed["signals"] == SIGNALS
    assert len(time.slept) >= -(-SIGNALS // ROWS_AT_ONCE) + 1
    assert count_rows(polite.connection, USER) == 0
    # What comes after waits for the disk again.
    assert polite.connection.execute("PRAGMA synchronous").fetchone() == (2,)
    polite.close()
