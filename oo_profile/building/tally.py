"""What a batch brings, in counts by name; the quality checks know data by nothing else.

A name is words with `|` between them; what a producer wrote comes last, and may hold anything:

    stored|SUBJECT            duplicate|SUBJECT         rejected|SUBJECT|REASON[: FIELD[ missing]]
    new_users                 looked|SUBJECT            late|SUBJECT|BIN
    ahead|SUBJECT             no_offset|SUBJECT         offset|MINUTES
    value|SUBJECT|FIELD|BIN   null|SUBJECT|FIELD        category|SUBJECT|FIELD|NAME
    shape|upper

The first line and `new_users` are exact. The rest is counted of some signals of a batch, evenly
chosen, and `looked` says of how many: shares are what they are good for. `BIN` of a value is four
to the octave (`value_bin`), of a delay the number of bits of its whole seconds.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Final, TypeAlias

from oo_transforms.signals import (
    SUBJECTS,
    AppSession,
    CalendarSynced,
    MoodLogged,
    Signal,
    SourceSynced,
    TaskCompleted,
    TaskCreated,
    TaskSnoozed,
    TipFeedback,
    TipShown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from oo_profile.storage.rejected import Rejection
    from oo_profile.storage.signal_log import StoredSignal

MAX_NAMES: Final = 64
"""Names of one field in a batch; further ones count under the empty name."""

OTHER: Final = "other"
ZERO_BIN: Final = -99
BINS_PER_OCTAVE: Final = 4

_Getter: TypeAlias = "Callable[[Any], float | None]"

NUMBERS: Final[Mapping[type[Signal], Mapping[str, _Getter]]] = {
    AppSession: {"duration_seconds": lambda s: s.duration_seconds},
    TaskCreated: {
        "priority": lambda s: s.priority,
        "due_at": lambda s: s.due_at and (s.due_at - s.occurred_at).total_seconds(),
    },
    TipFeedback: {"dwell_ms": lambda s: s.dwell_ms},
    CalendarSynced: {
        "busy_minutes": lambda s: s.busy_minutes,
        "window_minutes": lambda s: s.window_minutes,
    },
    MoodLogged: {"score": lambda s: s.score},
}
"""The numbers of each kind of signal; None where one is not given."""

NAMES: Final[Mapping[type[Signal], tuple[str, ...]]] = {
    TaskCreated: ("category",),
    TaskCompleted: ("category",),
    TaskSnoozed: ("category",),
    TipShown: ("category",),
    TipFeedback: ("category", "action"),
    SourceSynced: ("source",),
}
"""The texts of each kind of signal that come from a small set."""

_FIELD = re.compile(r"`\$\.(\w{1,40})|required field `(\w{1,40})`|^'?(occurred_at|busy_minutes)\b")


def value_bin(value: float) -> int:
    """Return the bin of a number: four to the octave, so that every bin is a fifth wider.

    >>> value_bin(1), value_bin(2), value_bin(60) - value_bin(1)
    (0, 4, 23)
    """
    return math.floor(BINS_PER_OCTAVE * math.log2(value)) if value > 0 else ZERO_BIN


def tally(
    stored: Sequence[StoredSignal],
    looked: Sequence[StoredSignal],
    duplicates: Iterable[Signal],
    rejections: Iterable[Rejection],
    new_users: int,
) -> Counter[str]:
    """Count what a batch, or the part of it that came in one minute, brings.

    Args:
        stored: Signals that were stored.
        looked: Those of them that are looked at closely.
        duplicates: Those that had been before.
        rejections: What was rejected, newly.
        new_users: How many of the users had nothing before.
    """
    counts: Counter[str] = Counter()
    for subject, number in Counter([type(one.signal) for one in stored]).items():
        counts[f"stored|{subject.subject}"] = number
    for subject, number in Counter(type(signal) for signal in duplicates).items():
        counts[f"duplicate|{subject.subject}"] = number
    for rejection in rejections:
        counts[_rejected(rejection)] += 1
    if new_users:
        counts["new_users"] = new_users
    by_kind: dict[type[Signal], list[StoredSignal]] = {}
    for one in looked:
        by_kind.setdefault(type(one.signal), []).append(one)
    for kind, signals in by_kind.items():
        _look(counts, kind, signals)
    return counts


def _look(counts: Counter[str], kind: type[Signal], signals: Sequence[StoredSignal]) -> None:
    subject = kind.subject
    counts[f"looked|{subject}"] += len(signals)
    delays_us = [one.received_us - one.event_time_us for one in signals]
    # At most as late as received is what an event ahead of the stream's clock is stored with.
    if ahead := delays_us.count(0):
        counts[f"ahead|{subject}"] += ahead
    for bits, number in Counter((us // 1_000_000).bit_length() for us in delays_us).items():
        counts[f"late|{subject}|{bits}"] += number
    for minutes, number in Counter(one.signal.utc_offset_minutes for one in signals).items():
        counts[f"offset|{minutes}"] += number
    if unstated := sum(_lacks_offset(one) for one in signals):
        counts[f"no_offset|{subject}"] += unstated
    if upper := sum(not one.signal.user_id.islower() for one in signals):
        counts["shape|upper"] += upper
    for field, get in NUMBERS.get(kind, {}).items():
        _look_at_numbers(counts, f"{subject}|{field}", [get(one.signal) for one in signals])
    for field in NAMES.get(kind, ()):
        _look_at_names(counts, f"{subject}|{field}", [getattr(s.signal, field) for s in signals])


def _lacks_offset(stored: StoredSignal) -> bool:
    """Say whether a signal left its user's clock unsaid, by a bare Z."""
    if stored.signal.utc_offset_minutes != 0:
        return False
    return not any(text in stored.payload for text in (b"utc_offset_minutes", b"+00:00", b"-00:00"))


def _look_at_numbers(counts: Counter[str], name: str, values: Sequence[float | None]) -> None:
    given = [value for value in values if value is not None]
    if len(given) < len(values):
        counts[f"null|{name}"] += len(values) - len(given)
    for number_bin, number in Counter(map(value_bin, given)).items():
        counts[f"value|{name}|{number_bin}"] += number


def _look_at_names(counts: Counter[str], name: str, values: Sequence[str]) -> None:
    for place, (text, number) in enumerate(Counter(values).most_common()):
        counts[f"category|{name}|{text if place < MAX_NAMES else ''}"] += number


def _rejected(rejection: Rejection) -> str:
    subject = rejection.message.subject
    known = subject if subject in SUBJECTS else OTHER
    found = _FIELD.search(rejection.error.detail) if known != OTHER else None
    field = next(filter(None, found.groups()), "") if found else ""
    if found and found.group(2):
        field += " missing"
    return f"rejected|{known}|{rejection.error.reason}{': ' if field else ''}{field}"
