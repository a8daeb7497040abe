"""A valid message of every subject, to be bent into what a test needs."""

from __future__ import annotations

import json
from typing import Any

from oo_transforms.policies import BANDIT_V1

RECEIVED_US = 1_767_268_800_000_000
"""2026-01-01 12:00 UTC, when every message of the tests is received."""

ENVELOPE: dict[str, Any] = {
    "event_id": "e1",
    "user_id": "u1",
    "occurred_at": "2026-01-01T11:00:00+02:00",
}
FEATURES: dict[str, float] = dict.fromkeys(BANDIT_V1.features, 0.5)
DECISION: dict[str, Any] = {
    "service": "bandit_v1",
    "live": "bandit_v1",
    "stage": "shadow",
    "now": 1_767_258_000.0,
    "candidates": 10,
    "propensity": 0.91,
    "features": FEATURES,
    "policies": {
        "bandit_v1": {"probability": 0.91, "expected_reward": 0.4, "prediction": 0.45},
    },
}
"""A valid decision of a tip."""

ECHO: dict[str, Any] = {
    "service": "bandit_v1",
    "features": FEATURES,
    "shown_at": 1_767_258_000.0,
}
"""What the feedback on it repeats."""
OWN_FIELDS: dict[str, dict[str, Any]] = {
    "signals.app.session": {"duration_seconds": 60},
    "signals.task.created": {"task_id": "t1", "category": "fix", "priority": 2},
    "signals.task.completed": {"task_id": "t1", "category": "fix"},
    "signals.task.snoozed": {"task_id": "t1", "category": "fix"},
    "signals.tip.shown": {"tip_id": "p1", "category": "fix"},
    "signals.tip.feedback": {"tip_id": "p1", "category": "fix", "action": "done"},
    "signals.calendar.synced": {"busy_minutes": 30, "window_minutes": 480},
    "signals.mood.logged": {"score": 4},
    "signals.source.synced": {"source": "todoist"},
}
TAUGHT_FIELDS = OWN_FIELDS | {
    "signals.tip.shown": {**OWN_FIELDS["signals.tip.shown"], "decision": DECISION},
    "signals.tip.feedback": {**OWN_FIELDS["signals.tip.feedback"], "decision": ECHO},
}
"""The same, so that every state view is written, those that learn too."""

SUBJECTS = tuple(OWN_FIELDS)


def message(subject: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Build a valid message with some fields changed."""
    return {**ENVELOPE, **OWN_FIELDS[subject], **changes}


def payload(subject: str, **changes: Any) -> bytes:  # noqa: ANN401 - any JSON
    """Write a valid message, with some fields changed, as JSON."""
    return json.dumps(message(subject, **changes)).encode()


def payload_without(subject: str, name: str) -> bytes:
    """Write a message that lacks a field."""
    data = message(subject)
    del data[name]
    return json.dumps(data).encode()
