"""What the quality engine has found, for its page: read from the engine's own file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oo_admin.errors import NotFound
from oo_admin.quality.alerts import State  # noqa: TC001 - read by type for the contract
from oo_admin.quality.facts import BusyUser, OnlineSample  # noqa: TC001 - read by type
from oo_admin.quality.finding import Severity  # noqa: TC001 - read by type
from oo_admin.quality.lineage import Lineage
from oo_admin.quality.muting import mute_alert
from oo_admin.quality.report import read_report
from oo_admin.quality.running import quality_file
from oo_admin.quality.store import opened
from oo_admin.reading.chart import Line, line
from oo_profile.storage.signal_minutes import MINUTE_US

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from oo_admin.quality.report import AlertReport, MinuteReport, QualityReport
    from oo_admin.quality.usual import FreshnessPoint
    from oo_admin.reading.reader import Reader

MINUTES: Final = 180
SPARK: Final = (240, 28)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFacts:
    """Something that is, or was, not as it should be.

    Attributes:
        key: What tells it from others.
        title: In a few words.
        state: How far it is.
        severity: How soon somebody should look.
        what: A sentence: what, by how much.
        since_us: When it was first found, microseconds.
        resolved_us: When it was resolved, microseconds; null: not yet.
        users: How many users are affected; null: not known.
        features: Features affected.
        services: Feature services affected.
        owners: Who answers for these features.
        likely: What is probably behind it.
        do: What to do.
        link: Where to read more, in the project's folder.
        muted_until_us: Until when nobody is told of it, microseconds; null: people are told.
        muted_by: Who said so; null: nobody.
        mute_reason: Why; null: nobody said so.
    """

    key: str
    title: str
    state: State
    severity: Severity
    what: str
    since_us: int
    resolved_us: int | None
    users: int | None
    features: tuple[str, ...]
    services: tuple[str, ...]
    owners: tuple[str, ...]
    likely: str
    do: str
    link: str
    muted_until_us: int | None
    muted_by: str | None
    mute_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectFacts:
    """What came of a subject in the last minutes.

    Attributes:
        subject: The subject.
        stored: Signals stored.
        duplicates: Messages that had come before.
        line: Signals a minute over time.
    """

    subject: str
    stored: int
    duplicates: int
    line: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendFacts:
    """How fresh a view was over the last week.

    Attributes:
        view: The state view.
        now: The share of users that is fresh now.
        line: That share over time.
    """

    view: str
    now: float
    line: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityFacts:
    """What the checks have found.

    Attributes:
        evaluated_us: When they last ran, microseconds.
        undelivered: Notices that could not be delivered yet.
        alerts: Pending and firing alerts, the oldest first.
        resolved: Alerts of the last week that are over, the newest first.
        minutes: How many minutes `subjects` is about.
        subjects: What came in.
        trends: How fresh the views were.
        online: Redis against SQLite, of a sample; null: not looked at.
        busiest: Who sent most in the last hour; null: nobody sent anything, or who asks is a
            viewer.
    """

    evaluated_us: int
    undelivered: int
    alerts: tuple[AlertFacts, ...]
    resolved: tuple[AlertFacts, ...]
    minutes: int
    subjects: tuple[SubjectFacts, ...]
    trends: tuple[TrendFacts, ...]
    online: OnlineSample | None
    busiest: BusyUser | None


class QualityReader:
    """Reads what the engine has found, and mutes alerts.

    Args:
        reader: The store's data.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._lineage = Lineage(reader.catalogue, reader.services)

    @property
    def _path(self) -> Path:
        return quality_file(self._reader.settings)

    def facts(self, now_us: int, *, names: bool) -> QualityFacts | None:
        """Tell what was found; None: the engine has never run.

        Args:
            now_us: The moment, microseconds.
            names: Whether who sent most is named.
        """
        if not self._path.exists():
            return None
        with opened(self._path) as store, self._reader.reading() as database:
            report = read_report(store, database, self._lineage, now_us, MINUTES)
        return None if not report.evaluated_us else _told(report, names=names)

    def mute(self, key: str, hours: int, reason: str, by: str, now_us: int) -> None:
        """Have nobody told of an alert for some time.

        Args:
            key: The alert's.
            hours: For how long; 0: people are told again.
            reason: Why.
            by: Who says so.
            now_us: The present, microseconds.

        Raises:
            NotFound: There is no such alert.
            InputRefused: The time is out of its bounds, or there is no reason.
        """
        if not self._path.exists():
            raise NotFound("there are no alerts: the checks have not run")
        with opened(self._path) as store:
            if key not in {alert.key for alert in store.open_alerts()}:
                raise NotFound("there is no such alert any more; nothing was muted")
            mute_alert(store, key, hours, reason, by, now_us)


def _told(report: QualityReport, *, names: bool) -> QualityFacts:
    return QualityFacts(
        evaluated_us=report.evaluated_us,
        undelivered=report.undelivered,
        alerts=tuple(map(_alert, report.alerts)),
        resolved=tuple(map(_alert, report.resolved)),
        minutes=MINUTES,
        subjects=_subjects(report.minutes, report.now_us),
        trends=_trends(report.freshness),
        online=report.online,
        busiest=report.busiest if names else None,
    )


def _alert(report: AlertReport) -> AlertFacts:
    alert, advice, reach, mute = report.alert, report.advice, report.reach, report.mute
    return AlertFacts(
        key=alert.key,
        title=advice.title,
        state=alert.state,
        severity=alert.severity,
        what=alert.what,
        since_us=alert.since_us,
        resolved_us=alert.resolved_us,
        users=alert.users,
        features=tuple(reach.features),
        services=tuple(reach.services),
        owners=tuple(reach.owners),
        likely=advice.likely,
        do=advice.do,
        link=advice.link,
        muted_until_us=None if mute is None else mute.until_us,
        muted_by=None if mute is None else mute.by,
        mute_reason=None if mute is None else mute.reason,
    )


def _subjects(minutes: Sequence[MinuteReport], now_us: int) -> tuple[SubjectFacts, ...]:
    by_minute = {minute.minute_us: minute for minute in minutes}
    last = now_us // MINUTE_US * MINUTE_US
    times = [last - MINUTE_US * back for back in range(MINUTES - 1, -1, -1)]
    names = sorted({name for minute in minutes for name in (*minute.stored, *minute.duplicates)})
    told = []
    for name in names:
        course = [
            float(by_minute[at].stored.get(name, 0)) if at in by_minute else 0.0 for at in times
        ]
        told.append(
            SubjectFacts(
                subject=name,
                stored=sum(minute.stored.get(name, 0) for minute in minutes),
                duplicates=sum(minute.duplicates.get(name, 0) for minute in minutes),
                line=line(course, *SPARK),
            )
        )
    return tuple(told)


def _trends(points: Sequence[FreshnessPoint]) -> tuple[TrendFacts, ...]:
    shares: dict[str, list[float]] = {}
    for point in points:
        for view in point.views:
            shares.setdefault(view.view, []).append(view.fresh_share)
    return tuple(
        TrendFacts(view=view, now=course[-1], line=line(course, *SPARK))
        for view, course in shares.items()
    )
