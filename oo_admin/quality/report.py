"""What is known of data quality at a moment, for pages and commands: read, never evaluated."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oo_admin.quality.manual import ADVICE, Advice
from oo_admin.quality.observing import busiest_user
from oo_profile.storage import signal_minutes
from oo_profile.storage.signal_minutes import MINUTE_US

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from oo_admin.quality.alerts import Alert, Mute
    from oo_admin.quality.facts import BusyUser, FeatureSample, OnlineSample
    from oo_admin.quality.lineage import Lineage, Reach
    from oo_admin.quality.store import QualityStore
    from oo_admin.quality.usual import FreshnessPoint

WEEK_US: Final = 7 * 24 * 60 * MINUTE_US
REFERENCE_US: Final = 4 * WEEK_US


@dataclass(frozen=True, slots=True)
class AlertReport:
    """An alert with all that is said of it.

    Attributes:
        alert: The alert.
        advice: Likely causes, and what to do.
        reach: Features, services and owners affected.
        mute: That nobody is told of it; None: everybody is.
    """

    alert: Alert
    advice: Advice
    reach: Reach
    mute: Mute | None


@dataclass(frozen=True, slots=True)
class MinuteReport:
    """What came in a minute.

    Attributes:
        minute_us: When it began, microseconds.
        stored: Signals stored, by subject.
        duplicates: Messages that had come before, by subject.
        rejected: Messages rejected, by reason.
    """

    minute_us: int
    stored: Mapping[str, int]
    duplicates: Mapping[str, int]
    rejected: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FeatureDistribution:
    """A feature's distribution now and a month ago; None: it was not looked at then.

    Attributes:
        feature: Its name.
        now: Over a sample of users.
        before: The same, four weeks ago.
    """

    feature: str
    now: FeatureSample
    before: FeatureSample | None


@dataclass(frozen=True, slots=True)
class QualityReport:
    """All of it. Instants are microseconds.

    Attributes:
        now_us: The moment.
        evaluated_us: When the engine last ran; 0: never.
        waiting: Messages that the builder had before it then; None: not known.
        alerts: Pending and firing ones, oldest first.
        resolved: Those of the last week that are over, newest first.
        freshness: How fresh the views were over the last week, oldest first; the last is newest.
        minutes: What came in each of the last minutes, oldest first; empty ones are left out.
        online: Redis against SQLite; None: not looked at.
        features: In order of their names.
        busiest: Who sent most in the last hour: for operators alone.
        undelivered: Notices that could not be delivered yet.
    """

    now_us: int
    evaluated_us: int
    waiting: int | None
    alerts: tuple[AlertReport, ...]
    resolved: tuple[AlertReport, ...]
    freshness: tuple[FreshnessPoint, ...]
    minutes: tuple[MinuteReport, ...]
    online: OnlineSample | None
    features: tuple[FeatureDistribution, ...]
    busiest: BusyUser | None
    undelivered: int


def read_report(
    store: QualityStore,
    database: sqlite3.Connection,
    lineage: Lineage,
    now_us: int,
    minutes: int = 180,
) -> QualityReport:
    """Read what the engine has found, and what came of late.

    Args:
        store: The engine's file.
        database: The builder's, opened for reading.
        lineage: What is affected by what.
        now_us: The moment, microseconds.
        minutes: How many minutes to tell of; at most three days are kept.
    """
    before = {sample.feature: sample for sample in store.features(now_us - REFERENCE_US)}
    last = now_us // MINUTE_US + 1
    waiting = store.mark("waiting")
    mutes = store.mutes(now_us)
    return QualityReport(
        now_us=now_us,
        evaluated_us=store.mark("evaluated_us"),
        waiting=None if waiting < 0 else waiting,
        alerts=tuple(told(alert, lineage, mutes) for alert in store.open_alerts()),
        resolved=tuple(
            told(alert, lineage, mutes) for alert in store.resolved_alerts(now_us - WEEK_US)
        ),
        freshness=tuple(store.freshness(now_us - WEEK_US)),
        minutes=tuple(
            _minute(row.minute, row.counts)
            for row in signal_minutes.between(database, last - minutes, last)
        ),
        online=store.online(),
        features=tuple(
            FeatureDistribution(sample.feature, sample, before.get(sample.feature))
            for sample in store.features(now_us)
        ),
        busiest=busiest_user(database, now_us),
        undelivered=store.undelivered(),
    )


def told(alert: Alert, lineage: Lineage, mutes: Mapping[str, Mute]) -> AlertReport:
    """Say all that there is to say of an alert."""
    reach = lineage.reach(alert.subjects, alert.about)
    return AlertReport(alert, ADVICE[alert.cause], reach, mutes.get(alert.key))


def _minute(minute: int, counts: Mapping[str, int]) -> MinuteReport:
    found: dict[str, Counter[str]] = {"stored": Counter(), "duplicate": Counter()}
    rejected: Counter[str] = Counter()
    for name, number in counts.items():
        kind, _, rest = name.partition("|")
        if kind in found:
            found[kind][rest] += number
        elif kind == "rejected":
            rejected[rest.partition("|")[2]] += number
    return MinuteReport(minute * MINUTE_US, found["stored"], found["duplicate"], rejected)
