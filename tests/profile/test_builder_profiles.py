"""Behind the batches, the builder keeps the profile table up, by the user's own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from support.building import build_until, nothing_is_due, number_of, publish_signals, rows
from support.world import signal

from oo_transforms.clock import to_micros

if TYPE_CHECKING:
    from support.world import World

pytestmark = pytest.mark.live

EVENING = "2026-03-03T23:30:00+02:00"  # a Tuesday; 21:30 UTC
MIDNIGHT = datetime(2026, 3, 3, 22, 0, tzinfo=UTC)


def at(instant: datetime) -> int:
    """Tell the time as a builder's clock does."""
    return to_micros(instant)


def profile(world: World, user: str) -> dict[str, Any]:
    """Read a user's rows of the profile table."""
    return dict(rows(world, f"SELECT feature_name, value FROM profile WHERE user_id = '{user}'"))


def test_users_become_due_and_are_refreshed_behind_the_batch(world: World) -> None:
    """Every user with a signal gets rows, at the builder's clock; nobody is left due."""
    publish_signals(
        world,
        [signal("mood.logged", f"u{n}", MIDNIGHT, score=1 + n % 5) for n in range(120)],
    )

    def all_done() -> bool:
        return number_of(world, "signals") == 120 and nothing_is_due(world)

    build_until(world, all_done, clock=lambda: at(MIDNIGHT), max_batch=50)
    moods = rows(world, "SELECT user_id, value FROM profile WHERE feature_name = 'mood_score'")
    assert sorted(moods) == sorted((f"u{n}", 1.0 + n % 5) for n in range(120))
    assert rows(world, "SELECT DISTINCT updated_at FROM profile") == [(at(MIDNIGHT),)]


def test_old_rows_are_refreshed_although_nothing_happens(world: World) -> None:
    """A builder that starts two days later brings every profile up to its clock."""
    publish_signals(world, [signal("app.session", "u1", MIDNIGHT, duration_seconds=60)])
    build_until(world, lambda: nothing_is_due(world), clock=lambda: at(MIDNIGHT))
    assert profile(world, "u1")["days_since_active"] == 0.0
    later = MIDNIGHT + timedelta(days=2)
    build_until(
        world, lambda: profile(world, "u1")["days_since_active"] == 2.0, clock=lambda: at(later)
    )
    assert rows(world, "SELECT DISTINCT updated_at FROM profile") == [(at(later),)]


def test_the_local_clock_counts(world: World) -> None:
    """A completion at 23:30 at +02:00 is in hour 23 of that Tuesday, in SQLite and when served."""
    done = signal("task.completed", "u1", EVENING, task_id="t", category="fix")
    publish_signals(world, [done])
    build_until(world, lambda: nothing_is_due(world), clock=lambda: at(MIDNIGHT))
    stored = profile(world, "u1")
    assert (stored["productive_hours"], stored["productive_weekdays"]) == ("[23]", "[1]")
    row = {"user_id": "u1", "now": MIDNIGHT.timestamp(), "utc_offset_minutes": 120}
    names = ("productive_hours", "productive_weekdays", "productive_share_this_hour")
    served = world.store.get_online_features([f"task_features:{name}" for name in names], [row])
    answer = served.to_dict()
    assert (answer["productive_hours"], answer["productive_weekdays"]) == (["[23]"], ["[1]"])
    # At midnight of his own clock the hour is 0, in which he completed nothing.
    assert answer["productive_share_this_hour"] == [stored["productive_share_this_hour"]]
    assert stored["productive_share_this_hour"] == pytest.approx(1 / 25, rel=1e-3)
