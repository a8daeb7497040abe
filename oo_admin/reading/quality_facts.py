"""What the quality engine has found, for its page: read from the engine's own file."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from oo_admin.errors import NotFound
from oo_admin.quality.lineage import Lineage
from oo_admin.quality.muting import mute_alert
from oo_admin.quality.report import read_report
from oo_admin.quality.running import quality_file
from oo_admin.quality.store import opened
from oo_admin.reading.chart import line
from oo_profile.storage.signal_minutes import MINUTE_US

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from oo_admin.quality.report import AlertReport, MinuteReport, QualityReport
    from oo_admin.quality.usual import FreshnessPoint
    from oo_admin.reading.reader import Reader

MINUTES: Final = 180
SPARK: Final = (240, 28)


class QualityFacts:
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

    def facts(self, now_us: int) -> dict[str, Any] | None:
        """Tell what was found; None: the engine has never run."""
        if not self._path.exists():
            return None
        with opened(self._path) as store, self._reader.reading() as database:
            report = read_report(store, database, self._lineage, now_us, MINUTES)
        return None if not report.evaluated_us else _told(report)

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


def _told(report: QualityReport) -> dict[str, Any]:
    return {
        "evaluated_us": report.evaluated_us,
        "undelivered": report.undelivered,
        "alerts": [_alert(alert) for alert in report.alerts],
        "resolved": [_alert(alert) for alert in report.resolved],
        "minutes": MINUTES,
        "subjects": _subjects(report.minutes, report.now_us),
        "trends": _trends(report.freshness),
        "online": None if report.online is None else asdict(report.online),
    }


def _alert(report: AlertReport) -> dict[str, Any]:
    alert, advice, reach, mute = report.alert, report.advice, report.reach, report.mute
    return {
        "key": alert.key,
        "title": advice.title,
        "state": alert.state.value,
        "severity": alert.severity.value,
        "what": alert.what,
        "since_us": alert.since_us,
        "resolved_us": alert.resolved_us,
        "users": alert.users,
        "features": list(reach.features),
        "services": list(reach.services),
        "owners": list(reach.owners),
        "likely": advice.likely,
        "do": advice.do,
        "link": advice.link,
        "muted_until_us": None if mute is None else mute.until_us,
        "muted_by": None if mute is None else mute.by,
        "mute_reason": None if mute is None else mute.reason,
    }


def _subjects(minutes: Sequence[MinuteReport], now_us: int) -> list[dict[str, Any]]:
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
            {
                "subject": name,
                "stored": sum(minute.stored.get(name, 0) for minute in minutes),
                "duplicates": sum(minute.duplicates.get(name, 0) for minute in minutes),
                "line": asdict(line(course, *SPARK)),
            }
        )
    return told


def _trends(points: Sequence[FreshnessPoint]) -> list[dict[str, Any]]:
    shares: dict[str, list[float]] = {}
    for point in points:
        for view in point.views:
            shares.setdefault(view.view, []).append(view.fresh_share)
    return [
        {"view": view, "now": course[-1], "line": asdict(line(course, *SPARK))}
        for view, course in shares.items()
    ]
