"""Simulated events as signals."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from oo_profile.inputs.life import (
    ANSWERS,
    CALENDAR_WINDOW_MINUTES,
    NOT_SAID,
    SYNCED_SOURCES,
    Kind,
)
from oo_profile.inputs.person import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Callable

    from oo_profile.inputs.tasks import SignalRecord


class Event(NamedTuple):
    """A row of `life.EVENT` as Python numbers, in the order of its fields."""

    at_ms: int
    offset: int
    kind: int
    category: int
    thing: int
    value: float
    extra: int


def event_record(event: Event, *, user_id: str, event_id: str, sends_utc: bool) -> SignalRecord:
    """Write one event as the signal it sends.

    Args:
        event: What happened.
        user_id: To whom.
        event_id: Unique for the user.
        sends_utc: Write the time in UTC and the offset beside it, else the local time.
    """
    data: dict[str, object] = {"event_id": event_id, "user_id": user_id}
    data["occurred_at"] = _instant(event.at_ms, 0 if sends_utc else event.offset)
    if sends_utc:
        data["utc_offset_minutes"] = event.offset
    subject, fields = _SIGNALS[event.kind]
    data.update(fields(event))
    return subject, data


def _session(event: Event) -> dict[str, object]:
    return {"duration_seconds": int(event.value)}


def _synced(event: Event) -> dict[str, object]:
    return {"source": SYNCED_SOURCES[int(event.value)]}


def _task(event: Event) -> dict[str, object]:
    return {"task_id": f"task-{event.thing}", "category": CATEGORIES[event.category]}


def _created(event: Event) -> dict[str, object]:
    fields = _task(event) | {"priority": int(event.value)}
    if event.extra != NOT_SAID:
        fields["due_at"] = _instant(event.extra, event.offset)
    return fields


def _tip(event: Event) -> dict[str, object]:
    return {"tip_id": f"tip-{event.thing}", "category": CATEGORIES[event.category]}


def _feedback(event: Event) -> dict[str, object]:
    fields = _tip(event) | {"action": ANSWERS[int(event.value)]}
    if event.extra != NOT_SAID:
        fields["dwell_ms"] = event.extra
    return fields


def _mood(event: Event) -> dict[str, object]:
    return {"score": int(event.value)}


def _calendar(event: Event) -> dict[str, object]:
    return {"busy_minutes": int(event.value), "window_minutes": CALENDAR_WINDOW_MINUTES}


_SIGNALS: dict[int, tuple[str, Callable[[Event], dict[str, object]]]] = {
    Kind.SESSION: ("signals.app.session", _session),
    Kind.SYNCED: ("signals.source.synced", _synced),
    Kind.CREATED: ("signals.task.created", _created),
    Kind.SNOOZED: ("signals.task.snoozed", _task),
    Kind.COMPLETED: ("signals.task.completed", _task),
    Kind.SHOWN: ("signals.tip.shown", _tip),
    Kind.FEEDBACK: ("signals.tip.feedback", _feedback),
    Kind.MOOD: ("signals.mood.logged", _mood),
    Kind.CALENDAR: ("signals.calendar.synced", _calendar),
}


def _instant(at_ms: int, offset_minutes: int) -> str:
    # A double holds today's milliseconds as seconds to less than a microsecond.
    local = datetime.fromtimestamp(at_ms / 1000, _zone(offset_minutes))
    return local.isoformat(timespec="milliseconds")


@cache
def _zone(offset_minutes: int) -> timezone:
    return timezone(timedelta(minutes=offset_minutes))
