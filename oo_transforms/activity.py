"""When and how long a user is in the app."""

from __future__ import annotations

import math
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from oo_transforms.clock import DAY_US, HOURS, MINUTE_US, WEEKDAYS
from oo_transforms.columns import Inputs, Outputs, Rows, StateRows, pick
from oo_transforms.decayed import rate
from oo_transforms.expectations import Expectations
from oo_transforms.fields import Feature, FeatureGroup
from oo_transforms.outputs import finish
from oo_transforms.signals import AppSession
from oo_transforms.state_view import Contribution, Moment, StateView, Sum, slots

if TYPE_CHECKING:
    from oo_transforms.arrays import Floats

HALF_LIFE = timedelta(days=28)
WEEK = timedelta(weeks=1)
MAX_DAYS = 90.0
"""`days_since_active` ends where the state expires."""

ACTIVE_US = 30 * MINUTE_US
"""How recent a session makes somebody active now."""

_SUMS = (
    Sum("sessions", "Decayed number of sessions", "sessions"),
    Sum("log_seconds", "Decayed sum of ln(session seconds)", "ln(seconds)"),
    Sum("by_hour", "Decayed sessions by local hour of their start", "sessions", HOURS),
    Sum("by_weekday", "Decayed sessions by local weekday, Monday first", "sessions", WEEKDAYS),
)
_SLOT = slots(_SUMS)


def _session(signal: AppSession, moment: Moment) -> Contribution:
    return Contribution(
        (
            (_SLOT["sessions"], 1.0),
            (_SLOT["log_seconds"], math.log(max(signal.duration_seconds, 1.0))),
            (_SLOT["by_hour"] + moment.hour, 1.0),
            (_SLOT["by_weekday"] + moment.weekday, 1.0),
        )
    )


ACTIVITY_STATE = StateView(
    name="activity_state",
    prefix="activity",
    source="app",
    description="How often, how long and at which local hours a user opens the app",
    half_life=HALF_LIFE,
    weights={AppSession: _session},
    sums=_SUMS,
    expects=Expectations(
        fresh_within=timedelta(days=7), fresh_share=0.5, silence=timedelta(hours=6)
    ),
)

ACTIVITY_FEATURES = FeatureGroup(
    "activity_features",
    "How often, how long and at which local hours a user opens the app",
    (
        Feature(
            "sessions_per_week",
            "Float64",
            "Sessions a week at the present pace",
            "sessions per week",
            none=0.0,
            minimum=0.0,
            reads=("activity_sessions",),
        ),
        Feature(
            "typical_session_minutes",
            "Float64",
            "Geometric mean length of a session",
            "minutes",
            none=0.0,
            minimum=0.0,
            reads=("activity_log_seconds", "activity_sessions"),
        ),
        Feature(
            "days_since_active",
            "Float64",
            "Time since the last session began",
            "days",
            none=MAX_DAYS,
            minimum=0.0,
            maximum=MAX_DAYS,
            reads=("activity_last_event_at",),
        ),
        Feature(
            "active_share_this_hour",
            "Float64",
            "Share of sessions that begin in this local hour, smoothed",
            "share",
            none=1 / HOURS,
            minimum=0.0,
            maximum=1.0,
            reads=("activity_by_hour", "activity_sessions"),
        ),
        Feature(
            "is_active_now",
            "Bool",
            "Whether a session began within the last 30 minutes",
            "yes or no",
            none=False,
            minimum=0.0,
            maximum=1.0,
            reads=("activity_last_event_at",),
        ),
        Feature(
            "active_peak_hour",
            "Int64",
            "Local hour with most sessions, -1 if unknown",
            "hour of day",
            none=-1,
            minimum=-1.0,
            maximum=23.0,
            reads=("activity_by_hour",),
        ),
        Feature(
            "active_peak_weekday",
            "Int64",
            "Local weekday with most sessions, Monday 0, -1 if unknown",
            "day of week",
            none=-1,
            minimum=-1.0,
            maximum=6.0,
            reads=("activity_by_weekday",),
        ),
    ),
)


@np.errstate(all="ignore")
def activity_features(inputs: Inputs) -> Outputs:
    """Compute `ACTIVITY_FEATURES` from `activity_state` and the clock."""
    rows = Rows(inputs)
    state = StateRows(rows, ACTIVITY_STATE)
    sessions = state.sum("sessions")
    by_hour = partial(state.sums, "by_hour", HOURS)
    return finish(
        ACTIVITY_FEATURES,
        rows,
        {
            "sessions_per_week": lambda: rate(sessions, HALF_LIFE, WEEK),
            "typical_session_minutes": lambda: np.exp(state.sum("log_seconds") / sessions) / 60,
            "days_since_active": lambda: state.age_us / DAY_US,
            "active_share_this_hour": lambda: (
                (pick(by_hour(), rows.local_hour()) + 1) / (sessions + HOURS)
            ),
            "is_active_now": lambda: state.age_us <= ACTIVE_US,
            "active_peak_hour": lambda: peak(by_hour()),
            "active_peak_weekday": lambda: peak(state.sums("by_weekday", WEEKDAYS)),
        },
    )


def peak(sums: Floats) -> Floats:
    """Find the index of the largest sum in each row, the lowest at a tie; NaN if all are zero.

    Sums within 1e-9 of the largest are ties, since rounding must not decide.
    """
    known = np.nan_to_num(sums)
    largest = known.max(axis=1, initial=0.0)
    index = (known >= largest[:, np.newaxis] * (1 - 1e-9)).argmax(axis=1)
    return np.where(largest > 0, index, np.nan)
