"""The knobs of the quality checks: windows, bounds, and how long something must last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class QualityConfig:
    """What the checks go by.

    Attributes:
        period_minutes: Minutes are added up to periods of so many; divides a day.
        windows: Lengths of the stretches that are looked at, shortest first; a check uses the
            first that holds enough.
        reference: How much of the past, before the window, is held against it.
        warm_up: How much past a check needs before it says anything.
        weeks: Same hours of so many weeks before are what volume is held against.
        alpha: The chance below which a count is no chance.
        phi: The least dispersion of counts, see `noise`: 0.03 is days that vary by 17 %.
        share_phi: The same of shares, in which what is the same for all cancels out.
        least_sample: Fewer values than this are not judged.
        shift: The least population stability index that is worth a word.
        design: How much less people's signals say than independent ones, since one person's are
            alike; the noise of a distribution is multiplied by it.
        fire_after: How long something must be found before it is an alert that fires.
        clear_after: How long it must not be found before the alert is resolved.
        flood: Signals of one user within an hour.
        stuck_after: How long messages may wait while the builder handles none.
        waiting: Messages that may wait while it handles some.
    """

    period_minutes: int = 10
    windows: tuple[timedelta, ...] = (HOUR, 6 * HOUR, 24 * HOUR)
    reference: timedelta = timedelta(days=28)
    warm_up: timedelta = timedelta(days=15)
    weeks: int = 6
    alpha: float = 1e-7
    phi: float = 0.03
    share_phi: float = 0.005
    least_sample: int = 50
    shift: float = 0.25
    design: float = 4.0
    fire_after: timedelta = timedelta(0)
    clear_after: timedelta = 2 * HOUR
    flood: int = 300
    stuck_after: timedelta = timedelta(minutes=10)
    waiting: int = 100_000

    def periods(self, duration: timedelta) -> int:
        """Return how many periods a duration has, at least one."""
        return max(round(duration / timedelta(minutes=self.period_minutes)), 1)
