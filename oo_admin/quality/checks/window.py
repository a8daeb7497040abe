"""A stretch of the past that is looked at, and the past before it that it is held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oo_admin.quality.noise import dispersion, lower_tail, upper_tail

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oo_admin.quality.config import QualityConfig
    from oo_admin.quality.history import History


@dataclass(frozen=True, slots=True)
class Window:
    """Periods from `start` to before `end`.

    Attributes:
        history: The counts.
        config: The knobs.
        start: First period.
        end: Period after the last.
    """

    history: History
    config: QualityConfig
    start: int
    end: int

    @property
    def hours(self) -> float:
        """Its length."""
        return (self.end - self.start) * self.config.period_minutes / 60

    @property
    def reference_start(self) -> int:
        """First period of the past that it is held against."""
        return max(self.start - self.config.periods(self.config.reference), self.history.first)

    def now(self, group: str) -> Mapping[str, int]:
        """Return a group's counts within the window, by leaf."""
        return self.history.sums(group, self.start, self.end)

    def before(self, group: str) -> Mapping[str, int]:
        """Return a group's counts in the past before it, by leaf."""
        return self.history.sums(group, self.reference_start, self.start)

    def same_hours(self, group: str, leaf: str) -> list[int]:
        """Return a series' sums in the same hours of the weeks before, newest first."""
        week = 7 * 24 * 60 // self.config.period_minutes
        history, sums = self.history, []
        for back in range(week, (self.config.weeks + 1) * week, week):
            if self.start - back < history.first:
                break
            sums.append(history.sum(group, leaf, self.start - back, self.end - back))
        return sums


@dataclass(frozen=True, slots=True)
class Excess:
    """A share that is above what it was.

    Attributes:
        share: Now, 0 to 1.
        usual: Before.
        count: What it is a share of: the numerator now.
    """

    share: float
    usual: float
    count: int


def excess(
    window: Window, now: tuple[int, int], before: tuple[int, int], least: float, factor: float = 1.5
) -> Excess | None:
    """Say whether a share has risen by more than chance.

    Args:
        window: For its knobs.
        now: How many of how many.
        before: The same of the past.
        least: Share by which it must have risen.
        factor: How many times the usual it must be.
    """
    count, of = now
    if not of or count < 5:  # noqa: PLR2004 - four are nothing to wake anybody for
        return None
    # As if there had been a little before: what never happened is still no impossibility.
    usual = (before[0] + 0.5) / (before[1] + 100)
    share = count / of
    if share < usual + least or share < factor * usual:
        return None
    if upper_tail(count, of * usual, window.config.share_phi) > window.config.alpha:
        return None
    return Excess(share, usual, count)


def too_few(window: Window, count: int, usual: list[int]) -> bool:
    """Say whether a count is below those of the weeks before by more than chance."""
    mean = _middle(usual)
    phi = dispersion(usual, window.config.phi)
    return lower_tail(count, mean, phi) < window.config.alpha


def too_many(window: Window, count: int, usual: list[int]) -> bool:
    """Say whether a count is above those of the weeks before by more than chance."""
    mean = _middle(usual)
    phi = dispersion(usual, window.config.phi)
    return upper_tail(count, mean, phi) < window.config.alpha


def _middle(counts: list[int]) -> float:
    """Return the median: a week with a holiday, or an incident, must not count."""
    ordered, half = sorted(counts), len(counts) // 2
    if len(counts) % 2:
        return float(ordered[half])
    return (ordered[half - 1] + ordered[half]) / 2 if counts else 0.0
