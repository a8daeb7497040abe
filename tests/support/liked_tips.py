"""Tips of a person who likes some kinds better than others, with decisions to learn from."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from support.world import signal

from oo_bandit import Rollout
from oo_transforms.policies import BANDIT_V1, BANDIT_V2

if TYPE_CHECKING:
    from support.world import SignalData

BASE, OVERDUE, AFFINITY = 0.2, 0.5, -0.15
"""How likely a tip is done: of itself, if it is overdue, and with the category's affinity."""
CANDIDATES = 10
ROLLOUT = Rollout(live=BANDIT_V1.service, new=BANDIT_V2.service)


def liked_tips(
    user_id: str, count: int, last: datetime, *, seed: int = 7
) -> tuple[list[SignalData], list[tuple[dict[str, float], float]]]:
    """Make tips an hour apart, each answered within five minutes.

    Args:
        user_id: Whose.
        count: How many.
        last: When the last one is shown.
        seed: Of all chance.

    Returns:
        The signals, and of each tip its features and what it came to.
    """
    random = np.random.default_rng(seed)
    signals: list[SignalData] = []
    seen: list[tuple[dict[str, float], float]] = []
    for number in range(count):
        shown = last - timedelta(hours=count - 1 - number)
        features = _features(random)
        chance = BASE + OVERDUE * features["is_overdue"] + AFFINITY * features["category_affinity"]
        action = "done" if random.random() < chance else "dismiss"
        tip = {"tip_id": f"liked-{number}", "category": "work"}
        echo = {"service": BANDIT_V2.service, "features": features, "shown_at": shown.timestamp()}
        signals += [
            signal(
                "tip.shown",
                user_id,
                shown,
                **tip,
                decision=_decision(user_id, features, shown, random),
            ),
            signal(
                "tip.feedback",
                user_id,
                shown + timedelta(minutes=5),
                **tip,
                action=action,
                decision=echo,
            ),
        ]
        seen.append((features, float(action == "done")))
    return signals, seen


def _features(random: np.random.Generator) -> dict[str, float]:
    scales = {given.name: given.scale for given in BANDIT_V2.inputs}
    features = {name: float(random.random() * scale) for name, scale in scales.items()}
    return features | {
        "is_overdue": float(random.random() < 0.4),
        "is_weekend": float(random.random() < 0.3),
    }


def _decision(
    user_id: str, features: dict[str, float], shown: datetime, random: np.random.Generator
) -> dict[str, Any]:
    """Make a decision in shadow: the policies pick the same of the candidates, or another."""
    picks = 0, int(random.random() < 0.3)
    chances = np.full((2, CANDIDATES), ROLLOUT.exploration / CANDIDATES)
    for policy, pick in enumerate(picks):
        chances[policy, pick] += 1 - ROLLOUT.exploration
    by_name = dict(zip((ROLLOUT.live, ROLLOUT.new), chances, strict=True))
    choice = ROLLOUT.choose(user_id, by_name, random)
    return {
        "service": BANDIT_V2.service,
        "live": ROLLOUT.live,
        "stage": ROLLOUT.stage,
        "now": shown.timestamp(),
        "candidates": CANDIDATES,
        "propensity": choice.propensity,
        "features": features,
        "policies": {
            name: {
                "probability": float(chance[choice.index]),
                "expected_reward": 0.4,
                "prediction": 0.4,
            }
            for name, chance in by_name.items()
        },
        "expired_features": 0,
        "milliseconds": 4.0,
    }
