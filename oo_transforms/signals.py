"""Signals: what producers publish, typed, bounded and decoded in one pass.

Each subject has one class. Two messages have the same content if they decode to equal objects.
Fields that a class does not know stay in the payload and are otherwise ignored.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, ClassVar, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from oo_transforms.clock import MINUTE_US, to_micros
from oo_transforms.decisions import Decision, Echo  # noqa: TC001 - msgspec reads it
from oo_transforms.errors import SignalRejected

SUBJECT_PREFIX = "signals."
MAX_PAYLOAD_BYTES = 64 * 1024
MAX_NESTING = 64
"""How deep objects and arrays of a message may lie in each other."""

MAX_FUTURE_US = 5 * MINUTE_US
"""How far ahead of the stream's clock an event time may be."""

MAX_OFFSET_MINUTES = 840

Id = Annotated[str, Meta(min_length=1, max_length=64)]
UserId = Annotated[str, Meta(min_length=1, max_length=128)]
Instant = Annotated[datetime, Meta(tz=True)]
OffsetMinutes = Annotated[int, Meta(ge=-MAX_OFFSET_MINUTES, le=MAX_OFFSET_MINUTES)]
# The upper bounds keep sums of any number of signals finite; they are beyond every real value.
Seconds = Annotated[float, Meta(ge=0, le=1e10)]
Millis = Annotated[float, Meta(ge=0, le=1e13)]
Minutes = Annotated[float, Meta(ge=0, le=1e9)]
Priority = Annotated[int, Meta(ge=1, le=4)]
Score = Annotated[float, Meta(ge=1, le=5)]
Source = Literal["app", "todoist", "tip", "calendar", "mood"]
Action = Literal["done", "snooze", "dismiss", "ignored"]

SOURCES: tuple[str, ...] = get_args(Source)


class Signal(Struct, kw_only=True):
    """The envelope of every message.

    Attributes:
        subject: The NATS subject, one for each class.
        event_id: Idempotency key, unique for its user; printable.
        user_id: Whom it is about; printable.
        occurred_at: Event time.
        utc_offset_minutes: The user's local clock, minutes east of UTC; left out: the offset
            written in `occurred_at`, which decoding fills in.
    """

    subject: ClassVar[str] = ""

    event_id: Id
    user_id: UserId
    occurred_at: Instant
    utc_offset_minutes: OffsetMinutes | None = None

    def printable(self) -> tuple[str, ...]:
        """Name the texts that must consist of printable characters."""
        return (self.event_id, self.user_id)


class AppSession(Signal, kw_only=True):
    """A session in the app; `occurred_at` is its start.

    Attributes:
        duration_seconds: How long it was.
    """

    subject: ClassVar[str] = "signals.app.session"
    duration_seconds: Seconds


class _TaskSignal(Signal, kw_only=True):
    """Something about a task.

    Attributes:
        task_id: The task; printable.
        category: Its category; printable.
    """

    task_id: Id
    category: Id

    def printable(self) -> tuple[str, ...]:
        return (self.event_id, self.user_id, self.task_id, self.category)


class TaskCreated(_TaskSignal, kw_only=True):
    """A task was created.

    Attributes:
        priority: How urgent it is; 4 is the most urgent.
        due_at: When it is due; None: at no time.
    """

    subject: ClassVar[str] = "signals.task.created"
    priority: Priority
    due_at: Instant | None = None


class TaskCompleted(_TaskSignal, kw_only=True):
    """A task was completed."""

    subject: ClassVar[str] = "signals.task.completed"


class TaskSnoozed(_TaskSignal, kw_only=True):
    """A task was put off."""

    subject: ClassVar[str] = "signals.task.snoozed"


class _TipSignal(Signal, kw_only=True):
    """Something about a tip.

    Attributes:
        tip_id: The tip; printable.
        category: Category of its task; printable.
    """

    tip_id: Id
    category: Id

    def printable(self) -> tuple[str, ...]:
        return (self.event_id, self.user_id, self.tip_id, self.category)


class TipShown(_TipSignal, kw_only=True):
    """A tip was shown.

    Attributes:
        decision: How it came to be chosen; None: not known, so nobody can evaluate it.
    """

    subject: ClassVar[str] = "signals.tip.shown"
    decision: Decision | None = None


class TipFeedback(_TipSignal, kw_only=True):
    """A tip was answered.

    Attributes:
        action: The answer.
        dwell_ms: How long it was looked at, milliseconds; None: not known.
        decision: What is repeated of how it came to be chosen; None: nothing is learned from it.
    """

    subject: ClassVar[str] = "signals.tip.feedback"
    action: Action
    dwell_ms: Millis | None = None
    decision: Echo | None = None


class CalendarSynced(Signal, kw_only=True):
    """The calendar says how much of a window is taken.

    Attributes:
        busy_minutes: How much is taken; at most `window_minutes`.
        window_minutes: How long the window is.
    """

    subject: ClassVar[str] = "signals.calendar.synced"
    busy_minutes: Minutes
    window_minutes: Annotated[float, Meta(gt=0, le=1e9)]

    def __post_init__(self) -> None:
        """Refuse a window that is more than full.

        Raises:
            ValueError: `busy_minutes` exceeds `window_minutes`.
        """
        if self.busy_minutes > self.window_minutes:
            raise ValueError(
                f"busy_minutes is {self.busy_minutes}, more than window_minutes "
                f"{self.window_minutes}; give 0 to window_minutes"
            )


class MoodLogged(Signal, kw_only=True):
    """The user said how he feels.

    Attributes:
        score: From 1, worst, to 5, best.
    """

    subject: ClassVar[str] = "signals.mood.logged"
    score: Score


class SourceSynced(Signal, kw_only=True):
    """A source was read to its end, whether or not it had anything new.

    Attributes:
        source: Which one.
    """

    subject: ClassVar[str] = "signals.source.synced"
    source: Source


class LearnedImported(Signal, kw_only=True):
    """What another bandit had learned about a user; `occurred_at` is when it was so.

    A record of our own in the log, which no message can be: it is stored by an import alone. The
    ridge is not in it.

    Attributes:
        dimensions: Names of the numbers of its vector.
        scale: What each was divided by.
        outer: Sum of `x x'`, the upper triangle row by row.
        rewards: Sum of `reward * x`.
        count: Number of decisions.
    """

    subject: ClassVar[str] = "learned.imported"
    dimensions: tuple[str, ...]
    scale: tuple[float, ...]
    outer: tuple[float, ...]
    rewards: tuple[float, ...]
    count: float


SIGNAL_TYPES: tuple[type[Signal], ...] = (
    AppSession,
    TaskCreated,
    TaskCompleted,
    TaskSnoozed,
    TipShown,
    TipFeedback,
    CalendarSynced,
    MoodLogged,
    SourceSynced,
)

STORED_TYPES: tuple[type[Signal], ...] = (*SIGNAL_TYPES, LearnedImported)
"""What the log may hold: what producers publish, and our own records."""

SUBJECTS: tuple[str, ...] = tuple(sorted(kind.subject for kind in SIGNAL_TYPES))

# A text without an end matches too: were it tried again from every quote, time would be squared.
_TEXT_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[][{}]', re.DOTALL)

_PUBLISHED = frozenset(SUBJECTS)
_DECODERS = {kind.subject: msgspec.json.Decoder(kind) for kind in STORED_TYPES}


def decode(subject: str, payload: bytes, received_us: int) -> Signal:
    """Decode and check one message.

    Args:
        subject: NATS subject.
        payload: The message's bytes.
        received_us: The stream's own timestamp, microseconds; the future is measured against it.

    Returns:
        The signal, with its offset filled in.

    Raises:
        SignalRejected: The message is no valid signal; `reason` is one of "unknown subject",
            "too large", "not JSON", "out of bounds", "from the future".
    """
    if subject not in _PUBLISHED:
        raise SignalRejected("unknown subject", f"{subject!r} is none of {', '.join(SUBJECTS)}")
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise SignalRejected(
            "too large", f"{len(payload)} bytes; a signal has at most {MAX_PAYLOAD_BYTES}"
        )
    _check_nesting(payload)
    try:
        payload.decode()  # msgspec skips the text of unknown fields unread
        signal = _DECODERS[subject].decode(payload)
    except msgspec.ValidationError as error:
        raise SignalRejected("out of bounds", str(error)) from error
    except ValueError as error:
        raise SignalRejected("not JSON", str(error)) from error
    _check(signal, received_us)
    return signal


def redecode(subject: str, payload: bytes, utc_offset_minutes: int | None = None) -> Signal:
    """Decode a message that was accepted before, without asking for the time again.

    A decision accepted before decisions had a form is none: it says nothing that could be used.

    Args:
        subject: NATS subject.
        payload: The message's bytes.
        utc_offset_minutes: Its offset if it is known, which spares reading it from the text.
    """
    try:
        signal = _DECODERS[subject].decode(payload)
    except msgspec.ValidationError:
        signal = _DECODERS[subject].decode(_without_decision(payload))
    if utc_offset_minutes is None:
        _fill_offset(signal)
    else:
        signal.utc_offset_minutes = utc_offset_minutes
    return signal


def _without_decision(payload: bytes) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(payload) | {"decision": None})


def occurred_us(signal: Signal) -> int:
    """Return the event time that the producer stated, in microseconds."""
    return to_micros(signal.occurred_at)


def event_time_us(signal: Signal, received_us: int) -> int:
    """Return the event time that counts: what was stated, but never later than received."""
    return min(occurred_us(signal), received_us)


def _check_nesting(payload: bytes) -> None:
    # How deep a decoder can go depends on the stack below it, so without a bound a message could
    # be accepted by one caller and stop another one later.
    if payload.count(b"{") + payload.count(b"[") <= MAX_NESTING:
        return
    depth = 0
    for token in _TEXT_OR_BRACKET.findall(payload):
        depth += (token in b"[{") - (token in b"]}")
        if depth > MAX_NESTING:
            raise SignalRejected(
                "out of bounds", f"nested more than {MAX_NESTING} levels deep; send it flatter"
            )


def _check(signal: Signal, received_us: int) -> None:
    for text in signal.printable():
        if not text.isprintable():
            raise SignalRejected(
                "out of bounds", f"{text!r} has a character that cannot be printed; remove it"
            )
    _fill_offset(signal)
    occurred = occurred_us(signal)
    if occurred < 0:
        raise SignalRejected(
            "out of bounds", f"occurred_at is {signal.occurred_at}; the least is 1970-01-01"
        )
    if occurred > received_us + MAX_FUTURE_US:
        ahead = (occurred - received_us) / MINUTE_US
        raise SignalRejected(
            "from the future",
            f"occurred_at is {ahead:.1f} minutes after the message was received; at most "
            f"{MAX_FUTURE_US // MINUTE_US} are allowed: check the producer's clock",
        )


def _fill_offset(signal: Signal) -> None:
    if signal.utc_offset_minutes is not None:
        return
    offset = signal.occurred_at.utcoffset()
    minutes = 0 if offset is None else int(offset.total_seconds() // 60)
    if abs(minutes) > MAX_OFFSET_MINUTES:
        raise SignalRejected(
            "out of bounds",
            f"occurred_at is {minutes} minutes from UTC; at most {MAX_OFFSET_MINUTES} are "
            "allowed: give utc_offset_minutes",
        )
    signal.utc_offset_minutes = minutes
