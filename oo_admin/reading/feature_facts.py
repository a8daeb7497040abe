"""One feature of a user as the pages tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from oo_admin.reading.chart import line
from oo_admin.reading.staleness import Staleness, staleness
from oo_profile.reports.words import duration_text, value_text
from oo_transforms.clock import MICROSECOND
from oo_transforms.fields import Value  # noqa: TC001 - read by type for the contract

if TYPE_CHECKING:
    from oo_admin.reading.course import Course
    from oo_admin.reading.signals_behind import Behind
    from oo_profile.reports.profile_report import FeatureReport, ProfileReport

SPARK = (120, 28)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnCourse:
    """A feature over time, and the line through it.

    Attributes:
        values: Its value at each of `course_times`.
        points: The line as SVG's `points` takes it.
        low: The least value.
        high: The greatest value.
    """

    values: tuple[float, ...]
    points: str
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureFacts:
    """A feature of a user.

    Attributes:
        name: Its name.
        description: What it says.
        view: The on-demand view that computes it.
        view_description: What that view is about.
        value: Its value, as served; null: withheld.
        words: The value in words.
        unit: Its unit.
        range: Least and greatest value; null: open.
        none: The value without evidence.
        owner: Who answers for it.
        state: The state view whose age is its own.
        staleness: How stale that state is.
        withheld: Whether it is withheld, since its state is expired or was never seen.
        age: How old the state is, in words; null: there is none.
        age_seconds: The same in seconds.
        expires_us: When the state expires, microseconds; null: never, or there is none.
        expires_at: The same in Unix seconds.
        signals: How many signals stand behind the state; null: not counted here.
        signals_left: What they still weigh together, each once 1; null: not counted here.
        course: The feature over time; null: it is no number.
    """

    name: str
    description: str
    view: str
    view_description: str
    value: Value | None
    words: str
    unit: str
    range: tuple[float | None, float | None]
    none: Value
    owner: str
    state: str
    staleness: Staleness
    withheld: bool
    age: str | None
    age_seconds: float | None
    expires_us: int | None
    expires_at: float | None
    signals: int | None
    signals_left: float | None
    course: DrawnCourse | None


def feature_facts(
    report: ProfileReport, feature: FeatureReport, course: Course, stands: Behind | None
) -> FeatureFacts:
    """Tell of a feature.

    Args:
        report: The profile that it is part of.
        feature: The feature.
        course: The profile over time.
        stands: The signals behind its state; None: not counted.
    """
    entry, state = feature.entry, feature.state
    seen, stale = state.event_time_us, staleness(state, report.now_us)
    return FeatureFacts(
        name=entry.name,
        description=entry.description,
        view=entry.group,
        view_description=entry.group_description,
        value=cast("Value | None", feature.value),
        words=_words(feature, report.utc_offset_minutes),
        unit=entry.unit,
        range=(entry.minimum, entry.maximum),
        none=cast("Value", entry.none),
        owner=entry.owner,
        state=state.view,
        staleness=stale,
        withheld=feature.value is None,
        age=None if seen is None else duration_text((report.now_us - seen) * MICROSECOND),
        age_seconds=None if seen is None else (report.now_us - seen) / 1e6,
        expires_us=state.expires_us,
        expires_at=None if state.expires_us is None else state.expires_us / 1e6,
        signals=None if stands is None else stands.signals,
        signals_left=None if stands is None else stands.left,
        course=drawn(course, entry.name, SPARK),
    )


def _words(feature: FeatureReport, offset: int) -> str:
    if feature.value is None:
        return "withheld"
    return value_text(feature.value, feature.entry.unit, offset)


def drawn(course: Course, name: str, size: tuple[int, int]) -> DrawnCourse | None:
    """Draw a feature over time into a box; None if it is no number."""
    values = course.values.get(name)
    if values is None:
        return None
    made = line(values, *size)
    return DrawnCourse(values=values, points=made.points, low=made.low, high=made.high)
