"""What a simulated person does: his events, drawn from his habits.

But for the moment when the app is first connected, everything happens within sessions. A session
may bring new tasks, and each task is completed in this session or a later one, or never; it may
bring a tip and its answer, a mood, a sync.
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from oo_profile.inputs.local_days import DAY_MS, LocalDays
from oo_profile.inputs.person import (
    CATEGORIES,
    OTHER_ANSWERS,
    Person,
    local_offsets,
    sessions_by_day,
)

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
SECOND_MS = 1_000

TASKS_PER_SESSION = 0.6
TIPS_PER_SESSION = 0.4
CALENDAR_SYNCS_PER_SESSION = 0.2
MOODS_PER_SESSION = 0.15
SOURCE_SYNCS_PER_SESSION = 0.2

COMPLETED_PER_SESSION = 0.45
"""Of the open tasks that will be completed, in each session."""

PRIORITY_WEIGHTS = (0.4, 0.35, 0.15, 0.1)
DUE_SHARE = 0.4
DWELL_SHARE = 0.7
"""Of the answers, those that say how long the tip was looked at."""

ANSWERS = ("done", *OTHER_ANSWERS)
SYNCED_SOURCES = ("app", "todoist", "tip", "calendar", "mood")
CALENDAR_WINDOW_MINUTES = 480
NOT_SAID = -1


class Kind(IntEnum):
    """Kinds of event, in the order they have at the same instant."""

    SESSION = 0
    SYNCED = 1
    CREATED = 2
    SNOOZED = 3
    COMPLETED = 4
    SHOWN = 5
    FEEDBACK = 6
    MOOD = 7
    CALENDAR = 8


EVENT = np.dtype(
    [
        ("at_ms", "i8"),  # since the epoch, UTC
        ("offset", "i2"),  # minutes east of UTC
        ("kind", "u1"),
        ("category", "i1"),  # index in CATEGORIES
        ("thing", "i4"),  # number of the task or tip
        ("value", "f8"),  # seconds, priority, answer, score, busy minutes or source, by kind
        ("extra", "i8"),  # due time or dwell in milliseconds, or NOT_SAID
    ]
)
"""One event; what does not apply to its kind is 0, or NOT_SAID."""

Events: TypeAlias = "NDArray[np.void]"


def draw_life(person: Person, days: LocalDays, random: Generator) -> Events:
    """Draw all events of a person within the stretch, in order of time.

    Args:
        person: His habits.
        days: The simulated stretch. Events at or after its end, or after he stopped, are left
            out: a task that would be completed later stays open.
        random: His own source of chance.

    Returns:
        Rows of `EVENT`.
    """
    life = _Life(person, days, random)
    events = np.concatenate(
        [
            life.sign_up(),
            life.sessions,
            *life.tasks(),
            *life.tips(),
            life.moods(),
            life.calendar_syncs(),
            life.source_syncs(),
        ]
    )
    events = events[life.within(events["at_ms"])]
    ordered: Events = events[np.lexsort((events["thing"], events["kind"], events["at_ms"]))]
    return ordered


class _Life:
    def __init__(self, person: Person, days: LocalDays, random: Generator) -> None:
        self._person = person
        self._days = days
        self._random = random
        self._offsets = local_offsets(person, days)
        self._end_ms = days.end_ms
        if person.stops_at is not None:
            self._end_ms = int(datetime.fromisoformat(person.stops_at).timestamp()) * SECOND_MS
        self.sessions = self._sessions()

    def within(self, at_ms: NDArray[np.int64]) -> NDArray[np.bool_]:
        inside: NDArray[np.bool_] = (at_ms >= self._days.start_ms) & (at_ms < self._end_ms)
        return inside

    def _sessions(self) -> Events:
        random, days = self._random, self._days
        a_day = random.poisson(sessions_by_day(self._person, days))
        day = np.repeat(np.arange(len(days)), a_day)
        hour = random.choice(24, len(day), p=self._person.hour_weights)
        clock_ms = hour * HOUR_MS + random.integers(0, HOUR_MS, len(day))
        offset = self._offsets[day]
        at_ms = days.first_midnight_ms + day * DAY_MS + clock_ms - offset * MINUTE_MS
        sessions = _events(Kind.SESSION, at_ms, offset)
        minutes = random.lognormal(np.log(self._person.session_minutes), 0.8, len(day))
        sessions["value"] = np.round(np.clip(minutes * 60, 20, 3 * 3600))
        kept: Events = np.sort(sessions[self.within(at_ms)], order="at_ms")
        return kept

    def sign_up(self) -> Events:
        """Draw the one event that everybody has: the app is connected in the first half day."""
        at_ms = self._days.start_ms + self._random.integers(0, DAY_MS // 2, 1)
        home = self._offsets[(at_ms - self._days.first_midnight_ms) // DAY_MS]
        return _events(Kind.SYNCED, at_ms, home)

    def tasks(self) -> tuple[Events, Events, Events]:
        """Draw tasks created, snoozed and completed."""
        session = self._some_sessions(TASKS_PER_SESSION)
        created = self._in_session(Kind.CREATED, session)
        self._describe(created)
        completed, done = self._completed(session, created)
        snoozed = self._snoozed(session, created, np.where(done, completed["at_ms"], _NEVER_MS))
        return created, snoozed, completed[done]

    def _describe(self, created: Events) -> None:
        random, count = self._random, len(created)
        weights = list(self._person.category_weights.values())
        created["category"] = random.choice(len(CATEGORIES), count, p=weights)
        created["thing"] = np.arange(count)
        created["value"] = random.choice(4, count, p=PRIORITY_WEIGHTS) + 1
        in_days = random.lognormal(np.log(3.0), 0.9, count)
        # People name a due time to the minute.
        due_ms = (created["at_ms"] + in_days * DAY_MS) // MINUTE_MS * MINUTE_MS
        created["extra"] = np.where(random.random(count) < DUE_SHARE, due_ms, NOT_SAID)

    def _completed(self, session: NDArray[np.int64], created: Events) -> _Drawn:
        """Draw the completion of each task, and whether there is one."""
        random, count = self._random, len(created)
        later = session + random.geometric(COMPLETED_PER_SESSION, count) - 1
        will = random.random(count) < self._person.completion_probability
        done = will & (later < len(self.sessions))
        return self._follow_up(Kind.COMPLETED, created, later), done

    def _snoozed(
        self, session: NDArray[np.int64], created: Events, completed_ms: NDArray[np.int64]
    ) -> Events:
        random, count = self._random, len(created)
        later = session + random.geometric(0.5, count)
        will = random.random(count) < self._person.snooze_probability
        snoozed = self._follow_up(Kind.SNOOZED, created, later)
        is_open = (later < len(self.sessions)) & (snoozed["at_ms"] < completed_ms)
        kept: Events = snoozed[will & is_open]
        return kept

    def _follow_up(self, kind: Kind, created: Events, session: NDArray[np.int64]) -> Events:
        """Make an event about each task, within a session but after the task was created."""
        events = self._in_session(kind, np.minimum(session, max(len(self.sessions) - 1, 0)))
        is_early = events["at_ms"] <= created["at_ms"]
        pause = self._random.integers(1, 300, len(events)) * SECOND_MS
        events["at_ms"] = np.where(is_early, created["at_ms"] + pause, events["at_ms"])
        events["offset"] = np.where(is_early, created["offset"], events["offset"])
        events["category"] = created["category"]
        events["thing"] = created["thing"]
        return events

    def tips(self) -> tuple[Events, Events]:
        """Draw tips shown, and the answer to each."""
        shown = self._in_session(Kind.SHOWN, self._some_sessions(TIPS_PER_SESSION))
        random, count = self._random, len(shown)
        shown["category"] = random.integers(0, len(CATEGORIES), count)
        shown["thing"] = np.arange(count)
        dwell_ms = (random.lognormal(np.log(6.0), 0.9, count) * SECOND_MS).astype(np.int64)
        answered = shown.copy()
        answered["kind"] = Kind.FEEDBACK
        answered["at_ms"] += dwell_ms
        answered["value"] = self._answers(shown["category"])
        answered["extra"] = np.where(random.random(count) < DWELL_SHARE, dwell_ms, NOT_SAID)
        return shown, answered

    def _answers(self, category: NDArray[np.int8]) -> NDArray[np.int64]:
        random, count = self._random, len(category)
        done = np.array(list(self._person.tip_done_probability.values()))[category]
        others = list(self._person.tip_other_weights.values())
        other = random.choice(len(others), count, p=others)
        answers: NDArray[np.int64] = np.where(random.random(count) < done, 0, 1 + other)
        return answers

    def moods(self) -> Events:
        """Draw the moods logged, if he logs any."""
        per_session = MOODS_PER_SESSION if "mood" in self._person.sources else 0.0
        moods = self._in_session(Kind.MOOD, self._some_sessions(per_session))
        drawn = self._random.normal(self._person.mood_mean, 0.8, len(moods))
        moods["value"] = np.clip(np.round(drawn), 1, 5)
        return moods

    def calendar_syncs(self) -> Events:
        """Draw what his calendar says, if he connected it."""
        per_session = CALENDAR_SYNCS_PER_SESSION if "calendar" in self._person.sources else 0.0
        syncs = self._in_session(Kind.CALENDAR, self._some_sessions(per_session))
        mean = self._person.busy_mean
        busy = self._random.beta(8 * mean, 8 * (1 - mean), len(syncs))
        syncs["value"] = np.round(busy * CALENDAR_WINDOW_MINUTES)
        return syncs

    def source_syncs(self) -> Events:
        """Draw which sources were read, at the start of a session."""
        session = self._some_sessions(SOURCE_SYNCS_PER_SESSION)
        syncs = _events(
            Kind.SYNCED, self.sessions["at_ms"][session], self.sessions["offset"][session]
        )
        connected = [
            index
            for index, name in enumerate(SYNCED_SOURCES)
            if name in ("app", "todoist", "tip", *self._person.sources)
        ]
        syncs["value"] = self._random.choice(connected, len(syncs))
        return syncs

    def _some_sessions(self, per_session: float) -> NDArray[np.int64]:
        """Draw how many things each session brings; give the session of each thing."""
        counts = self._random.poisson(per_session, len(self.sessions))
        return np.repeat(np.arange(len(self.sessions)), counts)

    def _in_session(self, kind: Kind, session: NDArray[np.int64]) -> Events:
        chosen = self.sessions[session]
        into_ms = self._random.random(len(chosen)) * chosen["value"] * SECOND_MS
        return _events(kind, chosen["at_ms"] + into_ms.astype(np.int64), chosen["offset"])


_NEVER_MS = np.iinfo(np.int64).max
_Drawn: TypeAlias = "tuple[Events, NDArray[np.bool_]]"


def _events(kind: Kind, at_ms: NDArray[np.int64], offset: NDArray[np.int64]) -> Events:
    events = np.zeros(len(at_ms), EVENT)
    events["at_ms"] = at_ms
    events["offset"] = offset
    events["kind"] = kind
    events["extra"] = NOT_SAID
    return events
