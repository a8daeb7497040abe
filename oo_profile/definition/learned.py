"""What policies learn by definition: which signals count, and what they are weighed by.

Of a feature that a decision lacks the policies declared so far learn as of 0. What was imported
is not defined here.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HALF_LIFE_DAYS = 90
FARTHEST = 4.0
_SEVEN = (
    ("task_age_days", 30.0),
    ("hours_until_due", 720.0),
    ("is_overdue", 1.0),
    ("priority_level", 4.0),
    ("hour_sin", 1.0),
    ("hour_cos", 1.0),
    ("is_weekend", 1.0),
)
VECTORS: dict[str, tuple[tuple[str, float], ...]] = {
    "policy_state_bandit_v1": _SEVEN,
    "policy_state_bandit_v2": (
        *_SEVEN,
        ("category_affinity", 1.0),
        ("category_acceptance", 1.0),
        ("completion_rate", 1.0),
        ("productive_share_this_hour", 0.25),
        ("tip_done_rate", 1.0),
    ),
}
"""Of each view, the features after the constant and what they are divided by."""


def counting(signals: Iterable[tuple[str, Mapping[str, Any]]]) -> list[bool]:
    """Say of each signal of a user, in log order, whether anything is learned from it."""
    done = set[str]()
    counts = []
    for subject, data in signals:
        has_decision = data.get("decision") is not None
        if subject == "signals.tip.shown":
            counts.append(has_decision)
        elif subject == "signals.tip.feedback" and has_decision and data["action"] == "done":
            counts.append(data["tip_id"] not in done)
            done.add(data["tip_id"])
        else:
            counts.append(False)
    return counts


def vector(view_name: str, decision: Mapping[str, Any]) -> list[float]:
    """Lay out the features of a decision: the constant, then each scaled and cut off."""
    scaled = [
        float(decision["features"].get(name, 0.0)) / scale for name, scale in VECTORS[view_name]
    ]
    return [1.0, *(min(max(value, -FARTHEST), FARTHEST) for value in scaled)]


def products(x: list[float]) -> list[float]:
    """Multiply the numbers of a vector in pairs: the upper triangle, row by row."""
    return [a * b for a, b in itertools.combinations_with_replacement(x, 2)]


def share_left(decision: Mapping[str, Any], at_us: int) -> float:
    """Say what an answer at a time weighs, as if it had come when the tip was shown."""
    since_us = at_us - round(decision["shown_at"] * 1e6)
    return math.pow(2.0, -max(since_us, 0) / (HALF_LIFE_DAYS * 86_400_000_000))
