"""All checks at one moment, and the findings that explain others."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from oo_admin.quality.checks import features, shares, state, values, volume
from oo_admin.quality.checks.window import Window
from oo_admin.quality.finding import Cause, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from oo_admin.quality.config import QualityConfig
    from oo_admin.quality.facts import Facts, FeatureSample, ViewFreshness
    from oo_admin.quality.history import History

PARTS_WINDOW: Final = timedelta(hours=72)

_WINDOW_CHECKS: Final = (
    volume.check_volume,
    shares.check_rejected,
    shares.check_duplicates,
    shares.check_delays,
    shares.check_offsets,
    shares.check_missing,
    shares.check_people,
    values.check_numbers,
    values.check_names,
)

_GONE: Final = frozenset({Cause.SOURCE_STOPPED, Cause.SOURCE_PARTLY_STOPPED, Cause.STALE})
_REFUSED: Final = frozenset({Cause.CLOCK_AHEAD, Cause.FIELD_RENAMED, Cause.REJECTED})
_EXPLAINS: Final[Mapping[Cause, frozenset[Cause]]] = {
    Cause.BUILDER_STOPPED: frozenset(Cause) - {Cause.BUILDER_STOPPED},
    Cause.ALL_STOPPED: _GONE | {Cause.NAME_VANISHED, Cause.FEATURE_SHIFTED},
    Cause.IDS_CHANGED: frozenset(
        {Cause.STALE, Cause.FEATURE_SHIFTED, Cause.SOURCE_PARTLY_STOPPED, Cause.SURGE}
    ),
    Cause.FLOOD: frozenset(
        {
            Cause.SURGE,
            Cause.VALUES_SHIFTED,
            Cause.CONSTANT,
            Cause.SOURCE_PARTLY_STOPPED,
            Cause.VALUES_MISSING,
            Cause.OFFSETS_LOST,
            Cause.FEATURE_SHIFTED,
        }
    ),
    Cause.OFFSETS_LOST: frozenset({Cause.FEATURE_SHIFTED}),
}
"""What each of these explains wherever it is found."""

_MOVES_FEATURES: Final = frozenset({Cause.FEATURE_SHIFTED})
_EXPLAINS_IN_SOURCE: Final[Mapping[Cause, frozenset[Cause]]] = {
    **dict.fromkeys(_REFUSED, _GONE | {Cause.REJECTED, Cause.FEATURE_SHIFTED}),
    Cause.SOURCE_STOPPED: _MOVES_FEATURES | {Cause.STALE, Cause.SOURCE_PARTLY_STOPPED},
    Cause.SOURCE_PARTLY_STOPPED: _MOVES_FEATURES | {Cause.STALE},
    Cause.UNIT_CHANGED: _MOVES_FEATURES | {Cause.VALUES_SHIFTED},
    Cause.DELAYED: _MOVES_FEATURES | {Cause.STALE, Cause.SOURCE_PARTLY_STOPPED},
    Cause.SURGE: _MOVES_FEATURES | {Cause.SOURCE_PARTLY_STOPPED},
    **dict.fromkeys(
        (
            Cause.STALE,
            Cause.CONSTANT,
            Cause.VALUES_SHIFTED,
            Cause.VALUES_MISSING,
            Cause.NAME_RENAMED,
            Cause.NAME_VANISHED,
        ),
        _MOVES_FEATURES,
    ),
}
"""What each of these explains in its own source; a part of it is what all parts are of."""

_SHIFTS_PARTS: Final = frozenset({Cause.SURGE, Cause.SOURCE_STOPPED, *_REFUSED})
"""Where one source sends much more or much less, every other source's part changes."""


@dataclass(frozen=True, slots=True)
class Grouped:
    """A finding with those that it explains.

    Attributes:
        finding: The cause of all.
        explained: The others.
    """

    finding: Finding
    explained: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual of things that are seen and not counted.

    Attributes:
        freshness: By view.
        features: As they were four weeks ago, by name.
        earlier_features: As they were eight weeks ago.
        expected: The declared share of fresh users, by view.
    """

    freshness: Mapping[str, ViewFreshness] = field(default_factory=dict)
    features: Mapping[str, FeatureSample] = field(default_factory=dict)
    earlier_features: Mapping[str, FeatureSample] = field(default_factory=dict)
    expected: Mapping[str, float] = field(default_factory=dict)


def evaluate(  # noqa: PLR0913, PLR0917 - all that is known at a moment
    history: History, end: int, facts: Facts, usual: Usual, config: QualityConfig, now_us: int
) -> list[Grouped]:
    """Run every check at a moment and group what they find.

    Args:
        history: Counts by period.
        end: The period after the last one that is over and that the builder has passed.
        facts: What is seen.
        usual: What is usual of that.
        config: The knobs.
        now_us: The moment, microseconds.
    """
    found = {finding.key: finding for finding in state.check_builder(facts, config, now_us)}
    for checked in (
        state.check_online(facts),
        state.check_flood(facts, config),
        state.check_freshness(facts, usual.freshness, usual.expected),
        features.check_ranges(facts.features),
        features.check_shifts(facts.features, usual.features, usual.earlier_features),
        _check_windows(history, end, config),
        volume.check_silence(history, end, config),
    ):
        for finding in checked:
            found.setdefault(finding.key, finding)
    return grouped(found.values())


def _check_windows(history: History, end: int, config: QualityConfig) -> Iterator[Finding]:
    if end - history.first < config.periods(config.warm_up):
        return
    for length in config.windows:
        window = Window(history, config, end - config.periods(length), end)
        for check in _WINDOW_CHECKS:
            yield from check(window)
    yield from volume.check_parts(Window(history, config, end - config.periods(PARTS_WINDOW), end))


def grouped(findings: Iterable[Finding]) -> list[Grouped]:
    """Put what one cause explains under it: one alert for one cause.

    What explains is looked for in a fixed order, and what is explained explains nothing itself.
    """
    left = list(findings)
    groups = []
    for place in range(len(left)):
        finding = left[place]
        if any(explains(other, finding) for other in left if other is not finding):
            continue
        mine = tuple(other for other in left if other is not finding and explains(finding, other))
        groups.append(Grouped(finding, mine))
    return groups


def explains(cause: Finding, finding: Finding) -> bool:
    """Say whether one finding is enough to explain another."""
    if finding.cause in _EXPLAINS.get(cause.cause, ()):
        return True
    shifts = cause.cause in _SHIFTS_PARTS and finding.cause is Cause.SOURCE_PARTLY_STOPPED
    if shifts and cause.source != finding.source:
        return True
    if not cause.source or cause.source != finding.source:
        return False
    if cause.cause is finding.cause:
        # A whole source explains its subjects.
        return cause.about == cause.source != finding.about
    return finding.cause in _EXPLAINS_IN_SOURCE.get(cause.cause, ())
