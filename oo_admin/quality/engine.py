"""The engine: reads what is new, looks around, evaluates, and carries alerts on, each once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from oo_admin.quality.alerts import AlertBook
from oo_admin.quality.evaluation import Usual, evaluate
from oo_admin.quality.facts import Facts
from oo_admin.quality.history import History
from oo_admin.quality.observing import (
    busiest_user,
    feature_samples,
    newest_event_times,
    online_sample,
    sampled_users,
    view_freshness,
)
from oo_admin.quality.usual import FreshnessPoint, usual_freshness
from oo_profile.insight.events import EventLog
from oo_profile.storage import signal_minutes
from oo_profile.storage.signal_minutes import MINUTE_US
from oo_stores.errors import OnlineServerError
from oo_transforms.syncs import SOURCE_VIEWS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping

    from oo_admin.quality.alerts import Alert
    from oo_admin.quality.config import QualityConfig
    from oo_admin.quality.facts import OnlineSample
    from oo_admin.quality.observing import Online
    from oo_admin.quality.store import QualityStore

_log = EventLog(__name__)

LOOK_EVERY_US: Final = 60 * MINUTE_US
SAMPLE_EVERY_US: Final = 24 * 60 * MINUTE_US
ONLINE_EVERY_US: Final = 5 * MINUTE_US
REFERENCE_US: Final = 28 * 24 * 60 * MINUTE_US
KEPT: Final = timedelta(days=63)
GRACE_US: Final = MINUTE_US
"""After a period is over: messages that the stream has taken are with the builder by then."""

_WRITTEN: Final = "written"
_MINUTE: Final = "minute"


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the engine looks.

    Attributes:
        database: The builder's database, opened for reading.
        online: Redis; None: it is not looked at.
        waiting: Asks how many messages the builder has before it; None if NATS does not say.
        ttls: The TTL of each view as applied; None: it never expires.
        expected: The declared share of fresh users, by view.
    """

    database: sqlite3.Connection
    online: Online | None
    waiting: Callable[[], int | None]
    ttls: Mapping[str, timedelta | None]
    expected: Mapping[str, float]


class QualityEngine:
    """Evaluates data quality whenever it is told to; state survives in its store.

    Args:
        config: The knobs.
        store: Its own file.
        sources: Where it looks.
    """

    def __init__(self, config: QualityConfig, store: QualityStore, sources: Sources) -> None:
        self._config = config
        self._store = store
        self._sources = sources
        self._book = AlertBook(config.fire_after, config.clear_after, store.open_alerts())
        self._history: History | None = None
        self._users: list[str] = []
        self._sampled_us = self._looked_us = self._online_us = 0

    def run(self, now_us: int) -> list[Alert]:
        """Evaluate once; return the alerts that fire, change cause or are resolved by it.

        To be called in a transaction of the store; after one that failed, a new engine goes on.
        What could not be looked at, since Redis or NATS is away for one, is not judged.

        Args:
            now_us: The moment, microseconds; not before the last one.

        Raises:
            sqlite3.Error: The builder's database cannot be read; the call may be made again.
        """
        history = self._read(now_us)
        facts, usual = self._look(now_us)
        end = self._end(facts, now_us)
        groups = evaluate(history, end, facts, usual, self._config, now_us)
        changes = self._book.update(groups, now_us)
        self._store.set_alerts([*self._book.open, *changes])
        self._store.forget_pending(alert.key for alert in self._book.open)
        self._store.set_mark("evaluated_us", now_us)
        self._store.set_mark("waiting", -1 if facts.waiting is None else facts.waiting)
        return changes

    def _end(self, facts: Facts, now_us: int) -> int:
        """Return the period after the last one that is over and that the builder has passed."""
        length_us = self._config.period_minutes * MINUTE_US
        over = (now_us - GRACE_US) // length_us
        if not facts.waiting or facts.handled_us is None:
            return over
        return min(over, (facts.handled_us - 1) // length_us)

    def _read(self, now_us: int) -> History:
        """Add up the periods that changed since the last time."""
        length = self._config.period_minutes
        written = self._store.mark(_WRITTEN)
        fresh = signal_minutes.written_since(self._sources.database, written)
        changed = sorted({row.minute // length for row in fresh})
        if self._history is None:
            self._history = self._known(now_us // MINUTE_US // length, changed)
        for period in changed:
            counts = self._period(period)
            self._history.replace(period, counts)
            self._store.set_period(period, counts)
        if fresh:
            self._store.set_mark(_WRITTEN, max(row.written for row in fresh))
            self._store.set_mark(_MINUTE, max(fresh[-1].minute, self._store.mark(_MINUTE)))
        return self._history

    def _known(self, current: int, changed: list[int]) -> History:
        """Read the periods that were added up before; the first of all is where history begins."""
        first = current - self._config.periods(KEPT)
        known = dict(self._store.periods(first))
        history = History(max(min([*known, *changed], default=current), first))
        for period, counts in known.items():
            history.replace(period, counts)
        return history

    def _period(self, period: int) -> dict[str, int]:
        length = self._config.period_minutes
        totals: dict[str, int] = {}
        first = period * length
        for row in signal_minutes.between(self._sources.database, first, first + length):
            for name, number in row.counts.items():
                totals[name] = totals.get(name, 0) + number
        return totals

    def _look(self, now_us: int) -> tuple[Facts, Usual]:
        database, store = self._sources.database, self._store
        minute = store.mark(_MINUTE)
        facts = Facts(
            waiting=self._sources.waiting(),
            handled_us=(minute + 1) * MINUTE_US if minute else None,
            online=self._look_at_online(now_us),
            busiest=busiest_user(database, now_us),
        )
        if now_us - self._looked_us < LOOK_EVERY_US:
            return facts, Usual()
        self._looked_us = now_us
        self._sample(now_us)
        newest = newest_event_times(database, self._users)
        point = FreshnessPoint(now_us, view_freshness(newest, self._sources.ttls, now_us))
        features = feature_samples(database, self._users)
        before, earlier = (store.features(now_us - n * REFERENCE_US) for n in (1, 2))
        past = store.freshness(now_us - 2 * REFERENCE_US)
        usual = Usual(
            usual_freshness(past, now_us),
            {sample.feature: sample for sample in before},
            {sample.feature: sample for sample in earlier},
            self._sources.expected,
        )
        store.add_freshness(point)
        store.add_features(now_us, features)
        kept_us = KEPT // timedelta(microseconds=1)
        period_us = self._config.period_minutes * MINUTE_US
        store.delete_before((now_us - kept_us) // period_us, now_us - kept_us)
        return replace(facts, freshness=point.views, features=features), usual

    def _sample(self, now_us: int) -> None:
        if not self._users or now_us - self._sampled_us >= SAMPLE_EVERY_US:
            self._users = sampled_users(self._sources.database)
            self._sampled_us = now_us

    def _look_at_online(self, now_us: int) -> OnlineSample | None:
        """Compare Redis with SQLite now and then; between that the last answer stands."""
        online = self._sources.online
        if online is None:
            return None
        if now_us - self._online_us < ONLINE_EVERY_US:
            return self._store.online()
        self._online_us = now_us
        self._sample(now_us)
        try:
            sample = online_sample(self._sources.database, online, self._users)
        except OnlineServerError as error:
            _log.warning("quality.redis_away", reason=error.reason)
            return None
        self._store.add_online(now_us, sample)
        return sample


def declared_expectations() -> dict[str, float]:
    """Return the share of fresh users that each view's source is declared to keep."""
    return {v.name: v.expects.fresh_share for v in SOURCE_VIEWS.values() if v.expects}
