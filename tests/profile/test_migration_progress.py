"""A migration of a database with many signals says that it goes on; a quick one says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oo_profile.storage.database import MIGRATIONS, connect, migrate, open_file, transaction

if TYPE_CHECKING:
    from pathlib import Path

USERS = 3_000
SIGNALS = 30_000
SCAN = "INSERT INTO user_activity SELECT"
BEFORE = next(n for n, some in enumerate(MIGRATIONS) if any(one.startswith(SCAN) for one in some))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Give a database with signals, of the release before users' activity was kept."""
    path = tmp_path / "oo.db"
    connection = open_file(path, synchronous="NORMAL")
    migrate(connection, path, MIGRATIONS[:BEFORE])
    with transaction(connection):
        connection.executemany(
            "INSERT INTO signals VALUES (?, ?, ?, 's', ?, ?, 0, x'00')",
            ((f"u{n % USERS}", n, f"e{n}", n, n) for n in range(SIGNALS)),
        )
    connection.close()
    return path


class Clock:
    """Goes on by so many seconds whenever it is looked at."""

    def __init__(self, step: float) -> None:
        self._step = step
        self._now = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        self._now += self._step
        return self._now


def test_a_long_migration_says_what_it_is_at(old: Path, caplog: pytest.LogCaptureFixture) -> None:
    """After a second, then every five, and at the end; all users are there then."""
    connection = connect(old, monotonic=Clock(1.5))
    users = connection.execute("SELECT count(*) FROM user_activity").fetchone()[0]
    connection.close()
    said = [record.getMessage() for record in caplog.records]
    assert users == USERS
    assert said[0].startswith("database.migrating")
    assert 'statement="2 of ' in said[0]
    assert len([one for one in said if one.startswith("database.migrating")]) > 1
    assert said[-1].startswith("database.migrated")


def test_a_quick_migration_says_nothing(old: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nor does a file that is up to date."""
    for _ in range(2):
        connect(old, monotonic=Clock(1e-6)).close()
    assert [record.getMessage() for record in caplog.records] == []
