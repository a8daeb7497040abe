"""The state of one user by its definition, from nothing but raw signals.

Written from the table of columns alone, without any code of the package under test and without
its algebra: every sum is summed over all signals, `w * 2 ** (-(T - t) / h)` each.

A signal is a pair (subject, data). Signals come in log order, each once. Event time is
`occurred_at`; where a signal is received earlier than that, clamp it first.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from oo_profile.definition import learned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Raw: TypeAlias = "tuple[str, Mapping[str, Any]]"
Columns: TypeAlias = "dict[str, Any]"

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
HALF_LIFE_US = {
    "activity_state": 28 * DAY_US,
    "task_state": 28 * DAY_US,
    "tip_state": 14 * DAY_US,
    "mood_state": 7 * DAY_US,
    **dict.fromkeys(learned.VECTORS, learned.HALF_LIFE_DAYS * DAY_US),
}
TTL_US = {
    "activity_state": 90 * DAY_US,
    "task_state": 90 * DAY_US,
    "tip_state": 60 * DAY_US,
    "calendar_state": DAY_US,
    "mood_state": 7 * DAY_US,
}
"""Age past which a state counts as none; `sync_state` never does, nor what was learned."""

SUBJECTS = {
    "activity_state": {"signals.app.session"},
    "task_state": {"signals.task.created", "signals.task.completed", "signals.task.snoozed"},
    "tip_state": {"signals.tip.shown", "signals.tip.feedback"},
    "calendar_state": {"signals.calendar.synced"},
    "mood_state": {"signals.mood.logged"},
    "sync_state": {"signals.source.synced"},
    **{name: {"signals.tip.shown", "signals.tip.feedback"} for name in learned.VECTORS},
}
VIEWS = tuple(SUBJECTS)
"""The state views that are defined here."""

SOURCES = ("app", "todoist", "tip", "calendar", "mood")
KEPT_NAMES = 128
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Event:
    at_us: int
    local: datetime
    kind: str
    data: Mapping[str, Any]


def state_at(
    signals: Iterable[Raw], view_name: str, t_us: int, *, absolute: bool = False
) -> Columns:
    """Compute the columns of a view as a read at a time finds them: sums read at the anchor.

    Args:
        signals: All signals of one user, in log order.
        view_name: Name of the state view.
        t_us: Microseconds; signals at this very time count.
        absolute: Sum the absolute values of the terms, which is what rounding is measured by.

    Returns:
        The value of every column; all None without a signal at or before the time.
    """
    log = _events(signals, view_name)
    known = [event for event in log if event.at_us <= t_us]
    anchor = max((event.at_us for event in known), default=0)
    columns = _STATE[view_name](_Sums(known, view_name, anchor, absolute=absolute), log)
    return columns if known else dict.fromkeys(columns)


class _Sums:
    """Weighs the signals known at a time."""

    def __init__(
        self, known: Sequence[_Event], view_name: str, at_us: int, *, absolute: bool = False
    ) -> None:
        self.known = known
        self.at_us = at_us
        self._half_life_us = HALF_LIFE_US.get(view_name)
        self._absolute = absolute

    def total(self, weight: Callable[[_Event], float | None]) -> float:
        """Sum a weight over all signals that have it."""
        return math.fsum(self._left(event, weight(event)) for event in self.known)

    def totals(self, weights: Callable[[_Event], Sequence[float] | None], size: int) -> list[float]:
        """Sum several weights at once, over all signals that have them."""
        rows = [[self._left(event, own) for own in weights(event) or ()] for event in self.known]
        return [math.fsum(row[at] for row in rows if row) for at in range(size)]

    def split(
        self, weight: Callable[[_Event], float | None], key: Callable[[_Event], int], size: int
    ) -> list[float]:
        """Sum a weight apart for each key."""
        parts = defaultdict[int, list[float]](list)
        for event in self.known:
            parts[key(event)].append(self._left(event, weight(event)))
        return [math.fsum(parts[index]) for index in range(size)]

    def latest(self, value: Callable[[_Event], float]) -> tuple[str | None, float | None]:
        """Take event id and value of the latest signal, the greater id at a tie."""
        if not self.known:
            return None, None
        last = max(self.known, key=lambda e: (e.at_us, e.data["event_id"].encode()))
        event_id: str = last.data["event_id"]
        return event_id, value(last)

    def _left(self, event: _Event, weight: float | None) -> float:
        if weight is None:
            return 0.0
        weight = abs(weight) if self._absolute else weight
        if self._half_life_us is None:
            return weight
        return weight * math.pow(2.0, -(self.at_us - event.at_us) / self._half_life_us)


def changing(signals: Iterable[Raw], view_name: str) -> list[bool]:
    """Say of each signal of a user, in log order, whether it changes a view."""
    if view_name in learned.VECTORS:
        return learned.counting(signals)
    return [subject in SUBJECTS[view_name] for subject, _ in signals]


def _events(signals: Iterable[Raw], view_name: str) -> list[_Event]:
    events = []
    signals = list(signals)
    for subject, data in itertools.compress(signals, changing(signals, view_name)):
        at = datetime.fromisoformat(data["occurred_at"])
        offset = data.get("utc_offset_minutes")
        local = at if offset is None else at.astimezone(UTC) + timedelta(minutes=offset)
        at_us = (at - EPOCH) // timedelta(microseconds=1)
        events.append(_Event(at_us, local, subject.removeprefix("signals."), data))
    return events


def read_at(signals: Sequence[Raw], view_name: str, t_us: int) -> Columns | None:
    """Read a view at now: its sums decayed to now, None without state or past the TTL."""
    log = _events(signals, view_name)
    known = [event for event in log if event.at_us <= t_us]
    if not known:
        return None
    anchor = max(event.at_us for event in known)
    if t_us - anchor > TTL_US.get(view_name, math.inf):
        return None
    columns = _STATE[view_name](_Sums(known, view_name, t_us), log)
    return columns | {"anchor_us": anchor}


def _has(kind: str, **fields: object) -> Callable[[_Event], float | None]:
    def weight(event: _Event) -> float | None:
        if event.kind != kind:
            return None
        for name, value in fields.items():
            if event.data.get(name) != value:
                return None
        return 1.0

    return weight


def _anchor(sums: _Sums) -> float:
    return max((event.at_us for event in sums.known), default=0) / 1e6


def _activity_state(sums: _Sums, _log: Sequence[_Event]) -> Columns:
    session = _has("app.session")
    return {
        "activity_last_event_at": _anchor(sums),
        "activity_sessions": sums.total(session),
        "activity_log_seconds": sums.total(lambda e: math.log(max(e.data["duration_seconds"], 1))),
        "activity_by_hour": sums.split(session, lambda e: e.local.hour, 24),
        "activity_by_weekday": sums.split(session, lambda e: e.local.weekday(), 7),
    }


def _task_state(sums: _Sums, log: Sequence[_Event]) -> Columns:
    completed = _has("task.completed")
    names, index = _names(sums.known, log, (completed,))
    return {
        "task_last_event_at": _anchor(sums),
        "task_created": sums.total(_has("task.created")),
        "task_completed": sums.total(completed),
        "task_snoozed": sums.total(_has("task.snoozed")),
        "task_completed_by_hour": sums.split(completed, lambda e: e.local.hour, 24),
        "task_completed_by_weekday": sums.split(completed, lambda e: e.local.weekday(), 7),
        "task_categories": names,
        "task_category_completed": sums.split(completed, index, len(names)),
    }


def _tip_state(sums: _Sums, log: Sequence[_Event]) -> Columns:
    shown, done = _has("tip.shown"), _has("tip.feedback", action="done")
    names, index = _names(sums.known, log, (shown, done))

    def dwell(event: _Event) -> float | None:
        milliseconds = event.data.get("dwell_ms")
        return None if milliseconds is None else milliseconds / 1000

    return {
        "tip_last_event_at": _anchor(sums),
        "tip_shown": sums.total(shown),
        "tip_done": sums.total(done),
        "tip_snoozed": sums.total(_has("tip.feedback", action="snooze")),
        "tip_dismissed": sums.total(_has("tip.feedback", action="dismiss")),
        "tip_dwell_seconds": sums.total(dwell),
        "tip_dwell_count": sums.total(lambda e: None if dwell(e) is None else 1.0),
        "tip_categories": names,
        "tip_category_shown": sums.split(shown, index, len(names)),
        "tip_category_done": sums.split(done, index, len(names)),
    }


def _calendar_state(sums: _Sums, _log: Sequence[_Event]) -> Columns:
    event_id, ratio = sums.latest(lambda e: e.data["busy_minutes"] / e.data["window_minutes"])
    return {
        "calendar_last_event_at": _anchor(sums),
        "calendar_last_event_id": event_id,
        "calendar_last_busy_ratio": ratio,
    }


def _mood_state(sums: _Sums, _log: Sequence[_Event]) -> Columns:
    event_id, score = sums.latest(lambda e: e.data["score"])
    return {
        "mood_last_event_at": _anchor(sums),
        "mood_last_event_id": event_id,
        "mood_last_score": score,
        "mood_score_sum": sums.total(lambda e: e.data["score"]),
        "mood_score_count": sums.total(lambda _: 1.0),
    }


def _sync_state(sums: _Sums, _log: Sequence[_Event]) -> Columns:
    def latest(source: str) -> float | None:
        times = [event.at_us for event in sums.known if event.data["source"] == source]
        return max(times) / 1e6 if times else None

    return {
        "sync_last_event_at": _anchor(sums),
        **{f"sync_{source}_at": latest(source) for source in SOURCES},
    }


def _learned_state(view_name: str, sums: _Sums, _log: Sequence[_Event]) -> Columns:
    prefix = view_name.replace("policy_state_", "policy_")
    width = 1 + len(learned.VECTORS[view_name])

    def shown(event: _Event) -> Sequence[float] | None:
        if event.kind != "tip.shown":
            return None
        return learned.products(learned.vector(view_name, event.data["decision"]))

    def done(event: _Event) -> Sequence[float] | None:
        if event.kind != "tip.feedback":
            return None
        echo = event.data["decision"]
        share = learned.share_left(echo, event.at_us)
        return [share * number for number in learned.vector(view_name, echo)]

    return {
        f"{prefix}_last_event_at": _anchor(sums),
        f"{prefix}_count": sums.total(_has("tip.shown")),
        f"{prefix}_outer": sums.totals(shown, width * (width + 1) // 2),
        f"{prefix}_rewards": sums.totals(done, width),
    }


_STATE: dict[str, Callable[[_Sums, Sequence[_Event]], Columns]] = {
    "activity_state": _activity_state,
    "task_state": _task_state,
    "tip_state": _tip_state,
    "calendar_state": _calendar_state,
    "mood_state": _mood_state,
    "sync_state": _sync_state,
    **{name: partial(_learned_state, name) for name in learned.VECTORS},
}


def _names(
    known: Iterable[_Event],
    log: Iterable[_Event],
    weights: Sequence[Callable[[_Event], float | None]],
) -> tuple[list[str], Callable[[_Event], int]]:
    """List the names of the signals known so far, and say where a signal counts.

    The first 128 of the whole log are kept, and the others count under the empty name.
    """

    def counts(event: _Event) -> bool:
        return any(weight(event) is not None for weight in weights)

    in_log_order = dict.fromkeys(e.data["category"] for e in log if counts(e))
    kept = set(itertools.islice(in_log_order, KEPT_NAMES))

    def name(event: _Event) -> str:
        category: str = event.data["category"]
        return category if category in kept else ""

    names = sorted({name(event) for event in known if counts(event)})
    index = {name: at for at, name in enumerate(names)}
    return names, lambda event: index[name(event)] if counts(event) else -1
