"""What is usual of things that are seen now and then: summed over the same hours of past weeks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oo_admin.quality.facts import ViewFreshness

if TYPE_CHECKING:
    from collections.abc import Iterable

HOUR_US: Final = 3_600_000_000
WEEK_US: Final = 7 * 24 * HOUR_US
WEEKS: Final = 4
LEAST_WEEKS: Final = 4


@dataclass(frozen=True, slots=True)
class FreshnessPoint:
    """How fresh the views were at a moment, microseconds."""

    at_us: int
    views: tuple[ViewFreshness, ...]


def usual_freshness(points: Iterable[FreshnessPoint], now_us: int) -> dict[str, ViewFreshness]:
    """Add up how fresh each view was at this hour of the week, in the four weeks before.

    A view that was not seen at it in all four is left out.
    """
    sums: dict[str, ViewFreshness] = {}
    times: dict[str, int] = {}
    for point in points:
        weeks, rest = divmod(now_us - point.at_us + HOUR_US // 2, WEEK_US)
        if not 1 <= weeks <= WEEKS or rest >= HOUR_US:
            continue
        for view in point.views:
            sums[view.view] = _sum(sums[view.view], view) if view.view in sums else view
            times[view.view] = times.get(view.view, 0) + 1
    return {name: view for name, view in sums.items() if times[name] >= LEAST_WEEKS}


def _sum(one: ViewFreshness, other: ViewFreshness) -> ViewFreshness:
    oldest = [at for at in (one.oldest_us, other.oldest_us) if at is not None]
    return ViewFreshness(
        one.view,
        one.source,
        one.fresh + other.fresh,
        one.stale + other.stale,
        one.expired + other.expired,
        min(oldest, default=None),
    )
