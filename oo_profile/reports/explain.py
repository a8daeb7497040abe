"""The signals behind a feature's value, and what is left of the weight of each.

Written against the definition of a decayed sum, not against the fold: what the signals in the log
still weigh is added up anew, and must come to what the state's columns hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oo_profile.reports.additions import Addition, Additions
from oo_profile.storage import pruning, signal_log
from oo_transforms.decayed import decay
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from oo_profile.reports.additions import Element
    from oo_profile.reports.catalogue import Entry
    from oo_profile.reports.profile_report import FeatureReport, ProfileReport
    from oo_transforms.history import Version
    from oo_transforms.signals import Signal
    from oo_transforms.state_view import StateView

TOLERANCE = 1e-9
"""Sums agree within this share of the sum of their terms' absolute values."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A signal behind a value.

    Attributes:
        subject: Its subject.
        event_id: Its id.
        event_time_us: Its event time, microseconds.
        utc_offset_minutes: The user's local clock as the signal tells it.
        additions: What it adds to the columns that the feature reads.
        left: What is left of a weight of 1 since then: `2 ** (-age / half-life)`.
    """

    subject: str
    event_id: str
    event_time_us: int
    utc_offset_minutes: int
    additions: tuple[Addition, ...]
    left: float

    def as_json(self) -> dict[str, object]:
        """Return it for `oo profile --json`."""
        return {
            "subject": self.subject,
            "event_id": self.event_id,
            "occurred_at": self.event_time_us / 1e6,
            "utc_offset_minutes": self.utc_offset_minutes,
            "left": self.left,
            "adds": [
                {"column": a.column, "element": a.element, "amount": a.amount}
                for a in self.additions
            ],
        }


@dataclass(frozen=True, slots=True)
class ColumnSum:
    """What the evidence comes to in one column, beside what the state holds; both at the moment.

    Attributes:
        column: The state column; of an array, all its elements together.
        is_kept: Whether it holds the latest value, instead of a sum.
        evidence: The sum over the signals, each with what is left of it; None: there are none.
        state: What the column holds; None: there is no state.
        agrees: Whether every element agrees, sums within `TOLERANCE` of the sum of their terms'
            absolute values.
    """

    column: str
    is_kept: bool
    evidence: float | None
    state: float | None
    agrees: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a feature has its value.

    Attributes:
        feature: The feature and its value.
        evidence: The signals behind it, heaviest first, then newest first.
        replaced: Signals whose value was replaced by a later one and that count for nothing.
        columns: The columns it reads, in the registry's order.
        pruned: Signals of the user that were pruned: in the state they count, and they cannot be
            listed, so that the columns need not agree.
    """

    feature: FeatureReport
    evidence: tuple[Evidence, ...]
    replaced: int
    columns: tuple[ColumnSum, ...]
    pruned: int = 0

    def as_json(self) -> dict[str, object]:
        """Return what `oo profile --explain --json` prints beside the profile."""
        return {
            "feature": self.feature.entry.name,
            "signals": [evidence.as_json() for evidence in self.evidence],
            "replaced": self.replaced,
            "pruned": self.pruned,
            "columns": {
                column.column: {
                    "from_signals": column.evidence,
                    "in_state": column.state,
                    "agrees": column.agrees,
                }
                for column in self.columns
            },
        }


def explain(
    connection: sqlite3.Connection, report: ProfileReport, feature: FeatureReport
) -> Explanation:
    """Find the signals behind a value of a profile.

    Only signals with an event time up to the profile's moment count, and only those that touch
    a column in the feature's `reads`.

    Args:
        connection: The read transaction that the profile was read in.
        report: The profile.
        feature: One of its features.
    """
    reads = set(feature.entry.reads)
    evidence: list[Evidence] = []
    for view in _views(feature.entry):
        evidence += _evidence(connection, report, view, reads)
    latest = _latest(evidence)
    counting = [kept for one in evidence if (kept := _counting(one, latest)) is not None]
    counting.sort(key=lambda one: (-one.left, -one.event_time_us, one.event_id))
    columns = [
        _column_sum(view, column, report, counting)
        for view in _views(feature.entry)
        for column in (field.name for field in view.fields())
        if column in reads and _is_number(view, column)
    ]
    return Explanation(
        feature,
        tuple(counting),
        len(evidence) - len(counting),
        tuple(columns),
        pruning.count_pruned(connection, report.user_id),
    )


def amounts(evidence: Iterable[Evidence], column: str) -> dict[Element, list[float]]:
    """List what signals still weigh in a column, by element."""
    found: dict[Element, list[float]] = {}
    for one in evidence:
        for addition in one.additions:
            if addition.column == column:
                left = 1.0 if addition.is_kept else one.left
                found.setdefault(addition.element, []).append(addition.amount * left)
    return found


def _views(entry: Entry) -> list[StateView]:
    names = [view.name for view in entry.views]
    known = {view.name: view for view in STATE_VIEWS}
    return [known[name] for name in names if name in known]


def _evidence(
    connection: sqlite3.Connection, report: ProfileReport, view: StateView, reads: set[str]
) -> Iterable[Evidence]:
    additions = Additions(view)
    # All of the log, since its order decides which categories are kept; then those by now.
    for signal, event_us, _received_us in signal_log.signals_of(connection, report.user_id):
        added = tuple(part for part in additions.of(signal, event_us) if part.column in reads)
        if added and event_us <= report.now_us:
            yield _one(signal, event_us, added, decay(report.now_us - event_us, view.half_life_us))


def _one(signal: Signal, event_us: int, added: tuple[Addition, ...], left: float) -> Evidence:
    return Evidence(
        subject=signal.subject,
        event_id=signal.event_id,
        event_time_us=event_us,
        utc_offset_minutes=signal.utc_offset_minutes or 0,
        additions=added,
        left=left,
    )


def _latest(evidence: Sequence[Evidence]) -> dict[tuple[str, Element], tuple[int, str]]:
    """Find the signal whose value stays in each kept column: the latest, then by its id."""
    latest: dict[tuple[str, Element], tuple[int, str]] = {}
    for one in evidence:
        for part in one.additions:
            if part.is_kept:
                key = (part.column, part.element)
                latest[key] = max(latest.get(key, (-1, "")), (one.event_time_us, one.event_id))
    return latest


def _counting(one: Evidence, latest: dict[tuple[str, Element], tuple[int, str]]) -> Evidence | None:
    """Leave out what a later signal replaced; None if nothing is left."""
    place = (one.event_time_us, one.event_id)
    counting = tuple(
        part
        for part in one.additions
        if not part.is_kept or latest[part.column, part.element] == place
    )
    if not counting:
        return None
    # What is kept does not fade; it is there or it is not.
    left = 1.0 if all(part.is_kept for part in counting) else one.left
    return Evidence(
        one.subject, one.event_id, one.event_time_us, one.utc_offset_minutes, counting, left
    )


def _is_number(view: StateView, column: str) -> bool:
    """Say whether a column holds numbers: names of categories and ids are no sums."""
    dtypes = {field.name: field.dtype for field in view.fields()}
    return dtypes[column] in {"Float64", "Array(Float64)"}


def _column_sum(
    view: StateView, column: str, report: ProfileReport, evidence: Sequence[Evidence]
) -> ColumnSum:
    found = amounts(evidence, column)
    held = _held(view, column, report.states.get(view.name), report.now_us)
    is_kept = _is_kept(view, column)
    tolerance = 0.0 if is_kept else TOLERANCE
    agrees = all(
        abs(sum(found.get(element, ())) - held.get(element, 0.0))
        <= tolerance * sum(map(abs, found.get(element, ())))
        for element in found.keys() | held.keys()
    )
    return ColumnSum(
        column=column,
        is_kept=is_kept,
        evidence=sum(map(sum, found.values())) if found else None,
        state=sum(held.values()) if held else None,
        agrees=agrees,
    )


def _is_kept(view: StateView, column: str) -> bool:
    kept = {view.anchor_field, *(view.column(part.name) for part in view.last)}
    return view.keeps_maximum or column in kept


def _held(
    view: StateView, column: str, version: Version | None, now_us: int
) -> dict[Element, float]:
    """Read a column of a state at a moment, by element."""
    if version is None:
        return {}
    cells = dict(zip((field.name for field in view.fields()), version.cells, strict=True))
    cell = cells[column]
    if cell is None:
        return {}
    age_us = now_us - version.event_time_us
    left = 1.0 if _is_kept(view, column) else decay(age_us, view.half_life_us)
    values = np.atleast_1d(np.asarray(cell, dtype=float)) * left
    elements: Sequence[Element] = [None]
    if column in {view.column(part.name) for part in view.categories}:
        elements = cells[view.column("categories")]  # type: ignore[assignment]  # names beside it
    elif isinstance(cell, np.ndarray):
        elements = range(len(values))
    return dict(zip(elements, values.tolist(), strict=True))
