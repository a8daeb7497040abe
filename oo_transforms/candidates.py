"""What can be said of a candidate task without knowing the user."""

from __future__ import annotations

import math

import numpy as np

from oo_transforms.clock import DAY_US, HOUR_US
from oo_transforms.columns import Inputs, Outputs, Rows
from oo_transforms.fields import Feature, FeatureGroup, RequestField
from oo_transforms.outputs import finish

CLOCK = (
    RequestField("now", "Float64", "The moment of the request", "Unix seconds", 0.0),
    RequestField(
        "utc_offset_minutes",
        "Int64",
        "The user's local clock, east of UTC; 0 if missing",
        "minutes",
        -840.0,
        840.0,
    ),
)
"""Request data of every view that depends on time."""

CANDIDATE = (
    RequestField("created_at", "Float64", "When the task was created", "Unix seconds", 0.0),
    RequestField("due_at", "Float64", "When the task is due", "Unix seconds", 0.0),
    RequestField("priority", "Float64", "Priority, 4 is the most urgent", "level", 1.0, 4.0),
    RequestField("category", "String", "Category of the task", "name"),
)
"""Request data of a candidate task."""

MAX_HOURS_UNTIL_DUE = 720.0
FRIDAY = 4

CANDIDATE_FEATURES = FeatureGroup(
    "candidate_features",
    "What can be said of a candidate task without knowing the user",
    (
        Feature(
            "task_age_days",
            "Float64",
            "Time since the task was created",
            "days",
            none=0.0,
            minimum=0.0,
            reads=("created_at",),
        ),
        Feature(
            "hours_until_due",
            "Float64",
            "Time until the task is due, negative if it is overdue",
            "hours",
            none=MAX_HOURS_UNTIL_DUE,
            minimum=-MAX_HOURS_UNTIL_DUE,
            maximum=MAX_HOURS_UNTIL_DUE,
            reads=("due_at",),
        ),
        Feature(
            "is_overdue",
            "Bool",
            "Whether the task was due before now",
            "yes or no",
            none=False,
            minimum=0.0,
            maximum=1.0,
            reads=("due_at",),
        ),
        Feature(
            "priority_level",
            "Float64",
            "Priority, 4 is the most urgent",
            "level",
            none=1.0,
            minimum=1.0,
            maximum=4.0,
            reads=("priority",),
        ),
        Feature(
            "hour_sin",
            "Float64",
            "Sine of the local time of day as an angle",
            "none",
            none=0.0,
            minimum=-1.0,
            maximum=1.0,
            reads=("now", "utc_offset_minutes"),
        ),
        Feature(
            "hour_cos",
            "Float64",
            "Cosine of the local time of day as an angle",
            "none",
            none=0.0,
            minimum=-1.0,
            maximum=1.0,
            reads=("now", "utc_offset_minutes"),
        ),
        Feature(
            "is_weekend",
            "Bool",
            "Whether it is Saturday or Sunday where the user is",
            "yes or no",
            none=False,
            minimum=0.0,
            maximum=1.0,
            reads=("now", "utc_offset_minutes"),
        ),
    ),
)


@np.errstate(all="ignore")
def candidate_features(inputs: Inputs) -> Outputs:
    """Compute `CANDIDATE_FEATURES` from the candidate and the clock."""
    rows = Rows(inputs)
    now, due = rows.now(), rows.micros("due_at")
    angle = 2 * math.pi * rows.time_of_day()
    return finish(
        CANDIDATE_FEATURES,
        rows,
        {
            "task_age_days": lambda: (now - rows.micros("created_at")) / DAY_US,
            "hours_until_due": lambda: (due - now) / HOUR_US,
            "is_overdue": lambda: due < now,
            "priority_level": lambda: rows.number("priority"),
            "hour_sin": lambda: np.sin(angle),
            "hour_cos": lambda: np.cos(angle),
            "is_weekend": lambda: rows.local_weekday() > FRIDAY,
        },
    )
