"""Hours and weekdays are those of the user's own clock, of signals and of requests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from support.feature_inputs import compute_one, row_of
from support.payloads import message
from support.strategies import Logged

from oo_transforms import to_micros


def logged(subject: str, occurred_at: str, **changes: Any) -> Logged:  # noqa: ANN401 - any JSON
    """Log one signal, received when it happens."""
    data = message(subject, occurred_at=occurred_at, **changes)
    at = to_micros(datetime.fromisoformat(occurred_at))
    return Logged(subject, data, at, at)


COMPLETED, SESSION = "signals.task.completed", "signals.app.session"


@pytest.mark.parametrize(
    ("occurred_at", "offset", "hour", "weekday"),
    [
        ("2026-03-02T23:30:00+02:00", None, 23, 0),
        ("2026-03-02T21:30:00Z", 120, 23, 0),
        ("2026-03-02T21:30:00Z", None, 21, 0),
        ("2026-03-02T23:30:00+02:00", 180, 0, 1),
        ("2026-03-02T00:10:00+00:00", -30, 23, 6),
        ("2026-03-01T23:59:59.999999+14:00", None, 23, 6),
        ("2026-03-02T00:00:00-14:00", None, 0, 0),
        ("2026-03-02T05:30:00+05:45", None, 5, 0),
    ],
)
def test_a_signal_counts_in_its_local_hour(
    occurred_at: str, offset: int | None, hour: int, weekday: int
) -> None:
    """2026-03-02 is a Monday: 23:30 at +02:00 is in hour 23 of that Monday."""
    log = [
        logged(COMPLETED, occurred_at, utc_offset_minutes=offset),
        logged(SESSION, occurred_at, utc_offset_minutes=offset),
    ]
    found = compute_one(row_of(log, log[0].event_us + 1))
    assert found["productive_hours"] == f"[{hour}]"
    assert found["productive_weekdays"] == f"[{weekday}]"
    assert (found["active_peak_hour"], found["active_peak_weekday"]) == (hour, weekday)


@pytest.mark.parametrize(("offset", "share"), [(120, 2 / 25), (0, 1 / 25), (None, 1 / 25)])
def test_a_request_asks_in_its_own_local_hour(offset: int | None, share: float) -> None:
    """The same instant is hour 23 at +02:00 and hour 21 without an offset."""
    log = [logged(COMPLETED, "2026-03-02T23:30:00+02:00")]
    found = compute_one(row_of(log, log[0].event_us, utc_offset_minutes=offset))
    assert found["productive_share_this_hour"] == pytest.approx(share)


@pytest.mark.parametrize(
    ("now", "offset", "weekend"),
    [
        ("2026-03-06T23:59:59.999999+00:00", 0, False),
        ("2026-03-07T00:00:00+00:00", 0, True),
        ("2026-03-08T23:59:59.999999+00:00", 0, True),
        ("2026-03-09T00:00:00+00:00", 0, False),
        ("2026-03-06T23:00:00+00:00", 60, True),
        ("2026-03-09T00:00:00+00:00", -1, True),
        ("2026-03-09T00:00:00+00:00", None, False),
    ],
)
def test_the_weekend_begins_at_local_midnight(
    now: str,
    offset: int | None,
    weekend: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Saturday and Sunday, to the microsecond, where the user is."""
    now_us = to_micros(datetime.fromisoformat(now))
    found = compute_one(row_of([], now_us, utc_offset_minutes=offset))
    assert found["is_weekend"] is weekend


@pytest.mark.parametrize(
    ("time", "offset", "sine", "cosine"),
    [
        ("00:00", 0, 0.0, 1.0),
        ("06:00", 0, 1.0, 0.0),
        ("12:00", 0, 0.0, -1.0),
        ("18:00", 0, -1.0, 0.0),
        ("05:00", 60, 1.0, 0.0),
        ("03:00", 0, 0.5**0.5, 0.5**0.5),
    ],
)
def test_the_time_of_day_is_an_angle(time: str, offset: int, sine: float, cosine: float) -> None:
    """Midnight is where the circle begins, six o'clock a quarter of it."""
    now_us = to_micros(datetime.fromisoformat(f"2026-03-02T{time}:00+00:00"))
    found = compute_one(row_of([], now_us, utc_offset_minutes=offset))
    assert (found["hour_sin"], found["hour_cos"]) == pytest.approx((sine, cosine), abs=1e-15)


@pytest.mark.parametrize(("minutes", "active"), [(0, True), (30, True), (30 + 1e-7, False)])
def test_thirty_minutes_are_still_now(minutes: float, active: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """The bound is inclusive, to the microsecond."""
    log = [logged(SESSION, "2026-03-02T10:00:00+00:00")]
    now_us = log[0].event_us + round(minutes * 60_000_000)
    assert compute_one(row_of(log, now_us))["is_active_now"] is active


def test_an_event_in_the_future_is_now() -> None:
    """A reader whose clock is behind the anchor reads the state as it is."""
    log = [logged(SESSION, "2026-03-02T10:00:00+00:00")]
    row = row_of(log, log[0].event_us) | {"now": log[0].event_us / 1e6 - 600}
    found = compute_one(row)
    assert found["days_since_active"] == 0.0
    assert found["is_active_now"] is True
    assert found["sessions_per_week"] == pytest.approx(0.17328679513998632)
