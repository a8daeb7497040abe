"""Is everything said of every field, does each name stand for one, and do bounds fit TTLs."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from oo_transforms.activity import MAX_DAYS
from oo_transforms.fields import FEATURE_TAG
from oo_transforms.syncs import MAX_HOURS, SOURCE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import timedelta

    from feast import FeatureView, Field, OnDemandFeatureView

SECONDS_PER_HOUR = 3600
HOURS_PER_DAY = 24


def gaps(
    state_views: Iterable[FeatureView], on_demand_views: Iterable[OnDemandFeatureView]
) -> list[str]:
    """Say what is missing, a line each; empty if all is said."""
    states, computed = list(state_views), list(on_demand_views)
    requests = {
        source.name: source for view in computed for source in view.source_request_sources.values()
    }
    found = [gap for view in states for gap in _state_gaps(view)]
    found += [gap for view in computed for gap in _feature_gaps(view)]
    found += [
        gap for s in requests.values() for field in s.schema for gap in _field_gaps(s.name, field)
    ]
    found += _shared_names(
        [
            *((view.name, view.features) for view in (*states, *computed)),
            *((source.name, source.schema) for source in requests.values()),
        ]
    )
    return [*found, *_bound_gaps({view.name: view for view in states})]


def _state_gaps(view: FeatureView) -> Iterator[str]:
    if not view.owner:
        yield f"view '{view.name}' has no owner"
    for tag in ("source", "owner", "invalidated_by", "half_life_seconds"):
        if not view.tags.get(tag):
            yield f"view '{view.name}' has no tag '{tag}'"
    for field in view.features:
        yield from _field_gaps(view.name, field)


def _field_gaps(where: str, field: Field) -> Iterator[str]:
    if not field.description:
        yield f"field '{where}:{field.name}' has no description"
    for tag in ("unit", "range"):
        if not field.tags.get(tag):
            yield f"field '{where}:{field.name}' has no {tag}"


def _feature_gaps(view: OnDemandFeatureView) -> Iterator[str]:
    for field in view.features:
        text = view.tags.get(FEATURE_TAG + field.name)
        said = json.loads(text) if text else {}
        for part in ("owner", "description", "unit", "range"):
            if not said.get(part):
                yield f"feature '{view.name}:{field.name}' has no {part}"


def _shared_names(groups: Iterable[tuple[str, Iterable[Field]]]) -> Iterator[str]:
    """Find names of several fields: online, Feast reads them from the wrong view, in silence."""
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for where, fields in groups:
        for field in fields:
            homes[field.name].append(where)
    for name, places in homes.items():
        if len(places) > 1:
            yield f"the name '{name}' stands for fields of {' and '.join(places)}: rename one"


def _bound_gaps(views: dict[str, FeatureView]) -> Iterator[str]:
    """Hold the ages at which features saturate against the TTLs at which state expires."""
    bounds = {view.name: MAX_HOURS[source] for source, view in SOURCE_VIEWS.items()}
    for name, hours in bounds.items():
        if name not in views:
            yield f"view '{name}' is not declared, and others read it"
        elif _hours(views[name].ttl) != hours:
            yield (
                f"view '{name}' expires after {_hours(views[name].ttl):g} h, but the features of "
                f"its age end at {hours:g} h (MAX_HOURS in oo_transforms/syncs.py)"
            )
    if bounds["activity_state"] != MAX_DAYS * HOURS_PER_DAY:
        yield f"days_since_active ends at {MAX_DAYS} d, activity_state at another age"


def _hours(ttl: timedelta | None) -> float:
    return 0.0 if ttl is None else ttl.total_seconds() / SECONDS_PER_HOUR
