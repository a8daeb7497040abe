"""How features went over time: computed from history by the functions that serving runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oo_profile.building.profile_features import Subject
from oo_profile.storage.state_table import StateTable
from oo_transforms.clock import DAY_US
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import sqlite3

    from oo_profile.building.profile_features import ProfileFeatures
    from oo_profile.reports.profile_report import ProfileReport

POINTS = 40
LONGEST_US = 180 * DAY_US
SHORTEST_US = DAY_US


@dataclass(frozen=True, slots=True)
class Course:
    """The values of a user's features at some moments.

    Attributes:
        times_us: The moments, in order; the last one is the profile's.
        values: A value for each moment by feature; features that are no numbers are left out.
    """

    times_us: tuple[int, ...]
    values: dict[str, tuple[float, ...]]


def course(
    connection: sqlite3.Connection,
    features: ProfileFeatures,
    report: ProfileReport,
    points: int = POINTS,
) -> Course:
    """Compute a user's features at moments from the first state on, at most half a year back.

    Args:
        connection: The read transaction that the profile was read in.
        features: The functions.
        report: The profile that the course leads to; its local clock is used throughout.
        points: How many moments.
    """
    tables = [StateTable(view) for view in STATE_VIEWS]
    times = _moments(_first(connection, tables, report), report.now_us, points)
    subjects = []
    for time_us in times:
        found = {t.name: t.newest_at(connection, report.user_id, time_us) for t in tables}
        states = {name: version for name, version in found.items() if version is not None}
        subjects.append(Subject(report.user_id, states, time_us, report.utc_offset_minutes))
    profiles = features.compute_many(subjects)
    return Course(
        tuple(times),
        {
            feature.entry.name: tuple(_number(p.values[feature.entry.name], none) for p in profiles)
            for feature in report.features
            if isinstance(none := feature.entry.none, (int, float))
        },
    )


def _number(value: object, none: float) -> float:
    """Return a value to be drawn: where it was withheld, the one without evidence."""
    return float(value) if isinstance(value, (int, float)) else float(none)


def _first(connection: sqlite3.Connection, tables: list[StateTable], report: ProfileReport) -> int:
    statement = "SELECT event_timestamp FROM {} WHERE user_id = ? ORDER BY event_timestamp LIMIT 1"
    rows = [
        connection.execute(statement.format(table.name), (report.user_id,)).fetchone()
        for table in tables
    ]
    return min((row[0] for row in rows if row is not None), default=report.now_us)


def _moments(first_us: int, now_us: int, points: int) -> list[int]:
    span = min(max(now_us - first_us, SHORTEST_US), LONGEST_US)
    return [now_us - span + span * at // (points - 1) for at in range(points)]
