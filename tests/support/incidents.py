"""Things that go wrong, each put into the messages, or the facts, of a quiet population."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from support.counted_world import HOUR_US, Sent

from oo_admin.quality.facts import Facts, OnlineSample
from oo_admin.quality.finding import Cause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Change: TypeAlias = "Callable[[Sent], Iterable[Sent]]"
Look: TypeAlias = "Callable[[Facts, int], Facts]"
"""Changes what is seen at a moment; the hours since the incident began come with it."""

Damage: TypeAlias = "Callable[[dict[str, list[Any]]], dict[str, list[Any]]]"

MINUTE_US: Final = 60_000_000


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that goes wrong.

    Attributes:
        name: What it is.
        cause: The cause that an alert must name.
        within_hours: The delay stated for its check, at the volume of the simulated population.
        says: What the alert's sentence, or its key, must hold.
        change: What it makes of each message.
        look: What it makes of what is seen.
        damage: What it makes of the features of users, a column each.
    """

    name: str
    cause: Cause
    within_hours: int
    says: str
    change: Change = lambda sent: (sent,)
    look: Look = lambda facts, _hours: facts
    damage: Damage = lambda values: values


def _only(pattern: str, change: Change) -> Change:
    known = re.compile(pattern)
    return lambda sent: change(sent) if known.search(sent.subject) else (sent,)


def _gone(_sent: Sent) -> Iterable[Sent]:
    return ()


def _with(**fields: Callable[[Any], Any]) -> Change:
    """Change fields of the data that are there."""

    def change(sent: Sent) -> Iterator[Sent]:
        changed = {
            name: make(sent.data[name]) for name, make in fields.items() if name in sent.data
        }
        yield sent._replace(data=sent.data | changed)

    return change


def _rename(old: str, new: str) -> Change:
    def change(sent: Sent) -> Iterator[Sent]:
        data = dict(sent.data)
        if old in data:
            data[new] = data.pop(old)
        yield sent._replace(data=data)

    return change


def _without(name: str) -> Change:
    def change(sent: Sent) -> Iterator[Sent]:
        yield sent._replace(data={key: value for key, value in sent.data.items() if key != name})

    return change


def _number(sent: Sent) -> int:
    """Return the number of a simulated user."""
    return int(sent.data["user_id"].rpartition("-")[2])


def _tenth(change: Change) -> Change:
    return lambda sent: change(sent) if _number(sent) % 10 == 3 else (sent,)


def _shifted_clock(by: timedelta) -> Change:
    def change(sent: Sent) -> Iterator[Sent]:
        at = datetime.fromisoformat(sent.data["occurred_at"]) + by
        yield sent._replace(data=sent.data | {"occurred_at": at.isoformat()})

    return change


def _late(sent: Sent) -> Iterator[Sent]:
    yield sent._replace(received_us=sent.received_us + HOUR_US)


def _bare_z(sent: Sent) -> Iterator[Sent]:
    at = datetime.fromisoformat(sent.data["occurred_at"])
    data = {k: v for k, v in sent.data.items() if k != "utc_offset_minutes"}
    utc = at.astimezone(tz=None).astimezone(_UTC).isoformat().replace("+00:00", "Z")
    yield sent._replace(data=data | {"occurred_at": utc})


_UTC = datetime.fromisoformat("2026-01-01T00:00:00+00:00").tzinfo


def _zero_offset(sent: Sent) -> Iterator[Sent]:
    yield sent._replace(data=sent.data | {"utc_offset_minutes": 0})


def _twice(sent: Sent) -> Iterator[Sent]:
    yield sent
    if hash((sent.received_us, 1)) % 50 == 0:
        yield sent._replace(received_us=sent.received_us + 1)


def _all_twice(sent: Sent) -> Iterator[Sent]:
    yield sent
    yield sent._replace(received_us=sent.received_us + 1)


def _flooded(sent: Sent) -> Iterator[Sent]:
    yield sent
    for copy in range(40):
        yield sent._replace(
            data=sent.data
            | {
                "user_id": "sim-flood-000001",
                "event_id": f"{sent.received_us}-{sent.data['user_id'][-6:]}-{copy}",
            }
        )


def _triggered_sessions(sent: Sent) -> Iterator[Sent]:
    """Make five sessions of each, as a client that says everything again does."""
    for copy in range(5):
        yield sent._replace(data=sent.data | {"event_id": f"{sent.data['event_id']}-{copy}"})


def _dismissed(sent: Sent) -> Iterator[Sent]:
    """Have nine of ten who did what a tip said dismiss it."""
    is_kept = int(sent.data["event_id"].encode().hex(), 16) % 10 == 0
    if sent.data.get("action") == "done" and not is_kept:
        yield sent._replace(data=sent.data | {"action": "dismiss"})
    else:
        yield sent


def _of_a_fifth(sent: Sent) -> Iterator[Sent]:
    """Have every fifth user send what the four after him send too."""
    number = _number(sent)
    head, _, tail = sent.data["user_id"].rpartition("-")
    first = f"{head}-{number - number % 5:0{len(tail)}d}"
    event = f"{sent.data['event_id'][:48]}-{number}"
    yield sent._replace(data=sent.data | {"user_id": first, "event_id": event})


def _one_row_by_hand(values: dict[str, list[Any]]) -> dict[str, list[Any]]:
    rates = values["completion_rate"]
    return values | {"completion_rate": [7.0, *rates[1:]]}


def _no_redis(facts: Facts, hours: int) -> Facts:
    del hours
    return replace(facts, online=OnlineSample(compared=600, missing=588, older=0, users=200))


def _old_redis(facts: Facts, hours: int) -> Facts:
    del hours
    return replace(facts, online=OnlineSample(compared=600, missing=0, older=31, users=28))


def _no_builder(facts: Facts, hours: int) -> Facts:
    handled = None if facts.handled_us is None else facts.handled_us - hours * HOUR_US
    return replace(facts, waiting=30 * (hours + 1), handled_us=handled)


TIP, TODOIST = r"\.tip\.", r"\.task\."

INCIDENTS: Final = (
    Incident("the app stops", Cause.SOURCE_STOPPED, 4, "app", _only("app", _gone)),
    Incident("todoist stops", Cause.SOURCE_STOPPED, 4, "todoist", _only(TODOIST, _gone)),
    Incident("tips stop", Cause.SOURCE_STOPPED, 6, "tip", _only(TIP, _gone)),
    Incident("the calendar stops", Cause.SOURCE_STOPPED, 12, "calendar", _only("calendar", _gone)),
    Incident("moods stop", Cause.SOURCE_STOPPED, 12, "mood", _only("mood", _gone)),
    Incident("everything stops", Cause.ALL_STOPPED, 3, "all sources", _gone),
    Incident(
        "one subject of a source stops",
        Cause.SOURCE_STOPPED,
        6,
        "signals.tip.shown",
        _only("tip.shown", _gone),
    ),
    Incident(
        "todoist stops for a tenth of the users",
        Cause.SOURCE_PARTLY_STOPPED,
        96,
        "todoist",
        _only(TODOIST, _tenth(_gone)),
    ),
    Incident(
        "session seconds become minutes",
        Cause.UNIT_CHANGED,
        6,
        "minutes where there were seconds",
        _only("app", _with(duration_seconds=lambda value: round(value / 60, 2))),
    ),
    Incident(
        "dwell milliseconds become seconds",
        Cause.UNIT_CHANGED,
        12,
        "dwell_ms",
        _only("feedback", _with(dwell_ms=lambda value: value / 1000)),
    ),
    Incident("offsets lost", Cause.OFFSETS_LOST, 2, "bare Z", _bare_z),
    Incident("everybody at UTC", Cause.OFFSETS_LOST, 6, "clock is UTC", _zero_offset),
    Incident("user ids in capitals", Cause.IDS_CHANGED, 3, "capitals", _with(user_id=str.upper)),
    Incident(
        "user ids with a prefix",
        Cause.IDS_CHANGED,
        3,
        "never seen before",
        _with(user_id=lambda value: f"u:{value}"),
    ),
    Incident(
        "a category renamed",
        Cause.NAME_RENAMED,
        30,
        "'work'",
        _with(category=lambda value: "job" if value == "work" else value),
    ),
    Incident(
        "a new category",
        Cause.NAME_NEW,
        12,
        "'garden'",
        _with(category=lambda value: "garden" if value == "home" else value),
    ),
    Incident(
        "an answer no longer sent",
        Cause.NAME_VANISHED,
        48,
        "'snooze'",
        lambda sent: () if sent.data.get("action") == "snooze" else (sent,),
    ),
    Incident("duplicates doubled", Cause.DUPLICATES, 72, "had come before", _twice),
    Incident("everything sent twice", Cause.DUPLICATES, 2, "had come before", _all_twice),
    Incident("an hour's delay", Cause.DELAYED, 5, "late or more", _only(TODOIST, _late)),
    Incident(
        "a clock an hour ahead",
        Cause.CLOCK_AHEAD,
        3,
        "from the future",
        _only("app", _shifted_clock(timedelta(hours=1))),
    ),
    Incident(
        "a clock two minutes ahead",
        Cause.CLOCK_AHEAD,
        3,
        "happened after they came",
        _only("app", _shifted_clock(timedelta(minutes=2))),
    ),
    Incident("scores all 5", Cause.CONSTANT, 48, "score", _only("mood", _with(score=lambda _: 5))),
    Incident(
        "scores of 1 to 10",
        Cause.REJECTED,
        24,
        "score",
        _only("mood", _with(score=lambda value: 2 * value)),
    ),
    Incident(
        "a field renamed",
        Cause.FIELD_RENAMED,
        3,
        "duration_seconds",
        _only("app", _rename("duration_seconds", "duration")),
    ),
    Incident(
        "an optional field renamed",
        Cause.VALUES_MISSING,
        12,
        "dwell_ms",
        _only("feedback", _rename("dwell_ms", "dwell")),
    ),
    Incident("one user floods", Cause.FLOOD, 2, "one user", _only("app", _flooded)),
    Incident("a client repeats itself", Cause.SURGE, 6, "app", _only("app", _triggered_sessions)),
    Incident(
        "tips are no longer followed",
        Cause.FEATURE_SHIFTED,
        336,
        "tip_",
        _only("feedback", _dismissed),
    ),
    Incident(
        "sessions come of a fifth of the users",
        Cause.STALE,
        168,
        "activity_state",
        _only("app", _of_a_fifth),
    ),
    Incident(
        "a row of the profile changed by hand",
        Cause.OUT_OF_RANGE,
        24,
        "completion_rate",
        damage=_one_row_by_hand,
    ),
    Incident("Redis flushed", Cause.ONLINE_LOST, 1, "Redis lacks", look=_no_redis),
    Incident("the builder stopped", Cause.BUILDER_STOPPED, 2, "wait", _gone, _no_builder),
)
"""In the order of the table; delays are those for some thirty signals an hour and subject."""

OLD_REDIS: Final = Incident(
    "Redis restored from an old snapshot",
    Cause.ONLINE_DIFFERS,
    1,
    "another version",
    look=_old_redis,
)
