"""Why a feature has its value, as facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oo_admin.reading.feature_facts import DrawnCourse, FeatureFacts, drawn, feature_facts
from oo_profile.reports.explain import ColumnSum  # noqa: TC001 - read by type for the contract
from oo_profile.reports.words import duration_text

if TYPE_CHECKING:
    from oo_admin.reading.reader import Reason
    from oo_profile.reports.catalogue import SourceView
    from oo_profile.reports.explain import Evidence

CHART = (720, 180)
SHOWN_EVIDENCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """A state view that a feature comes from.

    Attributes:
        view: Its name.
        source: Where its signals come from.
        subjects: The subjects that change it.
        ttl: After which time it expires, in words; null: never.
        half_life: In which time its sums are halved, in words; null: nothing decays.
    """

    view: str
    source: str
    subjects: tuple[str, ...]
    ttl: str | None
    half_life: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdditionFacts:
    """What a signal adds to a column.

    Attributes:
        column: The state column.
        element: Which element of an array, by index or category; null: no array.
        amount: How much at the signal's event time; of a column that keeps the latest, its value.
    """

    column: str
    element: int | str | None
    amount: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFacts:
    """A signal behind a value.

    Attributes:
        subject: Its subject.
        event_id: Its id.
        event_time_us: Its event time, microseconds.
        occurred_at: The same in Unix seconds.
        utc_offset_minutes: The user's local clock as the signal tells it.
        left: What is left of a weight of 1 since then.
        adds: What it adds to the columns that the feature reads.
    """

    subject: str
    event_id: str
    event_time_us: int
    occurred_at: float
    utc_offset_minutes: int
    left: float
    adds: tuple[AdditionFacts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonFacts:
    """Why a feature has its value.

    Attributes:
        user_id: Whose.
        now: The moment that it is told of, Unix seconds.
        now_us: The same in microseconds.
        at: The moment as it was asked for; empty: the present.
        utc_offset_minutes: The user's local clock at that moment.
        has_signals: Whether there is any signal of this user by then.
        feature: The feature and its value.
        reads: State columns that it is computed from.
        sources: State views that it comes from.
        signals: How many signals stand behind it.
        replaced: Signals whose value was replaced by a later one.
        pruned: Signals that were pruned: they count in the state and cannot be listed.
        left: What all of them still weigh together.
        evidence: The signals, heaviest first; at most 50.
        more: How many there are beyond these.
        columns: What the signals come to beside what the state holds, column by column.
        agrees: Whether both are the same in every column.
        course: The feature over time; null: it is no number.
        course_times: Its moments, Unix seconds.
    """

    user_id: str
    now: float
    now_us: int
    at: str
    utc_offset_minutes: int
    has_signals: bool
    feature: FeatureFacts
    reads: tuple[str, ...]
    sources: tuple[SourceFacts, ...]
    signals: int
    replaced: int
    pruned: int
    left: float
    evidence: tuple[EvidenceFacts, ...]
    more: int
    columns: tuple[ColumnSum, ...]
    agrees: bool
    course: DrawnCourse | None
    course_times: tuple[float, ...]


def reason_facts(reason: Reason, at: str) -> ReasonFacts:
    """Tell why a feature has its value.

    Args:
        reason: What was read.
        at: The moment as it was asked for; empty: the present.
    """
    report, explanation = reason.report, reason.explanation
    evidence, entry = explanation.evidence, explanation.feature.entry
    return ReasonFacts(
        user_id=report.user_id,
        now=report.now_us / 1e6,
        now_us=report.now_us,
        at=at,
        utc_offset_minutes=report.utc_offset_minutes,
        has_signals=report.has_signals,
        feature=feature_facts(report, explanation.feature, reason.course, None),
        reads=entry.reads,
        sources=tuple(map(_source, entry.views)),
        signals=len(evidence),
        replaced=explanation.replaced,
        pruned=explanation.pruned,
        left=sum(one.left for one in evidence),
        evidence=tuple(map(_evidence, evidence[:SHOWN_EVIDENCE])),
        more=max(len(evidence) - SHOWN_EVIDENCE, 0),
        columns=explanation.columns,
        agrees=all(column.agrees for column in explanation.columns),
        course=drawn(reason.course, entry.name, CHART),
        course_times=tuple(time_us / 1e6 for time_us in reason.course.times_us),
    )


def _source(view: SourceView) -> SourceFacts:
    return SourceFacts(
        view=view.name,
        source=view.source,
        subjects=view.invalidated_by,
        ttl=None if view.ttl is None else duration_text(view.ttl),
        half_life=None if view.half_life is None else duration_text(view.half_life),
    )


def _evidence(one: Evidence) -> EvidenceFacts:
    return EvidenceFacts(
        subject=one.subject,
        event_id=one.event_id,
        event_time_us=one.event_time_us,
        occurred_at=one.event_time_us / 1e6,
        utc_offset_minutes=one.utc_offset_minutes,
        left=one.left,
        adds=tuple(
            AdditionFacts(column=added.column, element=added.element, amount=added.amount)
            for added in one.additions
        ),
    )
