"""What Prometheus is told.

Importing Feast puts `prometheus_client` into its mode for many processes, in which values belong to
the process and not to a registry: two services in one process, as tests have them, add theirs up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from ml_serving.spool import Spool

PHASES: Final = ("decode", "read", "rank", "log", "encode")
"""What a ranking goes through, in this order."""

_SECONDS: Final = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.125, 0.25, 0.5, 1.0)


class Metrics:
    """The metrics of one service, in a registry of their own.

    Args:
        spool: Whose size is told.
    """

    def __init__(self, spool: Spool) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "ml_serving_requests",
            "Requests by path and status",
            ["path", "status"],
            registry=self._registry,
        )
        self.seconds = Histogram(
            "ml_serving_request_seconds",
            "Time from a request's body to its answer, by path",
            ["path"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        phases = Histogram(
            "ml_serving_phase_seconds",
            f"Where the time of a ranking goes: {', '.join(PHASES)}",
            ["phase"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        # Looked up once: every request tells all of them.
        self.phases = {name: phases.labels(name) for name in PHASES}
        self.degraded = Counter(
            "ml_serving_degraded",
            "Answers by what they had to do without",
            ["step"],
            registry=self._registry,
        )
        self.signals = Counter(
            "ml_serving_signals",
            "Signals by subject and fate: published, spooled, lost",
            ["subject", "fate"],
            registry=self._registry,
        )
        self.resent = Counter(
            "ml_serving_resent_signals",
            "Signals that waited in the spool and are in the stream now",
            registry=self._registry,
        )
        self.expired = Counter(
            "ml_serving_expired_signals",
            "Signals that waited in the spool for too long, and were removed",
            registry=self._registry,
        )
        spooled = Gauge(
            "ml_serving_spooled_signals", "Signals that wait in the spool", registry=self._registry
        )
        spooled.set_function(lambda: len(spool))
        size = Gauge("ml_serving_spool_bytes", "Size of the spool", registry=self._registry)
        size.set_function(lambda: spool.size_bytes)
        self.stage = Gauge(
            "ml_serving_stage",
            "1 for the stage that the rollout is in",
            ["stage"],
            registry=self._registry,
        )

    def text(self) -> bytes:
        """Return all of them as Prometheus reads them."""
        return generate_latest(self._registry)
