"""The engine on a real database: what it reads once, what it says, and what survives a restart."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from support.batches import database, message, writer

from oo_admin.quality.alerts import State
from oo_admin.quality.config import QualityConfig
from oo_admin.quality.engine import QualityEngine, Sources, declared_expectations
from oo_admin.quality.finding import Cause
from oo_admin.quality.store import opened
from oo_transforms.syncs import MAX_HOURS, SOURCE_VIEWS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from oo_admin.quality.alerts import Alert
    from oo_admin.quality.store import QualityStore
    from oo_profile.transport.message import Message

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
NOON_US = 1_772_366_400_000_000
CALENDAR = "signals.calendar.synced"
TTLS = {view.name: timedelta(hours=MAX_HOURS[s]) for s, view in SOURCE_VIEWS.items()}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database that a builder has just made."""
    with database(tmp_path / "oo.db") as connection:
        yield connection


@pytest.fixture
def store(tmp_path: Path) -> Iterator[QualityStore]:
    """Open the engine's own file."""
    with opened(tmp_path / "quality.db") as store:
        yield store


def engine(store: QualityStore, connection: sqlite3.Connection, waiting: int = 0) -> QualityEngine:
    """Make an engine that looks at no Redis."""
    sources = Sources(connection, None, lambda: waiting, TTLS, declared_expectations())
    return QualityEngine(QualityConfig(), store, sources)


def run(
    store: QualityStore, connection: sqlite3.Connection, now_us: int, waiting: int = 0
) -> list[Alert]:
    """Evaluate once, by an engine that has just started."""
    with store.transaction():
        return engine(store, connection, waiting).run(now_us)


def synced(number: int, received_us: int) -> Message:
    """Make a calendar's signal of one user."""
    data = {
        "event_id": f"e{number}",
        "user_id": "ada",
        "occurred_at": "2026-03-01T12:00:00Z",
        "busy_minutes": 5,
        "window_minutes": 480,
    }
    return message(CALENDAR, data, number, received_us)


def test_each_evaluation_reads_what_is_new(
    connection: sqlite3.Connection, store: QualityStore
) -> None:
    """Periods add up to their minutes, however often, and by whichever engine, they were read."""
    batches, first = writer(connection), engine(store, connection)
    batches.write([synced(number, NOON_US) for number in range(1, 4)])
    first.run(NOON_US + MINUTE_US)
    batches.write([synced(number, NOON_US + MINUTE_US) for number in range(4, 9)])
    for one in (first, first, engine(store, connection)):
        one.run(NOON_US + 20 * MINUTE_US)
    ((_, counts),) = store.periods(0)
    assert counts[f"stored|{CALENDAR}"] == 8


def test_a_silent_source_is_an_alert_that_survives_a_restart(
    connection: sqlite3.Connection, store: QualityStore
) -> None:
    """It fires once, whichever engine looks, and is resolved when signals have come for a while."""
    batches = writer(connection)
    batches.write([synced(number, NOON_US) for number in range(1, 30)])
    assert run(store, connection, NOON_US + 23 * HOUR_US) == []
    (fired,) = run(store, connection, NOON_US + DAY_US + 11 * MINUTE_US)
    assert (fired.cause, fired.about) == (Cause.SOURCE_STOPPED, "calendar")
    assert fired.state is State.FIRING
    assert run(store, connection, NOON_US + DAY_US + 12 * MINUTE_US) == []
    batches.write([synced(30, NOON_US + DAY_US + 13 * MINUTE_US)])
    assert run(store, connection, NOON_US + DAY_US + 30 * MINUTE_US) == []
    (resolved,) = run(store, connection, NOON_US + DAY_US + 3 * HOUR_US)
    assert (resolved.key, resolved.state) == (fired.key, State.RESOLVED)
    assert store.open_alerts() == []


def test_a_builder_that_stopped_explains_that_nothing_comes(
    connection: sqlite3.Connection, store: QualityStore
) -> None:
    """Messages wait: so there is one alert, and no source is said to be silent."""
    writer(connection).write([synced(number, NOON_US) for number in range(1, 30)])
    run(store, connection, NOON_US + MINUTE_US)
    (fired,) = run(store, connection, NOON_US + 2 * DAY_US, waiting=500)
    assert fired.cause is Cause.BUILDER_STOPPED
    assert "500 messages wait" in fired.what
