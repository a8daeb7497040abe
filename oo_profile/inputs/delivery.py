"""How simulated signals arrive: most at once, some late, some twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oo_profile.inputs.local_days import DAY_MS

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

MINUTE_MS = 60_000
LATENESS_MS = (MINUTE_MS, 3 * DAY_MS)
"""Between a minute and three days, every order of magnitude as likely as another."""

REPEATED_AFTER_MS = (1_000, DAY_MS)


@dataclass(frozen=True, slots=True)
class Deliveries:
    """The arrivals of one person's signals.

    Attributes:
        rows: Which of his events arrives; one that arrives twice is there twice.
        arrivals_ms: When, in milliseconds since the epoch.
        duplicates: How many arrivals are the second of their event.
        late: How many events arrive first well after they happened.
    """

    rows: NDArray[np.int64]
    arrivals_ms: NDArray[np.int64]
    duplicates: int
    late: int


def draw_deliveries(
    at_ms: NDArray[np.int64], duplicates: float, disorder: float, random: Generator
) -> Deliveries:
    """Draw when each event arrives.

    Args:
        at_ms: Event times, in milliseconds since the epoch.
        duplicates: Share of all arrivals that are the second copy of an event, below 0.5.
        disorder: Share of the events that arrive late.
        random: The person's own source of chance.
    """
    count = len(at_ms)
    is_late = random.random(count) < disorder
    first = at_ms + np.where(is_late, _between(LATENESS_MS, count, random), 0)
    # A share of the arrivals: n events and k copies give k / (n + k).
    is_repeated = random.random(count) < duplicates / (1 - duplicates)
    second = first + _between(REPEATED_AFTER_MS, count, random)
    return Deliveries(
        rows=np.concatenate([np.arange(count), np.flatnonzero(is_repeated)]),
        arrivals_ms=np.concatenate([first, second[is_repeated]]),
        duplicates=int(is_repeated.sum()),
        late=int(is_late.sum()),
    )


def _between(bounds: tuple[int, int], count: int, random: Generator) -> NDArray[np.int64]:
    low, high = np.log(bounds[0]), np.log(bounds[1])
    drawn: NDArray[np.int64] = np.exp(random.uniform(low, high, count)).astype(np.int64)
    return drawn
