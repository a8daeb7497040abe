"""Signals are counted in steps, a little at a time, and seldom."""

from __future__ import annotations

import itertools
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from oo_profile.insight.signal_count import SHARE, SignalCount
from oo_profile.storage.database import connect, transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Give a database with 1,003 signals of five users, one of whom has most of them."""
    with closing(connect(tmp_path / "oo.db")) as connection:
        with transaction(connection):
            connection.executemany(
                "INSERT INTO signals VALUES (?, 0, ?, 's', 0, 0, 0, x'')",
                ((f"u{min(n, 4)}", f"e{n}") for n in range(1003)),
            )
        yield connection


@pytest.mark.parametrize("step_rows", [1, 17, 1003, 5000])
def test_steps_add_up_to_all(connection: sqlite3.Connection, step_rows: int) -> None:
    """However a count is cut, each signal counts once."""
    ticks = itertools.count(0.0, 0.03)
    count = SignalCount(lambda: next(ticks), step_rows)
    calls = 0
    while count.signals is None:
        count.go_on(connection)
        calls += 1
    assert count.signals == 1003
    # A call ends after a tenth of a second, four readings of this clock.
    assert calls >= 1003 / step_rows / 4


def test_the_next_count_waits_as_long_as_its_share_needs(connection: sqlite3.Connection) -> None:
    """What takes a second is counted again after a hundred."""
    now = [0.0, 0.0, 1.0]
    count = SignalCount(lambda: now.pop(0) if len(now) > 1 else now[0])
    count.go_on(connection)
    assert count.signals == 1003
    connection.execute("DELETE FROM signals WHERE user_id = 'u0'")
    for seconds, signals in ((0.9 / SHARE, 1003), (1.1 / SHARE, 1002)):
        now[:] = [seconds]
        count.go_on(connection)
        assert count.signals == signals
