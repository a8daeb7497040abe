"""A user's page as facts: what the page writes and its JSON holds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from oo_admin.accounts.audit import AuditFacts  # noqa: TC001 - read by type for the contract
from oo_admin.reading.feature_facts import FeatureFacts, feature_facts
from oo_admin.reading.learned import LearnedFacts, learned_facts
from oo_admin.reading.online_state import OnlineView  # noqa: TC001 - read by type
from oo_admin.reading.staleness import Staleness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oo_admin.reading.heat_map import HeatMap
    from oo_admin.reading.online_state import OnlineState
    from oo_admin.reading.reader import Person
    from oo_admin.reading.signals_behind import LatestSignal


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFacts:
    """The features of one on-demand view.

    Attributes:
        name: The view.
        description: What it is about.
        features: Its features, in its order.
    """

    name: str
    description: str
    features: tuple[FeatureFacts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatFacts:
    """When in the week a user is active, in local time, from the signals.

    Attributes:
        view: The state view whose signals they are.
        cells: What signals still weigh: seven weekdays, Monday first, of 24 hours.
        rows: The sum of each weekday.
        columns: The sum of each hour.
        most: The heaviest cell.
        largest_deviation: Of these sums from the arrays that the state holds.
        agrees: Whether that is nothing but rounding.
    """

    view: str
    cells: tuple[tuple[float, ...], ...]
    rows: tuple[float, ...]
    columns: tuple[float, ...]
    most: float
    largest_deviation: float
    agrees: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalFacts:
    """A signal as it was received.

    Attributes:
        event_id: Its id.
        subject: Its subject.
        occurred_us: Its event time, microseconds.
        occurred_at: The same in Unix seconds.
        received_us: When the stream had it, microseconds.
        received_at: The same in Unix seconds.
        utc_offset_minutes: The user's local clock as it tells it.
        payload: The beginning of the message.
        payload_bytes: The length of all of it.
    """

    event_id: str
    subject: str
    occurred_us: int
    occurred_at: float
    received_us: int
    received_at: float
    utc_offset_minutes: int
    payload: str
    payload_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineFacts:
    """What Redis has of a user beside what SQLite has.

    Attributes:
        views: View by view; empty if Redis did not answer.
        refusal: What Redis said; empty if it answered.
        is_behind: Whether the builder knows that Redis is behind for this user.
        agrees: Whether both say the same.
    """

    views: tuple[OnlineView, ...]
    refusal: str
    is_behind: bool
    agrees: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFacts:
    """All that is told of a user.

    Attributes:
        user_id: Who.
        now: The moment that it is told of, Unix seconds.
        now_us: The same in microseconds.
        at: The moment as it was asked for; empty: the present.
        utc_offset_minutes: The user's local clock at that moment.
        has_signals: Whether there is any signal by then.
        counts: How many features are fresh, stale, expired, never seen.
        pruned: Signals that were pruned: they count in the states, and in nothing else here.
        received_us: When the newest signal was received, microseconds; 0: there is none. With
            `?newer_than=` and this the answer is empty, status 204, until there is a newer one.
        groups: The profile.
        course_times: The moments of each feature's course, Unix seconds.
        heat_maps: When in the week, for each view that counts by hour and weekday.
        learned: What each policy has learned of this user.
        latest: The latest signals, the newest first.
        online: Redis against SQLite; null: a moment in the past, of which Redis knows nothing.
        audit: What was done about this user here, the newest first.
    """

    user_id: str
    now: float
    now_us: int
    at: str
    utc_offset_minutes: int
    has_signals: bool
    counts: dict[Staleness, int]
    pruned: int
    received_us: int
    groups: tuple[GroupFacts, ...]
    course_times: tuple[float, ...]
    heat_maps: tuple[HeatFacts, ...]
    learned: tuple[LearnedFacts, ...]
    latest: tuple[SignalFacts, ...]
    online: OnlineFacts | None
    audit: tuple[AuditFacts, ...]


def person_facts(person: Person, at: str, audit: Sequence[AuditFacts]) -> PersonFacts:
    """Tell all of a user's page.

    Args:
        person: What was read.
        at: The moment as it was asked for; empty: the present.
        audit: What was done about this user.
    """
    report, behind = person.report, person.behind
    features = [
        feature_facts(report, one, person.course, behind.get(one.state.view))
        for one in report.features
    ]
    return PersonFacts(
        user_id=report.user_id,
        now=report.now_us / 1e6,
        now_us=report.now_us,
        at=at,
        utc_offset_minutes=report.utc_offset_minutes,
        has_signals=report.has_signals,
        counts={kind: sum(one.staleness is kind for one in features) for kind in Staleness},
        pruned=person.pruned,
        received_us=person.received_us,
        groups=_groups(features),
        course_times=tuple(time_us / 1e6 for time_us in person.course.times_us),
        heat_maps=tuple(map(_heat, person.heat_maps)),
        learned=learned_facts(report.states, report.now_us),
        latest=tuple(map(_signal, person.latest)),
        online=None if person.online is None else _online(person.online),
        audit=tuple(audit),
    )


def _groups(features: Sequence[FeatureFacts]) -> tuple[GroupFacts, ...]:
    by_view = groupby(features, key=lambda one: (one.view, one.view_description))
    return tuple(
        GroupFacts(name=name, description=description, features=tuple(part))
        for (name, description), part in by_view
    )


def _heat(heat: HeatMap) -> HeatFacts:
    return HeatFacts(
        view=heat.view,
        cells=heat.cells,
        rows=tuple(sum(row) for row in heat.cells),
        columns=tuple(sum(column) for column in zip(*heat.cells, strict=True)),
        most=max(max(row) for row in heat.cells),
        largest_deviation=heat.largest_deviation,
        agrees=heat.agrees,
    )


def _signal(signal: LatestSignal) -> SignalFacts:
    return SignalFacts(
        event_id=signal.event_id,
        subject=signal.subject,
        occurred_us=signal.occurred_us,
        occurred_at=signal.occurred_us / 1e6,
        received_us=signal.received_us,
        received_at=signal.received_us / 1e6,
        utc_offset_minutes=signal.utc_offset_minutes,
        payload=signal.payload,
        payload_bytes=signal.payload_bytes,
    )


def _online(online: OnlineState) -> OnlineFacts:
    return OnlineFacts(
        views=online.views,
        refusal=online.refusal,
        is_behind=online.is_behind,
        agrees=online.agrees,
    )
