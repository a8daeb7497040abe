"""Valid signals: what is read, what is filled in, what is kept out of the way."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given, settings
from support.payloads import (
    DECISION,
    ECHO,
    FEATURES,
    OWN_FIELDS,
    RECEIVED_US,
    SUBJECTS,
    message,
    payload,
)
from support.strategies import Logged, logs

from oo_transforms import (
    SIGNAL_TYPES,
    TipFeedback,
    TipShown,
    decode,
    event_time_us,
    redecode,
    to_micros,
)
from oo_transforms import SUBJECTS as DECLARED
from oo_transforms.decisions import echo_of
from oo_transforms.signals import MAX_PAYLOAD_BYTES

SESSION = "signals.app.session"
SHOWN, FEEDBACK = "signals.tip.shown", "signals.tip.feedback"
MINUTE_US = 60_000_000
every_subject = pytest.mark.parametrize("subject", SUBJECTS)


def test_these_are_all_the_subjects() -> None:
    """Nine subjects, one class each."""
    assert sorted(SUBJECTS) == list(DECLARED)
    assert len(SIGNAL_TYPES) == len(DECLARED)


@every_subject
def test_a_signal_has_what_its_message_says(subject: str) -> None:
    """Every field arrives under its own name, and the subject is the class's."""
    signal = decode(subject, payload(subject), RECEIVED_US)
    fields = msgspec.structs.asdict(signal)
    assert signal.subject == subject
    assert {name: fields[name] for name in OWN_FIELDS[subject]} == OWN_FIELDS[subject]
    assert (signal.event_id, signal.user_id) == ("e1", "u1")
    assert signal.occurred_at == datetime(2026, 1, 1, 9, tzinfo=timezone(timedelta()))


@settings(deadline=None, max_examples=50)
@given(logs(max_size=5))
def test_every_drawn_signal_is_valid(log: list[Logged]) -> None:
    """Whatever the strategies draw is accepted, with its own event time."""
    for logged in log:
        raw = json.dumps(logged.data).encode()
        signal = decode(logged.subject, raw, logged.received_us)
        assert event_time_us(signal, logged.received_us) == logged.event_us
        assert redecode(logged.subject, raw) == signal


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        ("2026-01-01T11:00:00+02:00", 120),
        ("2026-01-01T09:00:00Z", 0),
        ("2026-01-01T05:30:00-03:30", -210),
        ("2026-01-01T23:00:00+14:00", 840),
        ("2025-12-31T19:00:00-14:00", -840),
    ],
)
def test_the_offset_is_the_one_written(written: str, minutes: int) -> None:
    """Without a field, the user's clock is that of `occurred_at`."""
    signal = decode(SESSION, payload(SESSION, occurred_at=written), RECEIVED_US)
    assert signal.utc_offset_minutes == minutes
    null = payload(SESSION, occurred_at=written, utc_offset_minutes=None)
    assert decode(SESSION, null, RECEIVED_US) == signal


def test_the_offset_field_wins() -> None:
    """If both are given the field counts, also where the written offset is out of bounds."""
    given_field = payload(SESSION, utc_offset_minutes=-60)
    assert decode(SESSION, given_field, RECEIVED_US).utc_offset_minutes == -60
    far = payload(SESSION, occurred_at="2026-01-01T08:00:00+18:00", utc_offset_minutes=840)
    assert decode(SESSION, far, RECEIVED_US).utc_offset_minutes == 840


@every_subject
def test_unknown_fields_are_ignored(subject: str) -> None:
    """A field that a class does not know changes nothing, whatever it holds."""
    plain = decode(subject, payload(subject), RECEIVED_US)
    more = payload(subject, extra={"a": [1, None]}, Category="x", tags=[])
    assert decode(subject, more, RECEIVED_US) == plain


def test_optional_fields_may_be_missing_or_null() -> None:
    """`due_at`, `decision` and `dwell_ms` are None if they are not given."""
    subject = "signals.tip.feedback"
    missing = decode(subject, payload(subject), RECEIVED_US)
    null = decode(subject, payload(subject, decision=None, dwell_ms=None), RECEIVED_US)
    assert isinstance(missing, TipFeedback)
    assert missing == null
    assert (missing.decision, missing.dwell_ms) == (None, None)


def test_a_decision_and_its_echo_come_typed() -> None:
    """What a policy saw and chose, and what the answer repeats of it."""
    shown = decode(SHOWN, payload(SHOWN, decision=DECISION), RECEIVED_US)
    answer = decode(FEEDBACK, payload(FEEDBACK, decision=ECHO), RECEIVED_US)
    assert isinstance(shown, TipShown)
    assert isinstance(answer, TipFeedback)
    assert shown.decision is not None
    assert shown.decision.features == FEATURES
    assert shown.decision.policies["bandit_v1"].prediction == 0.45
    assert answer.decision == echo_of(shown.decision, ECHO["shown_at"])


def test_a_decision_from_before_they_had_a_form_is_read_again_as_none() -> None:
    """What was accepted once can be replayed for ever."""
    for subject in (SHOWN, FEEDBACK):
        old = redecode(subject, payload(subject, decision={"policy": "v2", "n": [1, 2]}))
        assert old == decode(subject, payload(subject), RECEIVED_US)


def test_the_future_begins_after_five_minutes() -> None:
    """Up to five minutes ahead is accepted, and the event time is never later than received."""
    ahead = "2026-01-01T12:05:00Z"
    signal = decode(SESSION, payload(SESSION, occurred_at=ahead), RECEIVED_US)
    assert to_micros(signal.occurred_at) == RECEIVED_US + 5 * MINUTE_US
    assert event_time_us(signal, RECEIVED_US) == RECEIVED_US


def test_an_old_message_is_not_an_error() -> None:
    """Decades late is late, not wrong."""
    signal = decode(SESSION, payload(SESSION, occurred_at="1970-01-01T00:00:00Z"), RECEIVED_US)
    assert event_time_us(signal, RECEIVED_US) == 0


def test_sixty_four_kibibytes_are_accepted() -> None:
    """The bound is inclusive, and white space counts."""
    full = payload(SESSION).ljust(MAX_PAYLOAD_BYTES)
    assert decode(SESSION, full, RECEIVED_US) == decode(SESSION, payload(SESSION), RECEIVED_US)


@pytest.mark.parametrize("name", ["event_id", "task_id", "category"])
@pytest.mark.parametrize("text", ["a", "\U0001f331" * 64, "two words", "\u00fc", "..", "'; --"])
def test_any_printable_text_is_an_id(name: str, text: str) -> None:
    """1 to 64 characters of any script, spaces included."""
    subject = "signals.task.completed"
    signal = decode(subject, payload(subject, **{name: text}), RECEIVED_US)
    assert getattr(signal, name) == text


def test_nesting_up_to_the_bound_is_accepted_from_any_depth_of_stack() -> None:
    """What one caller accepts, every caller can read again."""
    more: dict[str, object] = {}
    for _ in range(62):
        more = {"a": more}
    raw = payload("signals.tip.shown", more=more, note="[[{{" * 50)

    def deeper(frames: int) -> object:
        return deeper(frames - 1) if frames else redecode("signals.tip.shown", raw)

    assert deeper(500) == decode("signals.tip.shown", raw, RECEIVED_US)


def test_messages_are_built_as_the_tests_say() -> None:
    """The base message of every subject is JSON of its envelope and its own fields."""
    for subject in SUBJECTS:
        assert json.loads(payload(subject)) == message(subject)
