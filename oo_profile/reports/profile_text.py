"""A profile and the explanation of a feature as a person reads them in a terminal."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from oo_profile.reports.explain import amounts
from oo_profile.reports.profile_report import Freshness
from oo_profile.reports.text_table import UNBROKEN, aligned, natural_widths
from oo_profile.reports.words import duration_text, instant_text, number_text, value_text
from oo_transforms.clock import MICROSECOND
from oo_transforms.signals import SUBJECT_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from oo_profile.reports.additions import Addition
    from oo_profile.reports.explain import ColumnSum, Evidence, Explanation
    from oo_profile.reports.profile_report import FeatureReport, ProfileReport, StateAge

SHOWN = 20
"""Signals of an explanation that are listed one by one."""

HEADERS = ("feature", "value", "state age", "freshness", "expires")
_VALUE_WIDTH = 26
_ADDS_WIDTH = 40
_MINUTES = len("2026-01-01 00:00")


def profile_text(report: ProfileReport) -> str:
    """Write a profile: every feature in its group, with the state behind it."""
    sections = [
        (key, [_feature_row(report, feature) for feature in part])
        for key, part in groupby(report.features, key=_heading)
    ]
    widths = natural_widths([HEADERS, *(row for _, rows in sections for row in rows)])
    widths[1] = min(widths[1], _VALUE_WIDTH)
    lines = [*_title(report), "", *aligned([HEADERS, ["-" * size for size in widths]], widths)]
    for heading, rows in sections:
        lines += ["", heading, *aligned(rows, widths)]
    if any(feature.state.freshness is Freshness.EXPIRED for feature in report.features):
        lines += ["", "An expired state counts as none: its features have the value without it."]
    if any(feature.value is None for feature in report.features):
        lines += ["", "What is withheld is null for readers until its state counts again."]
    return "\n".join(lines)


def explanation_text(report: ProfileReport, explanation: Explanation) -> str:
    """Write why a feature has its value: the signals, heaviest first, and what they come to."""
    feature = explanation.feature
    entry, offset = feature.entry, report.utc_offset_minutes
    lines = [
        *_title(report),
        "",
        f"{entry.name}: {_value(feature, offset)}",
        f"{entry.description} ({entry.group})",
        _state_line(report, feature),
        "",
        *_evidence_lines(explanation),
        *_sum_lines(explanation, offset),
    ]
    return "\n".join(lines)


def _title(report: ProfileReport) -> list[str]:
    when = instant_text(report.now_us, report.utc_offset_minutes)
    clock = when[-len("+00:00") :]
    note = (
        f"Local clock {clock}, as the newest signal by then tells it."
        if report.has_signals
        else "There is no signal by then: values are those without evidence, the clock is UTC."
    )
    return [f"{report.user_id} at {when}", note]


def _heading(feature: FeatureReport) -> str:
    return f"{feature.entry.group}: {feature.entry.group_description}"


def _feature_row(report: ProfileReport, feature: FeatureReport) -> list[str]:
    state, offset = feature.state, report.utc_offset_minutes
    return [
        feature.entry.name,
        _value(feature, offset),
        _age(report, state) or "-",
        state.freshness,
        _expiry(state, offset),
    ]


def _value(feature: FeatureReport, offset: int) -> str:
    # Only what is withheld has no value: functions are total.
    return (
        "withheld"
        if feature.value is None
        else value_text(feature.value, feature.entry.unit, offset)
    )


def _age(report: ProfileReport, state: StateAge) -> str:
    if state.event_time_us is None:
        return ""
    return duration_text((report.now_us - state.event_time_us) * MICROSECOND)


def _expiry(state: StateAge, offset: int) -> str:
    if state.event_time_us is None:
        return "-"
    if state.expires_us is None:
        return "never"
    return instant_text(state.expires_us, offset)[:_MINUTES]


def _state_line(report: ProfileReport, feature: FeatureReport) -> str:
    state = feature.state
    without = "this is the value without evidence"
    if feature.value is None:
        without = "so the feature is withheld"
    if state.freshness is Freshness.NEVER:
        return f"{state.view} was never seen: {without}"
    age, expiry = _age(report, state), _expiry(state, report.utc_offset_minutes)
    if state.freshness is Freshness.EXPIRED:
        return (
            f"{state.view} is {age} old and expired at {expiry}: {without}, and what follows does "
            "not count"
        )
    return f"{state.view} is {age} old, fresh, expires: {expiry}"


def _evidence_lines(explanation: Explanation) -> list[str]:
    evidence = explanation.evidence
    if not evidence:
        return ["No signal by then stands behind it."]
    shown, rest = evidence[:SHOWN], evidence[SHOWN:]
    rows = [("event time (local)", "subject", "adds", "still weighs"), *map(_evidence_row, shown)]
    widths = natural_widths(rows)
    widths[2] = min(widths[2], _ADDS_WIDTH)
    lines = aligned(rows, widths)
    if rest:
        left = number_text(sum(one.left for one in rest))
        lines.append(f"and {len(rest):,} more, which still weigh {left} together")
    if explanation.replaced:
        lines.append(f"{explanation.replaced:,} more were replaced by a later one")
    return lines


def _evidence_row(one: Evidence) -> tuple[str, ...]:
    return (
        instant_text(one.event_time_us, one.utc_offset_minutes),
        one.subject.removeprefix(SUBJECT_PREFIX),
        ", ".join(map(_addition, one.additions)),
        number_text(one.left),
    )


def _addition(part: Addition) -> str:
    name = part.column if part.element is None else f"{part.column}[{part.element}]"
    if not part.is_kept:
        return f"{name}{UNBROKEN}{number_text(part.amount)}"
    # An instant that is kept is the signal's own, which stands beside it.
    return f"sets {name}" if name.endswith("_at") else f"sets {name} to {number_text(part.amount)}"


def _sum_lines(explanation: Explanation, offset: int) -> list[str]:
    sums = [column for column in explanation.columns if column.evidence is not None]
    if not sums:
        return []
    shown, rest = explanation.evidence[:SHOWN], explanation.evidence[SHOWN:]
    headers = ("state column", "listed", "more", "together", "in state", "")
    rows = [_sum_row(column, shown, rest, offset) for column in sums]
    agree = all(column.agrees for column in explanation.columns)
    verdict = "The weights do not add up to the state columns: history and log differ."
    if agree:
        verdict = "The weights add up to what the state columns hold."
    elif explanation.pruned:
        verdict = (
            f"What is missing is of signals that were pruned, {explanation.pruned:,} of this "
            "user: `oo verify` tells whether all is as it should be."
        )
    return ["", *aligned([headers, *rows]), "", verdict]


def _sum_row(
    column: ColumnSum, shown: Sequence[Evidence], rest: Sequence[Evidence], offset: int
) -> tuple[str, ...]:
    def told(value: float | None) -> str:
        if value is None:
            return "-"
        is_instant = column.is_kept and column.column.endswith("_at")
        return value_text(value, "Unix seconds", offset) if is_instant else number_text(value)

    return (
        column.column,
        told(_total(shown, column.column)),
        told(_total(rest, column.column)),
        told(column.evidence),
        told(column.state),
        "" if column.agrees else "DIFFERS",
    )


def _total(evidence: Iterable[Evidence], column: str) -> float | None:
    found = amounts(evidence, column)
    return sum(map(sum, found.values())) if found else None
