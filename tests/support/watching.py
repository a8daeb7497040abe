"""The quality engine over a simulated population, with an injected clock and no waiting."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from support.counted_world import HOUR_US, CountedWorld, Sent, by_hour, sent_by

from oo_admin.quality.alerts import Alert, AlertBook, State
from oo_admin.quality.config import QualityConfig
from oo_admin.quality.evaluation import Usual, evaluate
from oo_admin.quality.facts import Facts
from oo_admin.quality.history import History
from oo_admin.quality.observing import feature_sample
from oo_admin.quality.usual import FreshnessPoint, usual_freshness
from oo_transforms.syncs import SOURCE_VIEWS
from oo_transforms.views import FEATURE_GROUPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.incidents import Incident

    from oo_admin.quality.facts import FeatureSample

END: Final = datetime(2026, 7, 1, tzinfo=UTC)
CONFIG: Final = QualityConfig(period_minutes=60)
LOOK_EVERY: Final = 6
FEATURES_EVERY: Final = 24
REFERENCE_HOURS: Final = 28 * 24
FEATURES: Final = {f.name: f for group, _ in FEATURE_GROUPS for f in group.features}
EXPECTED: Final = {
    view.name: view.expects.fresh_share for view in SOURCE_VIEWS.values() if view.expects
}


@dataclass(slots=True)
class Watched:
    """A population and the engine that watches it.

    Attributes:
        world: What has come.
        history: Its counts.
        book: Its alerts.
        points: How fresh the views were.
        samples: How features were distributed, by hour.
        changes: What fired or was resolved, in order.
    """

    world: CountedWorld
    history: History
    book: AlertBook
    points: list[FreshnessPoint] = field(default_factory=list)
    samples: dict[int, tuple[FeatureSample, ...]] = field(default_factory=dict)
    changes: list[Alert] = field(default_factory=list)

    def copy(self) -> Watched:
        """Return one that goes its own way from here."""
        book = copy.deepcopy(self.book)
        history = copy.deepcopy(self.history)
        return Watched(
            self.world.copy(),
            history,
            book,
            list(self.points),
            dict(self.samples),
            list(self.changes),
        )

    def hour(self, hour: int, sent: Sequence[Sent], incident: Incident | None, began: int) -> None:
        """Let an hour pass, and evaluate it at its end."""
        self.history.replace(hour, self.world.count(sent))
        now_us = (hour + 1) * HOUR_US
        facts = Facts(waiting=0, handled_us=now_us, busiest=self.world.busiest)
        usual = Usual()
        if hour % LOOK_EVERY == 0:
            point = FreshnessPoint(now_us, self.world.freshness(now_us))
            facts = Facts(0, now_us, point.views, busiest=facts.busiest)
            usual = Usual(usual_freshness(self.points[-150:], now_us), expected=EXPECTED)
            self.points.append(point)
        if hour % FEATURES_EVERY == 0:
            self.samples[hour] = self._features(now_us, incident)
            before, earlier = (self._samples(hour - n * REFERENCE_HOURS) for n in (1, 2))
            facts = replace(facts, features=self.samples[hour])
            usual = replace(usual, features=before, earlier_features=earlier)
        if incident is not None:
            facts = incident.look(facts, hour - began + 1)
        groups = evaluate(self.history, hour + 1, facts, usual, CONFIG, now_us)
        self.changes += self.book.update(groups, now_us)

    def _features(self, now_us: int, incident: Incident | None) -> tuple[FeatureSample, ...]:
        values = self.world.profiles.values(now_us)
        if incident is not None:
            values = incident.damage(values)
        return tuple(feature_sample(FEATURES[name], column) for name, column in values.items())

    def _samples(self, hour: int) -> dict[str, FeatureSample]:
        return {sample.feature: sample for sample in self.samples.get(hour, ())}


def watched_from(first_hour: int) -> Watched:
    """Begin to watch."""
    book = AlertBook(CONFIG.fire_after, 6 * CONFIG.clear_after)
    return Watched(CountedWorld(), History(first_hour), book)


@dataclass(frozen=True, slots=True)
class Stage:
    """A population that was watched for some weeks, and the hours that come next.

    Attributes:
        watched: What was seen.
        began: The first hour of what comes next.
        next_hours: The messages of those.
    """

    watched: Watched
    began: int
    next_hours: tuple[tuple[Sent, ...], ...]


def prepare(users: int, days: int, seed: int, next_days: int, a_week: float = 5.0) -> Stage:
    """Watch a quiet population for all its days but the last ones."""
    hours = by_hour(sent_by(users, days, seed, END, a_week))
    first, end = min(hours), int(END.timestamp()) // 3600
    began = end - 24 * next_days
    watched = watched_from(first)
    for hour in range(first, began):
        watched.hour(hour, hours.get(hour, []), None, began)
    return Stage(watched, began, tuple(tuple(hours.get(h, ())) for h in range(began, end)))


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an incident.

    Attributes:
        incident: Which.
        after_hours: When an alert with its cause fired; None: none did.
        what: What it said.
        others: Other alerts that fired meanwhile.
    """

    incident: Incident
    after_hours: int | None
    what: str
    others: tuple[str, ...]

    @property
    def found(self) -> bool:
        """Whether it was found within the stated delay."""
        return self.after_hours is not None and self.after_hours <= self.incident.within_hours


def put_in(stage: Stage, incident: Incident) -> Result:
    """Let an incident happen to a population, up to the alert or the end of the stage."""
    watched = stage.watched.copy()
    before = len(watched.changes)
    late: dict[int, list[Sent]] = {}
    for place, hour in enumerate(stage.next_hours):
        now = stage.began + place
        for sent in hour:
            for changed in incident.change(sent):
                late.setdefault(max(changed.received_us // HOUR_US, now), []).append(changed)
        watched.hour(now, late.pop(now, []), incident, stage.began)
        fired = [a for a in watched.changes[before:] if a.state is State.FIRING]
        for alert in fired:
            if alert.cause is incident.cause and incident.says in f"{alert.about} {alert.what}":
                others = tuple(a.key for a in fired if a.key != alert.key)
                return Result(incident, place + 1, alert.what, others)
        if place >= incident.within_hours:
            break
    others = tuple(a.key for a in watched.changes[before:] if a.state is State.FIRING)
    return Result(incident, None, "", others)


def false_alerts(users: int, days: int, seed: int) -> list[Alert]:
    """Watch a population to which nothing happens; return the alerts that fire."""
    stage = prepare(users, days, seed, 1)
    return [alert for alert in stage.watched.changes if alert.state is State.FIRING]


def moment(at_us: int) -> str:
    """Write a moment."""
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us):%Y-%m-%d %H:%M}"
