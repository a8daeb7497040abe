"""How much comes: against the same hours of the weeks before, and against the other sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from oo_admin.quality.checks.sources import SUBJECTS_OF, lasting, percent
from oo_admin.quality.checks.window import too_few, too_many
from oo_admin.quality.finding import Cause, Finding, Severity
from oo_transforms.syncs import SOURCE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oo_admin.quality.checks.window import Window
    from oo_admin.quality.config import QualityConfig
    from oo_admin.quality.history import History

STOPPED_BELOW: Final = 0.1
"""Share of the usual below which a source counts as stopped, not as having less."""

SURGE: Final = 3.0
LEAST_SURGE: Final = 30
"""One person's busy hour is that much."""

PARTLY_SIGMAS: Final = 5.0
LEAST_LOSS: Final = 0.07
PARTLY_WINDOWS: Final = 8
LEAST_USED: Final = 20
"""Signals that a source has sent when it counts as in use."""


def check_volume(window: Window) -> Iterator[Finding]:
    """Find sources that have stopped, or of which three times the usual comes."""
    totals = _now(window, list(SUBJECTS_OF))
    usual = _usual(window, list(SUBJECTS_OF))
    if len(usual) < 2:  # noqa: PLR2004 - one week is no habit
        return
    if too_few(window, totals, usual) and totals < STOPPED_BELOW * float(np.median(usual)):
        yield Finding(
            Cause.ALL_STOPPED,
            "",
            f"{totals:,} signals came in the last {lasting(window.hours)}, of all sources "
            f"together; {np.median(usual):,.0f} are usual at these hours",
            Severity.CRITICAL,
        )
        return
    for source in SUBJECTS_OF:
        yield from _of_source(window, source)


def _of_source(window: Window, source: str) -> Iterator[Finding]:
    count, usual = _now(window, [source]), _usual(window, [source])
    expected = float(np.median(usual))
    subjects = SUBJECTS_OF[source]
    seen = (
        f"{count:,} signals of {source} came in the last {lasting(window.hours)}, "
        f"{expected:,.0f} are usual at these hours"
    )
    if count < STOPPED_BELOW * expected and too_few(window, count, usual):
        yield Finding(Cause.SOURCE_STOPPED, source, seen, Severity.CRITICAL, source, subjects)
    elif count > SURGE * expected + LEAST_SURGE and too_many(window, count, usual):
        yield Finding(Cause.SURGE, source, seen, Severity.WARNING, source, subjects)
    if count < STOPPED_BELOW * expected:
        return
    for subject in subjects:
        number = window.history.sum("stored", subject, window.start, window.end)
        before = window.same_hours("stored", subject)
        if number < STOPPED_BELOW * float(np.median(before)) and too_few(window, number, before):
            yield Finding(
                Cause.SOURCE_STOPPED,
                subject,
                f"{number:,} signals {subject} came in the last {lasting(window.hours)}, "
                f"{np.median(before):,.0f} are usual at these hours, while others of {source} come",
                Severity.CRITICAL,
                source,
                (subject,),
            )


def check_parts(window: Window) -> Iterator[Finding]:
    """Find sources whose part of all signals has fallen, as when some users' are missing.

    It is held against the parts in stretches of the same length before: days that are good or bad
    for everybody cancel out, which the numbers themselves would not let through.
    """
    length = window.end - window.start
    ends = range(window.start, max(window.history.first, window.reference_start) + length, -length)
    for source in SUBJECTS_OF:
        parts = [_part(window, source, end - length, end) for end in ends]
        known = np.array([part for part in parts if part is not None])
        now = _part(window, source, window.start, window.end)
        if now is None or len(known) < PARTLY_WINDOWS:
            continue
        usual, total = float(known.mean()), _now(window, list(SUBJECTS_OF))
        chance = np.sqrt(usual * (1 - usual) / total)
        noise = max(float(known.std(ddof=1)), float(chance))
        if now < usual * (1 - LEAST_LOSS) and now < usual - PARTLY_SIGMAS * noise:
            # As a part of the others: of all signals its own loss is a part.
            loss = 1 - (now / (1 - now)) / (usual / (1 - usual))
            yield Finding(
                Cause.SOURCE_PARTLY_STOPPED,
                source,
                f"{percent(loss)} of what usually comes of {source}, beside the other sources, "
                f"was missing in the last {lasting(window.hours)}",
                Severity.WARNING,
                source,
                SUBJECTS_OF[source],
            )


def check_silence(history: History, end: int, config: QualityConfig) -> Iterator[Finding]:
    """Find sources of which nothing came for longer than is declared, with no need of habits."""
    for source, view in SOURCE_VIEWS.items():
        if view.expects is None:
            continue
        start = end - config.periods(view.expects.silence)
        counts = [history.sum("stored", s, start, end) for s in view.subjects]
        before = [history.sum("stored", s, history.first, start) for s in view.subjects]
        if not sum(counts) and sum(before) >= LEAST_USED:
            hours = view.expects.silence.total_seconds() / 3600
            text = f"no signal of {source} came in the last {lasting(hours)}, of anybody"
            severity = Severity.CRITICAL
            yield Finding(Cause.SOURCE_STOPPED, source, text, severity, source, SUBJECTS_OF[source])


def _part(window: Window, source: str, start: int, end: int) -> float | None:
    counts = window.history.sums("stored", start, end)
    total = sum(counts.values())
    if total < window.config.least_sample:
        return None
    return sum(counts.get(subject, 0) for subject in SUBJECTS_OF[source]) / total


def _now(window: Window, sources: list[str]) -> int:
    counts = window.history.sums("stored", window.start, window.end)
    return sum(counts.get(subject, 0) for source in sources for subject in SUBJECTS_OF[source])


def _usual(window: Window, sources: list[str]) -> list[int]:
    series = [
        window.same_hours("stored", subject)
        for source in sources
        for subject in SUBJECTS_OF[source]
    ]
    return [sum(week) for week in zip(*series, strict=True)]
