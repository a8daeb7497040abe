"""What signals say: numbers whose distribution shifts, names that come and go."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final

from oo_admin.quality.checks.sources import SOURCE_OF, lasting, percent
from oo_admin.quality.finding import Cause, Finding, Severity
from oo_admin.quality.noise import lower_tail, population_stability, stability_noise
from oo_profile.building.tally import BINS_PER_OCTAVE, ZERO_BIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from oo_admin.quality.checks.window import Window

CONSTANT_SHARE: Final = 0.97
UNIT_FACTORS: Final[Mapping[float, str]] = {
    60: "seconds where there were minutes",
    1 / 60: "minutes where there were seconds",
    3600: "seconds where there were hours",
    1 / 3600: "hours where there were seconds",
    1000: "thousandths where there were whole units",
    1 / 1000: "whole units where there were thousandths",
    100: "percent where there were shares",
    1 / 100: "shares where there were percent",
}
"""By how much a number grows if its unit changes so."""

UNIT_TOLERANCE: Final = 1.3
MOST_BINS: Final = 12
LEAST_NEW: Final = 0.02


def check_numbers(window: Window) -> Iterator[Finding]:
    """Find numbers whose distribution is another than in the weeks before."""
    config = window.config
    for group in window.history.groups("value"):
        now, before = window.now(group), window.before(group)
        size, past = sum(now.values()), sum(before.values())
        if size < config.least_sample or past < config.least_sample:
            continue
        coarse, coarse_before = _coarse(now, before)
        index = population_stability(coarse, coarse_before)
        noise = stability_noise(size, past, len(coarse_before), 5.0)
        if index > config.shift + config.design * noise:
            yield _shifted(window, group, index)


def _shifted(window: Window, group: str, index: float) -> Finding:
    _, subject, field = group.split("|")
    now, before = window.now(group), window.before(group)
    factor = 2 ** ((_mean(now) - _mean(before)) / BINS_PER_OCTAVE)
    top, before_top = max(now, key=now.__getitem__), max(before, key=before.__getitem__)
    share = now[top] / sum(now.values())
    constant = share > CONSTANT_SHARE and before[before_top] / sum(before.values()) < CONSTANT_SHARE
    unit = "" if constant else _unit(factor)
    cause = Cause.VALUES_SHIFTED
    text = f"{field} of {subject} is about {factor:.2g} times what it was"
    if constant:
        cause = Cause.CONSTANT
        low, high = bin_label(top), bin_label(str(int(top) + 1))
        text = f"{percent(share)} of {field} of {subject} are one value, from {low} to {high}"
    elif unit:
        cause, text = Cause.UNIT_CHANGED, f"{text}, as {unit}"
    return Finding(
        cause,
        f"{subject}:{field}",
        f"{text} (index {index:.2f}, in the last {lasting(window.hours)})",
        Severity.CRITICAL if unit else Severity.WARNING,
        SOURCE_OF.get(subject, ""),
        (subject,),
    )


def _unit(factor: float) -> str:
    for known, what in UNIT_FACTORS.items():
        if 1 / UNIT_TOLERANCE < factor / known < UNIT_TOLERANCE:
            return what
    return ""


def _mean(counts: Mapping[str, int]) -> float:
    given = {int(leaf): n for leaf, n in counts.items() if int(leaf) != ZERO_BIN}
    return sum(place * n for place, n in given.items()) / max(sum(given.values()), 1)


def _coarse(now: Mapping[str, int], before: Mapping[str, int]) -> tuple[Counter[int], Counter[int]]:
    """Put bins together so that the past has about as much in each, a dozen at most."""
    step, filled, place = sum(before.values()) / MOST_BINS, 0, 0
    home: dict[int, int] = {}
    for leaf in sorted({int(leaf) for leaf in (*now, *before)}):
        home[leaf] = place
        filled += before.get(str(leaf), 0)
        if filled >= step:
            place, filled = place + 1, 0
    totals: tuple[Counter[int], Counter[int]] = (Counter(), Counter())
    for total, counts in zip(totals, (now, before), strict=True):
        for name, number in counts.items():
            total[home[int(name)]] += number
    return totals


def check_names(window: Window) -> Iterator[Finding]:
    """Find names that are new, and names that no longer come; both at once are a renaming."""
    now, before, subjects = _by_field(window)
    for field, counts in now.items():
        size, past = sum(counts.values()), sum(before[field].values())
        if size < window.config.least_sample or past < 10 * window.config.least_sample:
            continue
        new = sorted(_new(counts, before[field], size))
        gone = sorted(_gone(window, counts, before[field], size / past))
        touched = tuple(sorted(subjects[field]))
        yield from _names(window, field, new, gone, touched)


def _names(
    window: Window, field: str, new: list[str], gone: list[str], subjects: tuple[str, ...]
) -> Iterator[Finding]:
    if not new and not gone:
        return
    came, went = ", ".join(map(repr, new)), ", ".join(map(repr, gone))
    within = f"in the last {lasting(window.hours)}"
    if new and gone:
        cause, text = Cause.NAME_RENAMED, f"{field} {went} no longer comes and {came} is new"
    elif new:
        cause, text = Cause.NAME_NEW, f"{field} {came} is new"
    else:
        cause, text = Cause.NAME_VANISHED, f"{field} {went} no longer comes"
    source = SOURCE_OF.get(subjects[0], "") if len(subjects) == 1 else ""
    severity = Severity.INFO if cause is Cause.NAME_NEW else Severity.WARNING
    yield Finding(cause, field, f"{text}, {within}", severity, source, subjects)


def _new(counts: Mapping[str, int], before: Mapping[str, int], size: int) -> Iterator[str]:
    for name, number in counts.items():
        if not before.get(name) and number >= max(5, LEAST_NEW * size):
            yield name


def _gone(
    window: Window, counts: Mapping[str, int], before: Mapping[str, int], scale: float
) -> Iterator[str]:
    for name, number in before.items():
        few = lower_tail(counts.get(name, 0), number * scale, 3 * window.config.phi)
        if not counts.get(name) and few < window.config.alpha:
            yield name


def _by_field(
    window: Window,
) -> tuple[dict[str, Counter[str]], dict[str, Counter[str]], dict[str, set[str]]]:
    now: dict[str, Counter[str]] = {}
    before: dict[str, Counter[str]] = {}
    subjects: dict[str, set[str]] = {}
    for group in window.history.groups("category"):
        _, subject, field = group.split("|")
        now.setdefault(field, Counter()).update(window.now(group))
        before.setdefault(field, Counter()).update(window.before(group))
        subjects.setdefault(field, set()).add(subject)
    return now, before, subjects


def bin_label(leaf: str) -> str:
    """Write the least value of a bin.

    >>> bin_label("0"), bin_label("23"), bin_label("-99")
    ('1', '53.8', '0')
    """
    place = int(leaf)
    return "0" if place == ZERO_BIN else f"{math.pow(2, place / BINS_PER_OCTAVE):.3g}"
