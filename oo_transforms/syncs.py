"""How fresh each source is: when it was last read, and when it last had something new."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from oo_transforms.activity import ACTIVITY_STATE
from oo_transforms.calendars import CALENDAR_STATE
from oo_transforms.clock import HOUR_US
from oo_transforms.columns import Inputs, Outputs, Rows
from oo_transforms.fields import Feature, FeatureGroup
from oo_transforms.moods import MOOD_STATE
from oo_transforms.outputs import finish
from oo_transforms.signals import SOURCES, SourceSynced
from oo_transforms.state_view import Contribution, Moment, StateView, Sum, slots
from oo_transforms.tasks import TASK_STATE
from oo_transforms.tips import TIP_STATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from oo_transforms.arrays import Floats

_SUMS = tuple(
    Sum(f"{source}_at", f"When {source} was last read to its end", "Unix seconds")
    for source in SOURCES
)
_SLOT = slots(_SUMS)


def _synced(signal: SourceSynced, moment: Moment) -> Contribution:
    return Contribution(((_SLOT[f"{signal.source}_at"], float(moment.event_time_us)),))


SYNC_STATE = StateView(
    name="sync_state",
    prefix="sync",
    source="all",
    description="When each source was last read to its end",
    half_life=None,
    weights={SourceSynced: _synced},
    sums=_SUMS,
    keeps_maximum=True,
)

SOURCE_VIEWS = {
    view.source: view
    for view in (ACTIVITY_STATE, TASK_STATE, TIP_STATE, CALENDAR_STATE, MOOD_STATE)
}
"""The state view that the signals of a source change."""

MAX_HOURS = {"app": 2160.0, "todoist": 2160.0, "tip": 1440.0, "calendar": 24.0, "mood": 168.0}
"""Ages end where the source's view expires; a check holds these against the views' TTLs."""


def _last_synced(source: str) -> Feature:
    return Feature(
        f"{source}_last_synced_at",
        "Float64",
        f"When {source} was last read to its end, 0 if never",
        "Unix seconds",
        none=0.0,
        minimum=0.0,
        reads=(f"sync_{source}_at",),
    )


def _hours_since(source: str) -> Feature:
    return Feature(
        f"hours_since_{source}",
        "Float64",
        f"Hours since {source} was last read or last had something new",
        "hours",
        none=MAX_HOURS[source],
        minimum=0.0,
        maximum=MAX_HOURS[source],
        reads=(f"sync_{source}_at", SOURCE_VIEWS[source].anchor_field),
    )


FRESHNESS_FEATURES = FeatureGroup(
    "freshness_features",
    "How fresh each source is",
    (*map(_last_synced, SOURCES), *map(_hours_since, SOURCES)),
)


@np.errstate(all="ignore")
def freshness_features(inputs: Inputs) -> Outputs:
    """Compute `FRESHNESS_FEATURES` from `sync_state`, the views' anchors and the clock."""
    rows = Rows(inputs)
    columns: dict[str, Callable[[], Floats]] = {}
    for source, view in SOURCE_VIEWS.items():
        columns[f"{source}_last_synced_at"] = partial(_synced_at, rows, source)
        columns[f"hours_since_{source}"] = partial(_hours, rows, source, view)
    return finish(FRESHNESS_FEATURES, rows, columns)


def _synced_at(rows: Rows, source: str) -> Floats:
    return rows.micros(f"sync_state__sync_{source}_at") / 1e6


def _hours(rows: Rows, source: str, view: StateView) -> Floats:
    synced_us = rows.micros(f"sync_state__sync_{source}_at")
    anchor_us = rows.micros(f"{view.name}__{view.anchor_field}")
    return (rows.now() - np.fmax(synced_us, anchor_us)) / HOUR_US
