"""How many signals stand behind each state, and what they still weigh; and the latest of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oo_transforms.decayed import decay
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    import sqlite3

LATEST = 20
SHOWN_BYTES = 2000
_LATEST = """
    SELECT event_id, subject, occurred_at, received_at, utc_offset_minutes,
           substr(payload, 1, ?), length(payload)
    FROM signals WHERE user_id = ? AND occurred_at <= ?
    ORDER BY occurred_at DESC, event_id DESC LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Behind:
    """The signals behind a state.

    Attributes:
        signals: How many there are by the moment.
        left: What they still weigh together, each once 1 at its event time.
    """

    signals: int
    left: float


@dataclass(frozen=True, slots=True)
class LatestSignal:
    """A signal as it was received.

    Attributes:
        event_id: Its id.
        subject: Its subject.
        occurred_us: Its event time, microseconds.
        received_us: When the stream had it, microseconds.
        utc_offset_minutes: The user's local clock as it tells it.
        payload: The beginning of the message.
        payload_bytes: The length of all of it.
    """

    event_id: str
    subject: str
    occurred_us: int
    received_us: int
    utc_offset_minutes: int
    payload: str
    payload_bytes: int


def signals_behind(connection: sqlite3.Connection, user_id: str, now_us: int) -> dict[str, Behind]:
    """Count a user's signals by a moment, by state view."""
    ages: dict[str, list[int]] = {}
    for subject, occurred_us in connection.execute(
        "SELECT subject, occurred_at FROM signals WHERE user_id = ? AND occurred_at <= ?",
        (user_id, now_us),
    ):
        ages.setdefault(subject, []).append(now_us - occurred_us)
    found = {}
    for view in STATE_VIEWS:
        own = [age for subject in view.subjects for age in ages.get(subject, ())]
        left = sum(decay(age, view.half_life_us) for age in own)
        found[view.name] = Behind(len(own), float(left))
    return found


def latest_signals(
    connection: sqlite3.Connection, user_id: str, now_us: int, limit: int = LATEST
) -> list[LatestSignal]:
    """List a user's signals by a moment, those that happened last first."""
    rows = connection.execute(_LATEST, (SHOWN_BYTES, user_id, now_us, limit))
    return [_latest(row) for row in rows]


def _latest(row: tuple[Any, ...]) -> LatestSignal:
    event_id, subject, occurred_us, received_us, offset, payload, size = row
    text = bytes(payload).decode(errors="replace")
    return LatestSignal(event_id, subject, occurred_us, received_us, offset, text, size)
