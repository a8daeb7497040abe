"""How full a user's calendar is."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from oo_transforms.columns import Inputs, Outputs, Rows, StateRows
from oo_transforms.expectations import Expectations
from oo_transforms.fields import Feature, FeatureGroup
from oo_transforms.outputs import finish
from oo_transforms.signals import CalendarSynced
from oo_transforms.state_view import Contribution, Last, Moment, StateView


def _synced(signal: CalendarSynced, _moment: Moment) -> Contribution:
    return Contribution(last=(signal.busy_minutes / signal.window_minutes,))


CALENDAR_STATE = StateView(
    name="calendar_state",
    prefix="calendar",
    source="calendar",
    description="How full the calendar was at its last sync",
    half_life=None,
    weights={CalendarSynced: _synced},
    last=(Last("last_busy_ratio", "Share of the window that is taken", "share", 0.0, 1.0),),
    expects=Expectations(
        fresh_within=timedelta(hours=12), fresh_share=0.02, silence=timedelta(days=1)
    ),
)

CALENDAR_FEATURES = FeatureGroup(
    "calendar_features",
    "How full a user's calendar is",
    (
        Feature(
            "calendar_busyness",
            "Float64",
            "Share of the coming time that the calendar has taken",
            "share",
            none=0.0,
            minimum=0.0,
            maximum=1.0,
            reads=("calendar_last_busy_ratio",),
        ),
    ),
)


@np.errstate(all="ignore")
def calendar_features(inputs: Inputs) -> Outputs:
    """Compute `CALENDAR_FEATURES` from `calendar_state`; the clock only says that it is asked."""
    rows = Rows(inputs)
    state = StateRows(rows, CALENDAR_STATE)
    return finish(
        CALENDAR_FEATURES, rows, {"calendar_busyness": lambda: state.last("last_busy_ratio")}
    )
