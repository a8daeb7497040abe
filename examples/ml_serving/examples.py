"""One example of each message, for the OpenAPI page and for tests."""

from __future__ import annotations

from typing import Final

from ml_serving.messages import (
    Candidate,
    FeedbackAnswer,
    FeedbackRequest,
    ForgetAnswer,
    Health,
    Problem,
    RankAnswer,
    Ranked,
    RankRequest,
)
from oo_transforms.decisions import Echo

_NOW: Final = 1_782_892_800.0  # a Wednesday in July 2026, 10:00 in Berlin
_TIP: Final = "b6f1c0a41e6fd0a6b4cbb4c1d8cf3f0e"

RANK_REQUEST: Final = RankRequest(
    user_id="ada",
    now=_NOW,
    utc_offset_minutes=120,
    candidates=(
        Candidate(
            id="write-the-minutes",
            category="docs",
            created_at=_NOW - 2 * 86_400,
            due_at=_NOW + 6 * 3_600,
            priority=3.0,
        ),
        Candidate(id="tidy-the-desk", category="home", created_at=_NOW - 9 * 86_400),
    ),
)

ECHO: Final = Echo(
    service="bandit_v2",
    features={
        "task_age_days": 2.0,
        "hours_until_due": 6.0,
        "is_overdue": 0.0,
        "priority_level": 3.0,
        "hour_sin": 0.5,
        "hour_cos": -0.866,
        "is_weekend": 0.0,
        "category_affinity": 0.31,
        "category_acceptance": 0.24,
        "completion_rate": 0.62,
        "productive_share_this_hour": 0.08,
        "tip_done_rate": 0.21,
    },
    shown_at=_NOW + 0.25,
)

RANK_ANSWER: Final = RankAnswer(
    tip_id=_TIP,
    chosen="write-the-minutes",
    category="docs",
    ranking=(
        Ranked(id="write-the-minutes", score=0.71, probability=0.95),
        Ranked(id="tidy-the-desk", score=0.38, probability=0.05),
    ),
    policy="bandit_v1",
    stage="shadow",
    degraded=(),
    logged=True,
    echo=ECHO,
)

FEEDBACK_REQUEST: Final = FeedbackRequest(
    user_id="ada",
    tip_id=_TIP,
    category="docs",
    action="done",
    now=_NOW + 1_860,
    utc_offset_minutes=120,
    dwell_ms=2_400.0,
    echo=ECHO,
)

FEEDBACK_ANSWER: Final = FeedbackAnswer(
    event_id="feedback-0c4e6d9d5c0f4a47a1a4f6b7d7f0c7a5", degraded=(), logged=True
)

FORGET_ANSWER: Final = ForgetAnswer(removed=0)

HEALTH: Final = Health(
    ok=True, reason=None, stage="shadow", online_store=True, stream=True, spooled=0
)

PROBLEM: Final = Problem(
    error="invalid", detail="Expected `array` of length >= 1 - at `$.candidates`"
)
