"""Alerts are pending, fire and are resolved; one cause is one alert."""

from __future__ import annotations

from datetime import timedelta

from oo_admin.quality.alerts import AlertBook, State
from oo_admin.quality.evaluation import Grouped, grouped
from oo_admin.quality.finding import Cause, Finding
from oo_admin.quality.manual import ADVICE

MINUTE_US = 60_000_000
STALE = Finding(Cause.STALE, "mood_state", "mood_state is stale", source="mood")
STOPPED = Finding(Cause.SOURCE_STOPPED, "mood", "no moods", source="mood")
OTHER = Finding(Cause.STALE, "tip_state", "tip_state is stale", source="tip")


def book() -> AlertBook:
    """Make a book whose alerts fire after 10 minutes and are resolved after 30."""
    return AlertBook(timedelta(minutes=10), timedelta(minutes=30))


def test_an_alert_fires_once_it_has_lasted() -> None:
    """It is pending before that, and one that is not seen again is forgotten."""
    alerts, seen = book(), [Grouped(STALE)]
    assert alerts.update(seen, 0) == []
    assert [alert.state for alert in alerts.open] == [State.PENDING]
    assert alerts.update([], MINUTE_US) == []
    assert alerts.open == ()
    assert alerts.update(seen, 2 * MINUTE_US) == []
    (fired,) = alerts.update(seen, 12 * MINUTE_US)
    assert (fired.state, fired.since_us, fired.fired_us) == (
        State.FIRING,
        2 * MINUTE_US,
        12 * MINUTE_US,
    )


def test_one_that_flickers_is_one_alert() -> None:
    """It is resolved when it was not seen for half an hour, and not before."""
    alerts, seen = book(), [Grouped(STALE)]
    for minute in (0, 10):
        alerts.update(seen, minute * MINUTE_US)
    for minute in (20, 35):
        assert alerts.update([], minute * MINUTE_US) == []
        assert alerts.update(seen, (minute + 1) * MINUTE_US) == []
    assert alerts.update([], 65 * MINUTE_US) == []
    (resolved,) = alerts.update([], 66 * MINUTE_US)
    assert (resolved.state, resolved.since_us) == (State.RESOLVED, 0)
    assert alerts.open == ()


def test_an_alert_that_turns_out_to_have_another_cause_is_told_again() -> None:
    """Values that shifted are a unit that changed, once enough is seen: one alert all the same."""
    alerts = AlertBook(timedelta(0), timedelta(minutes=30))
    shifted = Finding(Cause.VALUES_SHIFTED, "score", "shifted")
    unit = Finding(Cause.UNIT_CHANGED, "score", "a unit")
    (first,) = alerts.update([Grouped(shifted)], 0)
    (again,) = alerts.update([Grouped(unit)], MINUTE_US)
    assert (again.key, again.since_us, again.cause) == (first.key, 0, Cause.UNIT_CHANGED)
    assert alerts.update([Grouped(unit)], 2 * MINUTE_US) == []


def test_a_stopped_source_explains_what_grows_stale() -> None:
    """Its own views are told with it; another source's are an alert of their own."""
    groups = grouped([STALE, OTHER, STOPPED])
    assert groups == [Grouped(OTHER), Grouped(STOPPED, (STALE,))]


def test_a_stopped_builder_explains_everything() -> None:
    """Whatever else is found meanwhile is told under it."""
    builder = Finding(Cause.BUILDER_STOPPED, "", "messages wait")
    (group,) = grouped([STALE, builder, STOPPED])
    assert group.finding is builder
    assert set(group.explained) == {STALE, STOPPED}


def test_every_cause_has_advice() -> None:
    """Likely causes, what to do, and where more is said."""
    assert set(ADVICE) == set(Cause)
    assert all(one.likely and one.do and one.link for one in ADVICE.values())
