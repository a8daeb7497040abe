"""What a tip's moment looks like as a vector: its context, and the person's profile then."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from oo_profile.backtest.known_then import asked_of
from oo_transforms.clock import DAY_US, MINUTE_US, local_time

if TYPE_CHECKING:
    from oo_bandit.arrays import Floats
    from oo_profile.backtest.known_then import KnownThen
    from oo_profile.backtest.tip_decisions import Action, TipDecision

CONTEXT: Final = (
    "constant",
    "walking",
    "sedentary",
    "home",
    "work",
    "hour_sin",
    "hour_cos",
    "is_weekend",
    "steps_before",
    "celsius",
    "study_day",
)

PROFILE: Final = {
    "tip_done_rate": 1.0,
    "tip_dismiss_rate": 1.0,
    "category_acceptance": 1.0,
    "tips_per_week": 20.0,
    "typical_dwell_seconds": 3600.0,
}
"""Profile features, and what each is divided by; chosen before anything was predicted."""

SATURDAY: Final = 5
_LOG_STEPS: Final = 8.0
_CELSIUS: Final = 30.0
_MILD: Final = 15.0
_STUDY_DAYS: Final = 42.0
_ASKED: Final = asked_of(PROFILE)


def context_vector(decision: TipDecision, action: Action) -> Floats:
    """Lay out the context of an action in the order of `CONTEXT`, about -1 to 1 each."""
    time_us = decision.at_us + decision.utc_offset_minutes * MINUTE_US
    angle = 2 * math.pi * (time_us % DAY_US) / DAY_US
    weekday = local_time(decision.at_us, decision.utc_offset_minutes).weekday
    context = decision.context
    celsius = _MILD if context.celsius is None else context.celsius
    return np.array(
        [
            1.0,
            action == "walking",
            action == "sedentary",
            context.place == "home",
            context.place == "work",
            math.sin(angle),
            math.cos(angle),
            weekday >= SATURDAY,
            math.log1p(context.steps_before_30) / _LOG_STEPS,
            celsius / _CELSIUS,
            (decision.study_day or 0) / _STUDY_DAYS,
        ],
        np.float64,
    )


def profile_vector(decision: TipDecision, known: KnownThen) -> Floats:
    """Lay out the person's profile, as seen from the tip that was sent, in the order of `PROFILE`.

    Args:
        decision: Whose action names the category.
        known: The person's signals before it.
    """
    request: dict[str, list[Any]] = {
        "now": [decision.at_us / 1e6],
        "utc_offset_minutes": [decision.utc_offset_minutes],
        "category": [decision.action],
    }
    found = known.features(_ASKED, request)
    return np.array([found[name][0] / scale for name, scale in PROFILE.items()], np.float64)
