"""A sample of profiles is logged with Feast, measured by its monitoring, and kept within bounds."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from feast.monitoring.monitoring_service import MonitoringService
from feast.protos.feast.serving.ServingService_pb2 import FieldStatus
from support.building import rows
from support.payloads import OWN_FIELDS
from support.withheld import withhold
from support.world import signal

from oo_admin.quality.logged.sample_log import SampleLog
from oo_admin.quality.logged.sampling import take_sample
from oo_admin.quality.running import quality_file
from oo_admin.quality.store import opened
from oo_profile.building.profile_features import PROFILE_SERVICE, ProfileFeatures
from oo_profile.storage.database import reading
from oo_transforms.clock import DAY_US, HOUR_US, SECOND_US, to_micros

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from support.world import SignalData, World

pytestmark = pytest.mark.live

TABLE = "profile_v1_log"
NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
NOW_US = to_micros(NOW)
OLD = "old-7c1d"
USERS = [f"u{number}" for number in range(6)]


def lives() -> list[SignalData]:
    """Give each user all kinds of signals shortly before now, and one user only old ones."""
    lived = [(user, NOW - timedelta(hours=2)) for user in USERS]
    return [
        signal(subject.removeprefix("signals."), user, at, **fields)
        for user, at in [*lived, (OLD, NOW - timedelta(days=40))]
        for subject, fields in OWN_FIELDS.items()
    ]


@contextmanager
def sample_log(world: World) -> Iterator[SampleLog]:
    """Open what logs."""
    with opened(quality_file(world.settings)) as store:
        yield SampleLog(world.settings, world.store, store)


def logged_rows(world: World, columns: str = "user_id") -> list[Any]:
    """Read the table of logs, in the order of times and users."""
    order = '"__log_timestamp", user_id'
    return rows(world, f"SELECT {columns} FROM {TABLE} ORDER BY {order}")


def metrics(world: World, feature: str) -> list[dict[str, Any]]:
    """Ask Feast for the metrics of a feature, by day."""
    found: list[dict[str, Any]] = MonitoringService(world.store).get_feature_metrics(
        world.store.project, feature_name=feature, data_source_type="log", granularity="daily"
    )
    return found


def dates(found: Sequence[dict[str, Any]]) -> list[str]:
    """Return the days of metrics."""
    return [row["metric_date"] for row in found]


def test_what_is_logged_is_what_training_gives(world: World) -> None:
    """Each row is the vector of `profile_v1` at the instant, with the status of its state."""
    world.publish_and_build(lives())
    with sample_log(world) as log:
        log.run(NOW_US + 400_000)
    at = pd.Timestamp(NOW)
    entities = [
        {"user_id": u, "event_timestamp": at, "now": NOW_US / 1e6, "utc_offset_minutes": 0}
        for u in [OLD, *USERS]
    ]
    service = world.store.get_feature_service(PROFILE_SERVICE)
    trained = world.store.get_historical_features(
        pd.DataFrame(entities), service, full_feature_names=True
    ).to_arrow()
    names = [f"{v.name}__{f.name}" for v in service.feature_view_projections for f in v.features]
    last = f'CASE WHEN "__log_timestamp" = {NOW_US} THEN 1 END AS last'
    shown = ", ".join(f'"{name}"' for name in names)
    logged = {row[0]: row[2:] for row in logged_rows(world, f"user_id, {last}, {shown}") if row[1]}
    for row in trained.to_pylist():
        assert dict(zip(names, logged[row["user_id"]], strict=True)) == {n: row[n] for n in names}
    statuses = dict(logged_rows(world, 'user_id, "mood_features__mood_score__status"'))
    assert statuses == dict.fromkeys(USERS, FieldStatus.PRESENT) | {
        OLD: FieldStatus.OUTSIDE_MAX_AGE
    }


def test_feast_measures_the_day_and_a_month_before(world: World) -> None:
    """A first run logs both; the earlier sample has whoever had a state by then."""
    withhold(world, "mood_features", "mood_score")
    world.publish_and_build(lives())
    with sample_log(world) as log:
        then, now = log.run(NOW_US)
        assert [point.at_us for point in log.run(NOW_US + HOUR_US)] == [NOW_US + HOUR_US]
    assert (then.users, now.users) == (1, 7)
    assert now.views["mood_state"].expired == 1
    assert now.views["mood_state"].never == 0
    before, today = metrics(world, "mood_score")
    assert dates([before, today]) == [str((NOW - timedelta(days=30)).date()), str(NOW.date())]
    assert (today["row_count"], today["null_count"]) == (7, 1)
    assert today["mean"] == OWN_FIELDS["signals.mood.logged"]["score"]
    assert (before["row_count"], before["null_count"]) == (1, 1)


def test_a_day_has_one_sample_and_a_week_of_rows_is_kept(world: World) -> None:
    """What is logged anew replaces what was logged of the day; metrics outlive the rows."""
    world.publish_and_build(lives())
    with sample_log(world) as log:
        for late_us in (0, DAY_US, DAY_US + SECOND_US, 9 * DAY_US):
            log.run(NOW_US + late_us)
        kept = Counter(at for (at,) in logged_rows(world, '"__log_timestamp"'))
        assert kept == {NOW_US + DAY_US + SECOND_US: 7, NOW_US + 9 * DAY_US: 7}
        # A sample of a month ago stands for a month ago up to three days from it.
        assert dates(metrics(world, "mood_score")) == days_from_now(-30, -21, 0, 1, 9)
        log.run(NOW_US + 70 * DAY_US)
    assert dates(metrics(world, "mood_score")) == days_from_now(9, 40, 70)


def days_from_now(*days: int) -> list[str]:
    """Name some days."""
    return [str((NOW + timedelta(days=day)).date()) for day in days]


def test_nobody_is_logged_before_there_is_anybody(world: World) -> None:
    """Of a time without users nothing is written, and it is no error; nor is a second try."""
    world.publish_and_build(lives())
    with sample_log(world) as log:
        assert log.run(NOW_US - 400 * DAY_US) == []
        assert log.run(NOW_US - 400 * DAY_US) == []


def test_forgetting_covers_what_was_logged(world: World) -> None:
    """Rows of a forgotten person go with the rest, and no byte of his id stays."""
    world.publish_and_build(lives())
    with sample_log(world) as log:
        log.run(NOW_US)
    assert (OLD,) in logged_rows(world)
    world.oo("forget", OLD, "--yes")
    assert [user for (user,) in logged_rows(world)] == USERS
    assert OLD.encode() not in world.settings.db.read_bytes()


def test_who_is_forgotten_while_a_sample_is_taken_is_not_logged(world: World) -> None:
    """Between taking and writing it his tombstone is set: his row goes with the same call."""
    world.publish_and_build(lives())
    with sample_log(world) as log:
        with reading(world.settings.db) as connection:
            sample = take_sample(connection, ProfileFeatures(world.store), [OLD, *USERS], NOW_US)
        world.oo("forget", OLD, "--yes")
        log.write(sample)
        assert [user for (user,) in logged_rows(world)] == USERS
        with reading(world.settings.db) as connection:
            again = take_sample(connection, ProfileFeatures(world.store), [OLD, *USERS], NOW_US)
    assert [profile.subject.user_id for profile in again.profiles] == USERS


def test_the_command_logs_and_says_of_what(world: World) -> None:
    """`oo quality log-sample` tells each instant and how many profiles."""
    world.publish_and_build(lives())
    said = world.oo("quality", "log-sample").stdout.splitlines()
    assert said[-1].endswith(": 7 profiles")
    assert len(said) == 2
