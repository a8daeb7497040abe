"""Two messages have the same content if their subject and their decoded known fields are equal."""

from __future__ import annotations

from typing import Any

import pytest
from support.payloads import DECISION, ECHO, RECEIVED_US, SUBJECTS, payload

from oo_transforms import Signal, decode

SESSION, CREATED = "signals.app.session", "signals.task.created"


def decoded(subject: str, **changes: Any) -> Signal:  # noqa: ANN401 - any JSON
    """Decode a valid message with some fields changed."""
    return decode(subject, payload(subject, **changes), RECEIVED_US)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_same_message_is_equal_to_itself(subject: str) -> None:
    """Order of fields, white space and unknown fields are not content."""
    spaced = payload(subject, extra=1).replace(b", ", b" ,\n\t")
    assert decode(subject, spaced, RECEIVED_US) == decoded(subject)
    assert decode(subject, spaced, RECEIVED_US + 10**9) == decoded(subject)


def test_one_instant_in_two_offsets_is_one_content_if_the_clock_is_stated() -> None:
    """With `utc_offset_minutes` given, how the instant is written does not matter."""
    here = decoded(SESSION, occurred_at="2026-01-01T11:00:00+02:00", utc_offset_minutes=120)
    there = decoded(SESSION, occurred_at="2026-01-01T09:00:00Z", utc_offset_minutes=120)
    assert here == there
    assert here == decoded(SESSION, occurred_at="2026-01-01T11:00:00+02:00")


def test_another_local_clock_is_another_content() -> None:
    """One instant in two offsets, the clock not stated, falls into two local hours."""
    assert decoded(SESSION, occurred_at="2026-01-01T11:00:00+02:00") != decoded(
        SESSION, occurred_at="2026-01-01T09:00:00Z"
    )


def test_a_number_is_the_same_however_it_is_written() -> None:
    """60, 60.0 and 6e1 are one duration."""
    raw = payload(SESSION)
    assert decode(SESSION, raw.replace(b"60", b"6e1"), RECEIVED_US) == decoded(SESSION)
    assert decoded(SESSION, duration_seconds=60.0) == decoded(SESSION, duration_seconds=60)


def test_a_due_time_is_an_instant() -> None:
    """It has no clock of its own."""
    assert decoded(CREATED, due_at="2026-01-02T11:00:00+02:00") == decoded(
        CREATED, due_at="2026-01-02T09:00:00Z"
    )
    assert decoded(CREATED, due_at="2026-01-02T09:00:00Z") != decoded(CREATED)


def test_equal_fields_under_another_subject_are_another_content() -> None:
    """A task snoozed is not the same task completed."""
    raw = payload("signals.task.snoozed")
    snoozed = decode("signals.task.snoozed", raw, RECEIVED_US)
    assert snoozed != decode("signals.task.completed", raw, RECEIVED_US)


@pytest.mark.parametrize(
    ("subject", "changes"),
    [
        (SESSION, {"duration_seconds": 61}),
        (SESSION, {"occurred_at": "2026-01-01T11:00:00.000001+02:00"}),
        (SESSION, {"utc_offset_minutes": 119}),
        (SESSION, {"event_id": "e2"}),
        (SESSION, {"user_id": "U1"}),
        ("signals.task.completed", {"category": "docs"}),
        ("signals.tip.feedback", {"action": "ignored"}),
        ("signals.tip.feedback", {"dwell_ms": 0}),
        ("signals.tip.shown", {"decision": DECISION}),
        ("signals.tip.feedback", {"decision": ECHO}),
        ("signals.source.synced", {"source": "app"}),
    ],
)
def test_any_known_field_is_content(subject: str, changes: dict[str, Any]) -> None:
    """A change of one field is another content."""
    assert decoded(subject, **changes) != decoded(subject)
