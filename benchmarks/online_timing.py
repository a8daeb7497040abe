"""Time calls side by side, in turns, so that a noisy machine disturbs all of them alike."""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

WARM_UP_SHARE = 10
"""One of so many rounds is added as a warm-up in front."""

WIDTH = 50


@dataclass(frozen=True, slots=True)
class Times:
    """Durations of one call.

    Args:
        p10: 10th percentile, milliseconds: nearly undisturbed by other load.
        p50: Median, milliseconds.
        p99: 99th percentile, milliseconds.
    """

    p10: float
    p50: float
    p99: float

    @classmethod
    def of(cls, durations: Sequence[float]) -> Times:
        """Summarise durations in milliseconds."""
        cuts = statistics.quantiles(durations, n=100)
        return cls(cuts[9], cuts[49], cuts[98])

    def __str__(self) -> str:
        return f"p10 {self.p10:7.3f} ms, p50 {self.p50:7.3f} ms, p99 {self.p99:7.3f} ms"


def in_turns(calls: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Times]:
    """Time calls in turns: one of each a round, another first in each.

    Args:
        calls: By name.
        rounds: How often each is called, the warm-up not counted.
    """
    names = list(calls)
    durations: dict[str, list[float]] = {name: [] for name in names}
    gc.collect()
    warm_up = max(rounds // WARM_UP_SHARE, 1)
    for number in range(-warm_up, rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            call = calls[name]
            began = time.perf_counter()
            call()
            taken = time.perf_counter() - began
            if number >= 0:
                durations[name].append(taken * 1e3)
    return {name: Times.of(found) for name, found in durations.items()}


def show_times(title: str, times: Mapping[str, Times]) -> None:
    """Print a case and how long each call took."""
    print(f"{title}:")
    for name, found in times.items():
        print(f"  {name:30} {found}")


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked of a figure.

    Args:
        bound: The figure that is still good.
        least: Whether larger is better.
    """

    bound: float
    least: bool

    def __str__(self) -> str:
        return f"at {'least' if self.least else 'most'} {self.bound:g}"

    def judge(self, figure: float) -> str:
        """Say whether a figure reaches it."""
        good = figure >= self.bound if self.least else figure <= self.bound
        return "met" if good else "MISSED"


def at_most(bound: float) -> Target:
    """Ask for a figure of at most this."""
    return Target(bound, least=False)


def at_least(bound: float) -> Target:
    """Ask for a figure of at least this."""
    return Target(bound, least=True)


def show(what: str, figure: float, target: Target) -> None:
    """Print a figure beside what is asked of it."""
    print(f"  {what:{WIDTH}} {figure:8.2f}   {target!s:14} {target.judge(figure)}")
