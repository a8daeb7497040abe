"""What a builder is observed with: its status, its metrics and the watch around it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from oo_profile.building.observer import BuilderObserver
from oo_profile.insight.metrics import Metrics
from oo_profile.insight.status import Status
from oo_profile.insight.watch import Watch, WatchConfig

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Callable

    from oo_profile.building.observer import BatchReport, Part, Surroundings


class Insight(BuilderObserver):
    """Keeps status and metrics of one builder.

    Args:
        wall_clock: The present, microseconds since the epoch.
        clock: Seconds that never go back.
        config: How often to look around.

    Attributes:
        status: What is known at the moment.
        metrics: What was counted.
    """

    def __init__(
        self,
        wall_clock: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
        config: WatchConfig | None = None,
    ) -> None:
        self.status = Status(clock)
        self.metrics = Metrics(self.status, wall_clock)
        self._config = config or WatchConfig()

    def watching(self, surroundings: Surroundings) -> contextlib.AbstractAsyncContextManager[None]:
        """Watch what the builder works with."""
        return Watch(self.status, surroundings, self._config).running()

    def on_turn(self) -> None:
        """Take note that the builder is alive."""
        self.status.turned_at = self.status.clock()

    def on_batch(self, report: BatchReport) -> None:
        """Count a batch."""
        self.metrics.add(report)

    def on_waiting(self, part: Part, reason: str) -> None:
        """Take note of an outage."""
        self.status.begin_waiting(part, reason)

    def on_resumed(self, part: Part) -> None:
        """Take note of its end."""
        self.status.end_waiting(part)
