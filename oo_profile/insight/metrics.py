"""The builder's metrics, for Prometheus.

What batches did is counted as they are acknowledged: a quarter of a millisecond for one of 4,000
messages, a thousandth of its time. All else is read from the status when somebody asks for the
metrics. Labels are words of this project: text of a
message never becomes one.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Final, get_args

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from oo_profile.building.observer import Part
from oo_profile.insight.counts import Histogram, LabelledCounter
from oo_profile.insight.health import ready
from oo_profile.insight.latency import LatencyHistogram
from oo_profile.insight.newest import newest_of_batch
from oo_transforms.signals import SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from oo_profile.building.observer import BatchReport
    from oo_profile.insight.status import Status

OTHER: Final = "other"
"""The label of what has no label of its own."""

MAX_REASONS: Final = 30
"""Reasons of rejections that have a label; they are fixed words, so further ones are a mistake."""

_PARTS: Final[tuple[Part, ...]] = get_args(Part)
_MESSAGES_BUCKETS = (1, 10, 30, 100, 300, 1000, 2000, 4000, 8000, 16_000)
_SECONDS_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counts what a builder does, and shows that beside its status.

    Args:
        status: What is known of the builder.
        wall_clock: The present, microseconds since the epoch.

    Attributes:
        registry: All metrics of this builder, and of no other.
    """

    def __init__(self, status: Status, wall_clock: Callable[[], int]) -> None:
        self.registry = CollectorRegistry()
        self._status = status
        self._signals = LabelledCounter(
            "oo_signals",
            "Messages taken care of, by subject and what became of them",
            ("subject", "outcome"),
        )
        self._rejected = LabelledCounter("oo_rejected", "Messages rejected, by reason", ("reason",))
        self._messages = Histogram("oo_batch_messages", "Messages of a batch", _MESSAGES_BUCKETS)
        self._seconds = Histogram(
            "oo_batch_seconds",
            "Time of a batch, from its first statement to its acknowledgement",
            _SECONDS_BUCKETS,
        )
        self._latency = LatencyHistogram(
            "oo_event_to_online_seconds",
            "From the stream's acceptance of a message until Redis had its states",
        )
        self._reasons: set[str] = set()
        counted = (self._signals, self._rejected, self._messages, self._seconds, self._latency)
        for collector in (*counted, StatusCollector(status, wall_clock)):
            self.registry.register(collector)
        ProcessCollector(registry=self.registry)
        for subject in SUBJECTS:  # so that a rate is known from the first signal on
            self._signals.add((subject, "stored"), 0)

    def add(self, report: BatchReport) -> None:
        """Count a batch."""
        outcome = report.outcome
        self._count("stored", outcome.stored)
        self._count("duplicate", outcome.duplicates_of)
        self._count("rejected", outcome.rejected_of)
        if outcome.kept_out:
            self._count("forgotten", _subjects_of(report))
        for reason, count in outcome.rejected.items():
            self._rejected.add((self._reason(reason),), count)
        self._messages.observe(len(report.messages))
        self._seconds.observe(report.seconds)
        if report.online_us is not None:
            began_us = [message.received_us for message in report.messages]
            self._latency.observe_many(began_us, report.online_us)
        self._status.saw(newest_of_batch(outcome.newest))

    def _count(self, outcome: str, subjects: Mapping[str, int]) -> None:
        for subject, count in subjects.items():
            known = subject if subject in SUBJECTS else OTHER
            self._signals.add((known, outcome), count)

    def _reason(self, reason: str) -> str:
        if len(self._reasons) < MAX_REASONS:
            self._reasons.add(reason)
        return reason if reason in self._reasons else OTHER


class StatusCollector(Collector):
    """Shows a status as gauges; one that is not known at the moment is left out."""

    def __init__(self, status: Status, wall_clock: Callable[[], int]) -> None:
        self._status = status
        self._wall_clock = wall_clock

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Name every gauge, known at the moment or not."""
        for name, documentation in GAUGES.items():
            yield GaugeMetricFamily(name, documentation)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the gauges as they are."""
        for name, value in self._values().items():
            yield GaugeMetricFamily(name, GAUGES[name], float(value))
        yield _build()
        yield self._by_part()
        yield self._by_source()

    def _values(self) -> dict[str, float]:
        status = self._status
        values: dict[str, float] = {"oo_ready": ready(status).ok}
        if lag := status.lag:
            values["oo_consumer_waiting_messages"] = lag.waiting
            values["oo_consumer_unacknowledged_messages"] = lag.unacknowledged
            values["oo_consumer_redelivered_messages"] = lag.redelivered
        if database := status.database:
            values |= {f"oo_{name}": count for name, count in database.backlogs.items()}
            values["oo_database_bytes"] = database.database_bytes
            values["oo_wal_bytes"] = database.wal_bytes
        if (signals := status.signals) is not None:
            values["oo_stored_signals"] = signals
        if database and signals:
            values["oo_bytes_per_signal"] = database.database_bytes / signals
        if disk := status.disk:
            values["oo_disk_free_bytes"] = disk.free_bytes
            values["oo_disk_size_bytes"] = disk.total_bytes
            values["oo_disk_full_seconds"] = disk.full_seconds
            values["oo_disk_filling"] = disk.filling
        return values

    def _by_part(self) -> GaugeMetricFamily:
        name = "oo_waiting_seconds"
        family = GaugeMetricFamily(name, GAUGES[name], labels=("part",))
        for part in _PARTS:
            family.add_metric((part,), self._status.waited_seconds(part))
        return family

    def _by_source(self) -> GaugeMetricFamily:
        name = "oo_newest_signal_age_seconds"
        family = GaugeMetricFamily(name, GAUGES[name], labels=("source",))
        now_us = self._wall_clock()
        for source, time_us in sorted(self._status.newest_us.items()):
            family.add_metric((source,), max(now_us - time_us, 0) / 1e6)
        return family


GAUGES: Final[Mapping[str, str]] = {
    "oo_ready": "1 if signals are stored now, as /readyz says",
    "oo_consumer_waiting_messages": "Messages of the stream that were not delivered yet",
    "oo_consumer_unacknowledged_messages": "Messages delivered and not acknowledged yet",
    "oo_consumer_redelivered_messages": "Unacknowledged messages delivered more than once",
    "oo_users_behind": "Users whose newest states Redis does not have yet",
    "oo_late_tails_waiting": "Histories after late signals that are yet to be corrected",
    "oo_profiles_due": "Users whose rows of the table profile are to be refreshed",
    "oo_database_bytes": "Size of the SQLite file",
    "oo_wal_bytes": "Size of its write-ahead log",
    "oo_stored_signals": "Signals in the database, at the last count",
    "oo_bytes_per_signal": "Size of the SQLite file for each of its signals",
    "oo_disk_free_bytes": "What is free on the disk of the database",
    "oo_disk_size_bytes": "Size of the disk of the database",
    "oo_disk_full_seconds": "Until that disk is full at the growth of the last hour",
    "oo_disk_filling": "1 if it is full within a day, or has less than 5 % and 1 GiB free",
    "oo_waiting_seconds": "How long a part has not worked, 0 if it does",
    "oo_build_info": "What is running",
    "oo_newest_signal_age_seconds": "Age of the newest signal of a source, by its event time",
}
"""What the status shows: name and explanation."""


def _build() -> GaugeMetricFamily:
    family = GaugeMetricFamily("oo_build_info", GAUGES["oo_build_info"], labels=("version",))
    family.add_metric((version("oo-feature-store"),), 1)
    return family


def _subjects_of(report: BatchReport) -> dict[str, int]:
    """Count the messages of forgotten people by subject."""
    kept_out, counts = set(report.outcome.kept_out), dict.fromkeys((*SUBJECTS, OTHER), 0)
    for message in report.messages:
        if message.sequence in kept_out:
            counts[message.subject if message.subject in SUBJECTS else OTHER] += 1
    return {subject: count for subject, count in counts.items() if count}
