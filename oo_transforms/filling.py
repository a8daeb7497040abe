"""What history knew of a feature when a decision was made that did not log it.

The on-demand functions themselves, on the states as they were seen by then, at the decision's own
`now`: what a request of that moment would have been served. Only features that are computed from
state can be known so; one that needs request data which is not logged stays unknown.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from oo_transforms.clock import HOUR_US
from oo_transforms.columns import REQUESTED
from oo_transforms.matches import MATCH_FEATURES, match_features
from oo_transforms.policies import POLICIES
from oo_transforms.syncs import MAX_HOURS
from oo_transforms.tasks import TASK_FEATURES, TASK_STATE, task_features
from oo_transforms.tips import TIP_FEATURES, TIP_STATE, tip_features

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from oo_transforms.columns import Inputs, Outputs
    from oo_transforms.fields import FeatureGroup
    from oo_transforms.history import Version
    from oo_transforms.notes import Asked
    from oo_transforms.state_view import StateView

FILL_SOURCES: tuple[StateView, ...] = (TASK_STATE, TIP_STATE)
"""The views that history is asked about."""

_GROUPS: tuple[tuple[FeatureGroup, Callable[[Inputs], Outputs]], ...] = (
    (MATCH_FEATURES, match_features),
    (TASK_FEATURES, task_features),
    (TIP_FEATURES, tip_features),
)

Seen: TypeAlias = "Mapping[str, Version | None]"
"""By view of `FILL_SOURCES`, the version that was seen."""


@cache
def fillable() -> tuple[str, ...]:
    """List the features that a policy takes and history can tell."""
    taken = {name for policy in POLICIES.values() for name in policy.features}
    known = [feature.name for group, _ in _GROUPS for feature in group.numbers]
    return tuple(name for name in known if name in taken)


def features_seen(asked: Sequence[Asked], seen: Sequence[Seen]) -> list[dict[str, float]]:
    """Compute `fillable()` as they would have been served when decisions were made.

    Args:
        asked: What is asked of history.
        seen: Of each question, the states as they were seen. One that had expired at the
            question's `now`, as views do at their TTL, counts as none.
    """
    if not asked:
        return []
    inputs: dict[str, Sequence[object]] = {
        "now": [one.now_us / 1e6 for one in asked],
        "utc_offset_minutes": [one.utc_offset_minutes for one in asked],
        "category": [one.category for one in asked],
        REQUESTED: fillable(),
    }
    for view in FILL_SOURCES:
        cells = [_live(view, one, own[view.name]) for one, own in zip(asked, seen, strict=True)]
        columns = zip(*cells, strict=True)
        for field, column in zip(view.fields(), columns, strict=True):
            inputs[f"{view.name}__{field.name}"] = column
    outputs: dict[str, list[float]] = {}
    for _, compute in _GROUPS:
        outputs |= compute(inputs)
    return [{name: float(outputs[name][row]) for name in fillable()} for row in range(len(asked))]


def _live(view: StateView, asked: Asked, version: Version | None) -> tuple[object, ...]:
    bound_us = MAX_HOURS[view.source] * HOUR_US
    if version is None or asked.now_us - version.event_time_us > bound_us:
        return (None,) * len(view.fields())
    return version.cells
