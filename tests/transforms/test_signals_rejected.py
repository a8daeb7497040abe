"""Bad messages: each is rejected with its reason, whatever it is made of."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.payloads import (
    DECISION,
    ECHO,
    ENVELOPE,
    FEATURES,
    OWN_FIELDS,
    RECEIVED_US,
    SUBJECTS,
    message,
    payload,
    payload_without,
)

from oo_transforms import SignalRejected, decode

SESSION, SHOWN = "signals.app.session", "signals.tip.shown"
REASONS = {None, "not JSON", "out of bounds", "from the future"}
"""What may become of a message of a known subject and size."""


def reason(subject: str, raw: bytes) -> str:
    """Decode what must be rejected and tell why it was."""
    with pytest.raises(SignalRejected) as rejected:
        decode(subject, raw, RECEIVED_US)
    assert rejected.value.detail
    assert str(rejected.value) == f"{rejected.value.reason}: {rejected.value.detail}"
    return rejected.value.reason


REQUIRED = [(subject, name) for subject in SUBJECTS for name in (*ENVELOPE, *OWN_FIELDS[subject])]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"not json",
        b'{"event_id": "e1",}',
        b"\xef\xbb\xbf{}",
        b"\x00",
        payload(SESSION)[:-1],
        payload(SESSION) + b"x",
        payload(SESSION).replace(b"60", b"NaN"),
        payload(SESSION).replace(b"60", b"Infinity"),
        payload(SESSION).replace(b"60", b"-Infinity"),
        payload(SESSION, x="y").replace(b'"y"', b"NaN"),
        payload(SESSION).replace(b"u1", b"\xff"),
        payload(SESSION, x="y").replace(b"y", b"\xed\xa0\x80"),
        payload(SESSION).replace(b"u1", b"\\ud800"),
        payload(SESSION).replace(b"u1", b"\\udc00\\ud800"),
        payload(SESSION).replace(b"u1", b"a\nb"),
    ],
)
def test_what_is_no_json_is_rejected(raw: bytes) -> None:
    """Malformed JSON, NaN, text that is not UTF-8, and half a surrogate pair."""
    assert reason(SESSION, raw) == "not JSON"


@pytest.mark.parametrize("raw", [b"null", b"[]", b"3", b'"text"', b"{}", b"true"])
def test_json_of_another_shape_is_rejected(raw: bytes) -> None:
    """A message is an object with the fields of its subject."""
    assert reason(SESSION, raw) == "out of bounds"


@pytest.mark.parametrize(("subject", "name"), REQUIRED)
def test_a_missing_field_is_named(subject: str, name: str) -> None:
    """Every field but the optional ones is required, and the reason names it."""
    with pytest.raises(SignalRejected, match=f"out of bounds.*`{name}`"):
        decode(subject, payload_without(subject, name), RECEIVED_US)
    assert reason(subject, payload(subject, **{name: None})) == "out of bounds"


BAD_FIELDS: list[tuple[str, str, Any]] = [
    *((SESSION, "duration_seconds", bad) for bad in (-1, -0.001, 1e11, "60", True, [60])),
    *(("signals.task.created", "priority", bad) for bad in (0, 5, 2.5, "2", True)),
    *(("signals.task.created", "due_at", bad) for bad in ("tomorrow", "2026-01-02T00:00:00", 1)),
    *(("signals.tip.feedback", "action", bad) for bad in ("", "Done", "click", 1)),
    *(("signals.tip.feedback", "dwell_ms", bad) for bad in (-1, "5", False)),
    *((SHOWN, "decision", bad) for bad in ("text", [1], 5)),
    *(("signals.calendar.synced", "busy_minutes", bad) for bad in (-1, 481, "30")),
    *(("signals.calendar.synced", "window_minutes", bad) for bad in (0, -5, 29.5, "480")),
    *(("signals.mood.logged", "score", bad) for bad in (0, 0.99, 5.01, 6, "4", True)),
    *(("signals.source.synced", "source", bad) for bad in ("", "all", "App", "github", 5)),
    *((SESSION, "utc_offset_minutes", bad) for bad in (841, -841, 10**30, 2.5, "60", True)),
    *((SESSION, name, bad) for name in ("event_id", "user_id") for bad in ("", 5, None, "a\tb")),
    (SESSION, "event_id", "x" * 65),
    (SESSION, "user_id", "x" * 129),
    *(("signals.task.completed", name, "") for name in ("task_id", "category")),
    *(("signals.task.completed", name, "x" * 65) for name in ("task_id", "category")),
    *(("signals.tip.shown", name, "a\u200bb") for name in ("tip_id", "category")),
    *((SESSION, "event_id", bad) for bad in ("\x00", "a\nb", "\x7f", "\u2028", "\u00a0", "\ue000")),
]


@pytest.mark.parametrize(("subject", "name", "bad"), BAD_FIELDS)
def test_a_value_out_of_bounds_is_rejected(subject: str, name: str, bad: object) -> None:
    """Wrong types, numbers beyond their bounds, texts too long or not printable."""
    assert reason(subject, payload(subject, **{name: bad})) == "out of bounds"


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"1" + b"0" * 400])
def test_a_number_beyond_all_floats_is_rejected(number: bytes) -> None:
    """No infinity comes in by way of too many digits or too large an exponent."""
    assert reason(SESSION, payload(SESSION).replace(b"60", number)) == "out of bounds"


def test_a_decision_has_no_infinity_either() -> None:
    """Its features are finite numbers."""
    inside = payload(SHOWN, decision=DECISION | {"features": FEATURES | {"hour_sin": "?"}})
    assert reason(SHOWN, inside.replace(b'"?"', b"1e999")) == "out of bounds"
    assert reason(SHOWN, inside.replace(b'"?"', b"NaN")) == "not JSON"


BAD_DECISIONS: list[tuple[str, Any]] = [
    *(("propensity", bad) for bad in (0, -0.1, 1.01, None, "0.5", True)),
    *(("candidates", bad) for bad in (0, 10_001, 2.5)),
    *(("stage", bad) for bad in ("", "Canary", "off")),
    *(("service", bad) for bad in ("bandit_v9", "bandit_v2", "")),
    *(("live", bad) for bad in ("bandit_v2", "nobody")),
    *(("state_version", bad) for bad in (-1, 0.5)),
    *(("now", bad) for bad in (-1.0, "now", None)),
    ("features", {}),
    ("features", FEATURES | {"unheard_of": 1.0}),
    ("features", FEATURES | {"hour_sin": 1e13}),
    ("features", FEATURES | {"is_weekend": True}),
    ("policies", {}),
    ("policies", {"bandit_v9": DECISION["policies"]["bandit_v1"]}),
    *(
        ("policies", {"bandit_v1": DECISION["policies"]["bandit_v1"] | {name: bad}})
        for name, bad in (("probability", 1.1), ("probability", -0.1), ("prediction", 1e7))
    ),
]


@pytest.mark.parametrize(("name", "bad"), BAD_DECISIONS)
def test_a_decision_that_could_not_be_evaluated_is_rejected(name: str, bad: object) -> None:
    """Chances outside 0 to 1, features of another service, policies that nobody knows."""
    assert reason(SHOWN, payload(SHOWN, decision=DECISION | {name: bad})) == "out of bounds"


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("service", "bandit_v2"),
        ("features", FEATURES | {"unheard_of": 1.0}),
        ("features", {"hour_sin": 0.5}),
        ("shown_at", -1.0),
        ("shown_at", "2026-01-01T11:00:00Z"),
    ],
)
def test_an_echo_that_does_not_fit_its_service_is_rejected(name: str, bad: object) -> None:
    """An answer is learned from by the features that it repeats."""
    raw = payload("signals.tip.feedback", decision=ECHO | {name: bad})
    assert reason("signals.tip.feedback", raw) == "out of bounds"


@pytest.mark.parametrize(
    "written",
    [
        "2026-01-01T11:00:00",
        "2026-01-01",
        "2026-01-01T11:00Z",
        "2026-13-01T11:00:00Z",
        "2026-01-01T25:00:00Z",
        "2026-01-01T11:00:60Z",
        "2026-01-01T11:00:00+24:00",
        "1767268800",
        1767268800,
        "1969-12-31T23:59:59.999999Z",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_an_event_time_is_an_instant_since_1970(written: object) -> None:
    """RFC 3339 with an offset; naive times and numbers are no instants."""
    assert reason(SESSION, payload(SESSION, occurred_at=written)) == "out of bounds"


@pytest.mark.parametrize("written", ["2026-01-01T08:00:00+14:01", "2025-12-31T19:00:00-14:01"])
def test_a_written_offset_beyond_the_bound_needs_the_field(written: str) -> None:
    """The reason says how to state the user's clock."""
    with pytest.raises(SignalRejected, match=r"minutes from UTC.*840.*give utc_offset_minutes"):
        decode(SESSION, payload(SESSION, occurred_at=written), RECEIVED_US)


def test_more_than_five_minutes_ahead_is_the_future() -> None:
    """It is measured against the stream's clock, to the microsecond."""
    assert reason(SESSION, payload(SESSION, occurred_at="2026-01-01T12:05:00.000001Z")) == (
        "from the future"
    )
    far = payload(SESSION, occurred_at="9999-12-31T23:59:59-14:00")
    assert reason(SESSION, far) == "from the future"


def test_more_than_64_kib_is_too_large() -> None:
    """Even white space counts, and nothing is decoded."""
    assert reason(SESSION, payload(SESSION).ljust(64 * 1024 + 1)) == "too large"


@pytest.mark.parametrize("subject", ["", "signals", "signals.app", "signals.app.session.x", "x"])
def test_an_unknown_subject_is_rejected_first(subject: str) -> None:
    """The reason lists the subjects there are, whatever the message holds."""
    with pytest.raises(SignalRejected, match=r"unknown subject.*signals\.app\.session, "):
        decode(subject, b"not json", RECEIVED_US)


@pytest.mark.parametrize(
    ("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'{"\\"[":[', b"]}")]
)
@pytest.mark.parametrize("levels", [64, 200, 5000])
def test_deep_nesting_is_rejected(opening: bytes, closing: bytes, levels: int) -> None:
    """In known fields and in unknown ones, long before a stack could end."""
    nest = opening * levels + b"1" + closing * levels
    for name in ("decision", "unknown"):
        raw = payload(SHOWN, **{name: "?"}).replace(b'"?"', nest)
        assert reason(SHOWN, raw) == "out of bounds"


def reason_if_any(subject: str, raw: bytes) -> str | None:
    """Tell why a message is rejected, None if it is a signal."""
    try:
        decode(subject, raw, RECEIVED_US)
    except SignalRejected as error:
        return error.reason
    return None


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(SUBJECTS), st.data())
def test_any_bytes_are_a_signal_or_rejected(subject: str, data: st.DataObject) -> None:
    """Nothing else is ever raised, for noise and for a valid message with damage."""
    raw = bytearray(payload(subject))
    for _ in range(data.draw(st.integers(0, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    noise = data.draw(st.binary(max_size=40))
    assert reason_if_any(subject, bytes(raw)) in REASONS
    assert reason_if_any(subject, noise) in REASONS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(REQUIRED), JSON)
def test_any_json_in_any_field_is_a_signal_or_rejected(
    field: tuple[str, str], value: object
) -> None:
    """A valid message with one field replaced by anything is decoded or rejected."""
    subject, name = field
    raw = json.dumps({**message(subject), name: value}).encode()
    assert reason_if_any(subject, raw) in REASONS
