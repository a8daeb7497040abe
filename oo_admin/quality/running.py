"""The engine with everything that it needs, opened and closed in one place."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import nats.errors

from oo_admin.errors import NotSentError
from oo_admin.quality.config import QualityConfig
from oo_admin.quality.delivery.channels import Channels
from oo_admin.quality.delivery.outbox import Outbox
from oo_admin.quality.delivery.routes import NATS, Routes, load_routes
from oo_admin.quality.engine import QualityEngine, Sources, declared_expectations
from oo_admin.quality.lineage import Lineage
from oo_admin.quality.logged.sample_log import SampleLog
from oo_admin.quality.report import told
from oo_admin.quality.store import FILE, opened
from oo_profile.building.online import OnlineWriter
from oo_profile.errors import NoNatsError, ProfileError
from oo_profile.insight.sample import sample_lag
from oo_profile.reports.catalogue import Catalogue
from oo_profile.storage.database import reading_as_it_goes
from oo_profile.transport.connection import nats_connection
from oo_transforms.clock import MICROSECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from feast import FeatureStore

    from oo_admin.quality.alerts import Alert
    from oo_admin.quality.facts import LoggedPoint
    from oo_admin.quality.store import QualityStore
    from oo_profile.settings import Settings

ROUTES_FILE: Final = "alerts.yaml"
PUBLISH_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Round:
    """What one evaluation came to.

    Attributes:
        changes: Alerts that fired, changed cause or were resolved.
        firing: How many fire now.
        delivered: Notices delivered.
        undelivered: Notices that wait to be.
    """

    changes: tuple[Alert, ...]
    firing: int
    delivered: int
    undelivered: int


class Watcher:
    """Evaluates, puts down what is to be said, and says it; logs a sample of profiles now and then.

    Args:
        engine: Evaluates.
        store: Its file.
        lineage: What is affected by what.
        outbox: What is to be said.
        channels: How.
        samples: Logs profiles.
        clock: Tells the present, microseconds since the epoch.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it connects
        self,
        engine: QualityEngine,
        store: QualityStore,
        lineage: Lineage,
        outbox: Outbox,
        channels: Channels,
        samples: SampleLog,
        clock: Callable[[], int],
    ) -> None:
        self._engine = engine
        self._store = store
        self._lineage = lineage
        self._outbox = outbox
        self._channels = channels
        self._samples = samples
        self._clock = clock

    def round(self) -> Round:
        """Evaluate once and deliver what is due.

        Raises:
            sqlite3.Error: The builder's database cannot be read; the call may be made again.
        """
        now_us = self._clock()
        # One transaction: an alert that is kept as firing has its notices in the outbox.
        with self._store.transaction():
            changes = self._engine.run(now_us)
            mutes = self._store.mutes(now_us)
            self._outbox.put((told(alert, self._lineage, mutes) for alert in changes), now_us)
        delivered = self._outbox.deliver(self._channels, now_us)
        firing = sum(alert.state == "firing" for alert in self._store.open_alerts())
        return Round(tuple(changes), firing, delivered, self._store.undelivered())

    def log_sample(self, every: timedelta = timedelta(0)) -> list[LoggedPoint]:
        """Log a sample of profiles unless one was logged less than some time ago; see `SampleLog`.

        Args:
            every: From one sample to the next.

        Returns:
            What was logged; nothing if it was not yet due.

        Raises:
            DatabaseError: The builder's database cannot be read or written.
            OfflineStoreError: The same, said by the offline store.
        """
        now_us = self._clock()
        every_us = every // MICROSECOND
        if every_us and self._store.logged(now_us - every_us + 1, now_us):
            return []
        return self._samples.run(now_us)


@contextlib.contextmanager
def watcher(
    settings: Settings,
    feast: FeatureStore,
    environ: Mapping[str, str],
    clock: Callable[[], int],
    config: QualityConfig | None = None,
) -> Iterator[Watcher]:
    """Open everything; closed at the end.

    Raises:
        NoDatabaseError: There is no database of a builder yet.
        NotAppliedError: The registry's views are not those of the code.
        RoutesError: The file of routes cannot be used.
    """
    routes = load_routes(routes_file(settings, environ), environ)
    lineage = lineage_of(feast)
    with reading_as_it_goes(settings.db) as database, opened(quality_file(settings)) as store:
        online = OnlineWriter(feast)
        waiting = WaitingMessages(settings.nats)
        sources = Sources(database, online, waiting, lineage.ttls, declared_expectations())
        engine = QualityEngine(config or QualityConfig(), store, sources)
        channels = Channels(routes, Publisher(settings.nats), clock)
        samples = SampleLog(settings, feast, store)
        yield Watcher(engine, store, lineage, Outbox(store, routes), channels, samples, clock)


def lineage_of(feast: FeatureStore) -> Lineage:
    """Read from the registry what is affected by what."""
    names = [service.name for service in feast.list_feature_services()]
    return Lineage(Catalogue(feast), names)


def quality_file(settings: Settings) -> Path:
    """Return the engine's own file: beside the builder's database."""
    return settings.db.with_name(FILE)


def routes_file(settings: Settings, environ: Mapping[str, str]) -> Path:
    """Return the file that says who is told of alerts."""
    given = environ.get("OO_ALERTS")
    return settings.project / given if given else settings.data / ROUTES_FILE


class WaitingMessages:
    """Asks NATS how many messages the builder has before it."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self) -> int | None:
        """Ask; None if NATS is not there or does not say."""

        async def ask() -> int | None:
            async with nats_connection(self._url, name="oo quality") as connection:
                lag = await sample_lag(connection)
            return None if lag is None else lag.waiting + lag.unacknowledged

        try:
            return asyncio.run(ask())
        except (NoNatsError, OSError, TimeoutError):
            return None


class Publisher:
    """Publishes on a subject of NATS."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, subject: str, body: bytes) -> None:
        """Publish, and return when the server has it.

        Raises:
            NotSentError: NATS is not there, or refuses.
        """

        async def publish() -> None:
            async with nats_connection(self._url, name="oo quality") as connection:
                await connection.publish(subject, body)
                await connection.flush(PUBLISH_SECONDS)  # type: ignore[arg-type]

        try:
            asyncio.run(publish())
        except (ProfileError, OSError, TimeoutError, nats.errors.Error) as error:
            raise NotSentError(NATS, str(error)) from error


def deliver_test(
    settings: Settings,
    environ: Mapping[str, str],
    clock: Callable[[], int],
    owners: tuple[str, ...],
) -> dict[str, str]:
    """Send a test to every address of these owners, at once; return what each said, empty: sent.

    Raises:
        RoutesError: The file of routes cannot be used.
    """
    from oo_admin.quality.delivery.notice import as_json, test_notice  # noqa: PLC0415 - seldom

    routes: Routes = load_routes(routes_file(settings, environ), environ)
    channels = Channels(routes, Publisher(settings.nats), clock)
    notice, answers = test_notice(clock(), owners), {}
    for address in routes.of(owners):
        try:
            channels.deliver(address, notice, as_json(notice))
        except NotSentError as error:
            answers[address] = error.reason
        else:
            answers[address] = ""
    return answers
