"""How features are distributed, now and a month ago: Feast's metrics of the logged samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from feast.monitoring.monitoring_service import MonitoringService

from oo_admin.quality.logged.sample_log import BACK_US, NEAR_US
from oo_admin.quality.noise import population_stability, stability_noise
from oo_admin.quality.running import quality_file
from oo_admin.quality.store import opened
from oo_admin.reading.histogram import common_bins
from oo_transforms.clock import from_micros

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from oo_admin.quality.facts import LoggedPoint
    from oo_admin.reading.reader import Reader
    from oo_profile.reports.catalogue import Entry

    Metrics = Mapping[str, Any]

LEAST_SHIFT: Final = 0.25
SIGMAS: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """The share of users whose value lies somewhere.

    Attributes:
        label: Where.
        now: The share now.
        then: The share a month ago; null: no sample is of then.
    """

    label: str
    now: float
    then: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How a feature was distributed over a logged sample of users.

    Attributes:
        at_us: The instant that their profiles are of, microseconds.
        users: How many users.
        null: The share whose value is null: withheld.
        expired: The share whose state is past its TTL; null: it rests on several states.
        never_seen: The share that never had the state; null: it rests on several states.
        mean: Of the values; null: they are no numbers.
        median: The same.
        p95: What 95 of 100 values are at most; null: they are no numbers.
    """

    at_us: int
    users: int
    null: float
    expired: float | None
    never_seen: float | None
    mean: float | None
    median: float | None
    p95: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """How a feature is distributed, as it is served: where nothing is known, without evidence.

    Attributes:
        feature: Its name.
        unit: Unit of its value.
        now: In the newest sample.
        then: In the sample of about a month before it; null: there is none.
        bins: Where the values lie; those of Feast's two histograms, apportioned to common bins.
        index: The population stability index of the two; null: there is one alone.
        shifted: Whether the index is 0.25 above what chance makes of samples of this size.
    """

    feature: str
    unit: str
    now: Spread
    then: Spread | None
    bins: tuple[Bin, ...]
    index: float | None
    shifted: bool


class Distributions:
    """Reads how features are distributed.

    Args:
        reader: The store's data.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._monitoring = MonitoringService(reader.store)

    def of(self, entry: Entry, now_us: int) -> Distribution | None:
        """Tell of a feature; None: no profile holds it, or no sample was logged yet."""
        return next(self._told([entry], now_us), None)

    def all(self, now_us: int) -> tuple[Distribution, ...]:
        """Tell of all features of a profile: first those that shifted, then by name."""
        found = self._told(list(self._reader.catalogue.features), now_us)
        return tuple(sorted(found, key=lambda one: (not one.shifted, one.feature)))

    def _told(self, entries: list[Entry], now_us: int) -> Iterator[Distribution]:
        held = [entry for entry in entries if entry.name in self._reader.profile_features]
        now, then = self._points(now_us) if held else (None, None)
        if now is None:
            return
        only = held[0] if len(held) == 1 else None
        metrics, before = self._metrics(now, only), self._metrics(then, only)
        for entry in held:
            if entry.name in metrics:
                yield _distribution(
                    entry, (now, metrics[entry.name]), (then, before.get(entry.name))
                )

    def _points(self, now_us: int) -> tuple[LoggedPoint | None, LoggedPoint | None]:
        """Return the newest sample, and the one nearest to a month before it."""
        path = quality_file(self._reader.settings)
        if not path.exists():
            return None, None
        with opened(path) as store:
            points = store.logged(0, now_us)
        if not points:
            return None, None
        then_us = points[-1].at_us - BACK_US
        near = [point for point in points if abs(point.at_us - then_us) <= NEAR_US]
        then = min(near, key=lambda point: abs(point.at_us - then_us), default=None)
        return points[-1], then

    def _metrics(self, point: LoggedPoint | None, only: Entry | None) -> dict[str, Metrics]:
        """Return the metrics of a sample by feature: of one, or of all of the profile."""
        if point is None:
            return {}
        day = from_micros(point.at_us).date()
        rows = self._monitoring.get_feature_metrics(
            self._reader.store.project,
            feature_view_name=only.group if only else None,
            feature_name=only.name if only else None,
            granularity="daily",
            data_source_type="log",
            start_date=day,
            end_date=day,
        )
        return {row["feature_name"]: row for row in rows if row["row_count"]}


def _distribution(
    entry: Entry, now: tuple[LoggedPoint, Metrics], then: tuple[LoggedPoint | None, Metrics | None]
) -> Distribution:
    point, metrics = now
    past, before = then
    known = None if past is None or before is None else _spread(entry, past, before)
    counts = common_bins(metrics, before if known else None, entry)
    here = {place: round(number) for place, (_, number, _) in enumerate(counts)}
    there = {place: round(number) for place, (_, _, number) in enumerate(counts)}
    index = population_stability(here, there) if known else None
    size, size_then = max(sum(here.values()), 1), max(sum(there.values()), 1)
    noise = stability_noise(size, size_then, len(counts), SIGMAS)
    return Distribution(
        feature=entry.name,
        unit=entry.unit,
        now=_spread(entry, point, metrics),
        then=known,
        bins=tuple(
            Bin(label=name, now=a / size, then=b / size_then if known else None)
            for name, a, b in counts
        ),
        index=index,
        shifted=index is not None and index > LEAST_SHIFT + noise,
    )


def _spread(entry: Entry, point: LoggedPoint, metrics: Metrics) -> Spread:
    only = point.views.get(entry.views[0].name) if len(entry.views) == 1 else None
    return Spread(
        at_us=point.at_us,
        users=metrics["row_count"],
        null=metrics["null_rate"],
        expired=None if only is None else only.expired / point.users,
        never_seen=None if only is None else only.never / point.users,
        mean=metrics["mean"],
        median=metrics["p50"],
        p95=metrics["p95"],
    )
