"""The profile table has the current value of every feature of `profile_v1`, for SQL readers."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from support.batches import message, writer
from support.building import rows
from support.payloads import OWN_FIELDS
from support.withheld import withhold
from support.world import signal

from oo_profile.building import replay
from oo_profile.building.profile_features import PROFILE_SERVICE, ProfileFeatures
from oo_profile.building.profile_table import ProfileTable
from oo_profile.storage.database import connect
from oo_transforms.clock import to_micros
from oo_transforms.views import FEATURE_GROUPS, STATE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.world import SignalData, World

pytestmark = pytest.mark.live

MARCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
NONE = {feature.name: feature.none for group, _ in FEATURE_GROUPS for feature in group.features}
"""Every feature's documented value without evidence."""


@contextmanager
def table(world: World, *signals: SignalData) -> Iterator[tuple[ProfileTable, sqlite3.Connection]]:
    """Give the profile table of a database with signals, received in March."""
    connection = connect(world.settings.db)
    try:
        replay.make_tables(connection, STATE_VIEWS)
        add(connection, *signals)
        yield ProfileTable(connection, STATE_VIEWS, ProfileFeatures(world.store)), connection
    finally:
        connection.close()


def add(connection: sqlite3.Connection, *signals: SignalData, at: datetime = MARCH) -> None:
    """Store signals as one batch."""
    writer(connection).write(
        [message(*sent, number, to_micros(at)) for number, sent in enumerate(signals)]
    )


def profile(world: World, user: str = "u1") -> dict[str, Any]:
    """Read a user's rows."""
    return dict(rows(world, f"SELECT feature_name, value FROM profile WHERE user_id = '{user}'"))


def updated(world: World) -> dict[str, int]:
    """Tell when each user's rows were made; all of a user at once."""
    return dict(rows(world, "SELECT DISTINCT user_id, updated_at FROM profile"))


def names(world: World) -> list[str]:
    """List the features of the service."""
    service = world.store.get_feature_service(PROFILE_SERVICE)
    return [f.name for view in service.feature_view_projections for f in view.features]


def us(**later: float) -> int:
    """Tell an instant some time after the first of March, in microseconds."""
    return to_micros(MARCH + timedelta(**later))


def test_there_is_one_row_a_feature_at_its_moment(world: World) -> None:
    """All features of the service are there once, made at the time that the rows name."""
    with table(world, signal("mood.logged", "u1", MARCH, score=4)) as (profiles, _):
        assert profiles.refresh_due(us(hours=1), 10) == 1
    assert sorted(profile(world)) == sorted(names(world))
    assert updated(world) == {"u1": us(hours=1)}
    assert (profile(world)["mood_score"], profile(world)["hours_since_mood"]) == (4.0, 1.0)


def test_views_that_never_had_a_signal_have_their_documented_values(world: World) -> None:
    """Who sent nothing but a mood has every other feature at its value without evidence."""
    with table(world, signal("mood.logged", "u1", MARCH, score=4)) as (profiles, _):
        profiles.refresh_due(us(), 10)
    others = {name: value for name, value in profile(world).items() if "mood" not in name}
    assert others == {name: NONE[name] for name in others}


def test_a_withheld_feature_has_no_row_where_its_state_was_never_seen(world: World) -> None:
    """All others are there."""
    withhold(world, "calendar_features", "calendar_busyness")
    with table(world, signal("mood.logged", "u1", MARCH, score=4)) as (profiles, _):
        profiles.refresh_due(us(), 10)
    assert set(names(world)) - profile(world).keys() == {"calendar_busyness"}


def test_rows_of_an_expired_view_are_removed(world: World) -> None:
    """A mood is valid for seven days, that moment included; then its features have no row."""
    with table(world, signal("mood.logged", "u1", MARCH, score=4)) as (profiles, _):
        profiles.refresh_due(us(), 10)
        profiles.sweep(us(days=7), 10)
        assert profile(world)["mood_score"] == 4.0
        profiles.sweep(us(days=14), 10)
    assert set(names(world)) - profile(world).keys() == {"mood_score", "mood_trend"}
    assert profile(world)["hours_since_mood"] == 168.0


def test_rows_of_a_feature_that_left_the_service_are_removed(world: World) -> None:
    """What an earlier release wrote under another name does not stay for ever."""
    with table(world, signal("mood.logged", "u1", MARCH, score=4)) as (profiles, connection):
        connection.execute("INSERT INTO profile VALUES ('u1', 'favourite_colour', 'red', 0)")
        profiles.refresh_due(us(), 10)
    assert sorted(profile(world)) == sorted(names(world))


def test_the_offset_is_that_of_the_newest_signal(world: World) -> None:
    """The newest event time decides, and at a tie the greater event id; not the arrival."""
    with table(
        world,
        signal("app.session", "u1", "2026-02-28T12:00:00+05:00", "x", duration_seconds=60),
        signal("app.session", "u1", "2026-03-01T12:00:00+05:00", "b", duration_seconds=60),
        signal("app.session", "u1", "2026-03-01T04:00:00-03:00", "a", duration_seconds=60),
        signal("app.session", "u1", "2026-03-01T06:00:00+01:00", "z", duration_seconds=60),
    ) as (profiles, _):
        # 07:10 UTC is 12:10 at +05:00, the offset of "b": his hour 12 has two of four sessions.
        profiles.refresh_due(us(hours=-4, minutes=-50), 10)
    assert profile(world)["active_share_this_hour"] == pytest.approx(3 / 28, rel=1e-2)


def test_only_due_users_are_refreshed_and_none_waits_for_ever(world: World) -> None:
    """A few at a time in turn: one who is due again comes behind those who wait."""
    signals = [signal("mood.logged", f"u{n}", MARCH, score=3) for n in range(5)]
    with table(world, *signals) as (profiles, connection):
        assert profiles.refresh_due(us(), 2) == 2
        assert sorted(updated(world)) == ["u0", "u1"]
        add(connection, signal("mood.logged", "u0", MARCH, "zz", score=5))
        assert profiles.refresh_due(us(seconds=1), 3) == 3
        assert updated(world) == {
            **dict.fromkeys(["u0", "u1"], us()),
            **dict.fromkeys(["u2", "u3", "u4"], us(seconds=1)),
        }
        assert profiles.refresh_due(us(seconds=2), 3) == 1
        assert profile(world, "u0")["mood_score"] == 5.0
        assert profiles.refresh_due(us(seconds=3), 3) == 0
    assert rows(world, "SELECT * FROM profile_due") == []


def test_a_sweep_refreshes_what_is_older_than_a_day(world: World) -> None:
    """It goes through all users a few at a time, and starts again behind the last."""
    signals = [signal("app.session", f"u{n}", MARCH, duration_seconds=60) for n in range(5)]
    with table(world, *signals) as (profiles, _):
        profiles.refresh_due(us(), 3)
        profiles.refresh_due(us(hours=2), 2)
        assert [profiles.sweep(us(hours=24), 2) for _ in range(3)] == [0, 0, 0]
        assert [profiles.sweep(us(hours=25), 2) for _ in range(6)] == [2, 1, 0, 0, 0, 0]
        assert set(updated(world).values()) == {us(hours=2), us(hours=25)}
    assert profile(world, "u0")["days_since_active"] == pytest.approx(25 / 24)


def test_values_are_those_of_training_and_serving(world: World) -> None:
    """Each value equals what `get_historical_features` gives for the row's moment and offset."""
    signals = [
        signal(subject.removeprefix("signals."), "u1", MARCH - timedelta(hours=n), **fields)
        for n, (subject, fields) in enumerate(OWN_FIELDS.items(), 1)
    ]
    with table(world, *signals) as (profiles, _):
        profiles.refresh_due(us(hours=1), 10)
    moment = MARCH + timedelta(hours=1)
    asked = {"user_id": "u1", "now": moment.timestamp(), "utc_offset_minutes": 0}
    entities = pd.DataFrame([{**asked, "event_timestamp": moment}])
    service = world.store.get_feature_service(PROFILE_SERVICE)
    trained = world.store.get_historical_features(entities, service).to_df().iloc[0]
    assert profile(world) == {name: trained[name] for name in names(world)}


def test_a_refused_refresh_leaves_users_due(world: World) -> None:
    """Rows and marks change together: on an error both are as they were."""
    with table(world, signal("mood.logged", "u1", MARCH, score=4)) as (profiles, connection):
        connection.execute("ALTER TABLE profile RENAME TO elsewhere")
        with pytest.raises(sqlite3.OperationalError, match="no such table: profile"):
            profiles.refresh_due(us(), 10)
        assert not connection.in_transaction
        connection.execute("ALTER TABLE elsewhere RENAME TO profile")
        assert profile(world) == {}
        assert profiles.refresh_due(us(), 10) == 1
