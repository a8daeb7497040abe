"""Features out of their range, and features that are distributed otherwise than they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from oo_admin.quality.checks.sources import SUBJECTS_OF
from oo_admin.quality.finding import Cause, Finding, Severity
from oo_admin.quality.noise import population_stability, stability_noise
from oo_transforms.syncs import SOURCE_VIEWS
from oo_transforms.views import FEATURE_GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from oo_admin.quality.facts import FeatureSample

LEAST_USERS: Final = 30
LEAST_SHIFT: Final = 0.25
SIGMAS: Final = 5.0


def _source_of(reads: tuple[str, ...]) -> str:
    """Return the one source that a feature rests on, empty if there are several."""
    columns = {f.name: source for source, view in SOURCE_VIEWS.items() for f in view.fields()}
    found = {columns[name] for name in reads if name in columns}
    return found.pop() if len(found) == 1 else ""


SOURCES: Final[Mapping[str, str]] = {
    feature.name: _source_of(feature.reads)
    for group, _ in FEATURE_GROUPS
    for feature in group.features
}
"""The source of each feature that rests on one."""


def check_ranges(samples: tuple[FeatureSample, ...]) -> Iterator[Finding]:
    """Find features of which some users have a value out of the declared range."""
    for seen in samples:
        if seen.out_of_range:
            text = f"{seen.feature} is out of its range for {seen.out_of_range:,} of {seen.users:,}"
            yield Finding(
                Cause.OUT_OF_RANGE, seen.feature, f"{text} users", users=seen.out_of_range
            )


def check_shifts(
    samples: tuple[FeatureSample, ...],
    before: Mapping[str, FeatureSample],
    earlier: Mapping[str, FeatureSample],
) -> Iterator[Finding]:
    """Find features that have moved since four weeks more than in the four weeks before.

    What moves all the time, as sums do while a store fills, moves less and less; so it is held
    against how it moved before, and nothing is said until eight weeks are known. Features of one
    source shift by one cause: they are one finding.

    Args:
        samples: As seen.
        before: Of each feature, what was seen four weeks ago.
        earlier: What was seen eight weeks ago.
    """
    shifted: dict[str, dict[str, float]] = {}
    for seen in samples:
        index = _shift(seen, before.get(seen.feature), earlier.get(seen.feature))
        if index is not None:
            source = SOURCES.get(seen.feature, "")
            shifted.setdefault(source or f"{seen.feature}:", {})[seen.feature] = index
    for source, indexes in shifted.items():
        named = " and ".join(
            f"{name} (index {index:.2f})" for name, index in sorted(indexes.items())
        )
        be = "is" if len(indexes) == 1 else "are"
        known = source in SOURCE_VIEWS
        yield Finding(
            Cause.FEATURE_SHIFTED,
            SOURCE_VIEWS[source].name if known else source.rstrip(":"),
            f"{named} {be} distributed otherwise than four weeks ago",
            Severity.INFO,
            source if known else "",
            SUBJECTS_OF[source] if known else (),
        )


def _shift(
    seen: FeatureSample, before: FeatureSample | None, earlier: FeatureSample | None
) -> float | None:
    """Return a feature's index if it is no chance and no habit."""
    if before is None or earlier is None:
        return None
    if min(seen.users, before.users, earlier.users) < LEAST_USERS:
        return None
    now, then, at_first = (_counts(sample) for sample in (seen, before, earlier))
    index = population_stability(now, then)
    noise = stability_noise(seen.users, before.users, len(now.keys() | then.keys()), SIGMAS)
    habit = population_stability(then, at_first)
    return index if index > LEAST_SHIFT + noise + habit else None


def _counts(sample: FeatureSample) -> dict[str, int]:
    return {**sample.bins, "": sample.none}
