"""Would a change of the definitions break a service that somebody reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from feast import FeatureService, FeatureView, Field, OnDemandFeatureView

BY_POSITION = "position"
"""Tag `read_by` of a service whose readers go by the place of a feature: a vector."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the readers of a service rely on.

    Attributes:
        features: Name and type of each feature, in order.
        views: The view that each feature stands in: readers may ask for `view__feature`.
        by_position: Whether readers go by the place of a feature.
        request: Name and type of each field that a request has to bring.
        state: Name and type of each field of the state behind it, by view.
        half_lives: Half-life of each state view behind it, as tagged.
        ttls: Age at which the state of each of them expires; zero: never.
    """

    features: tuple[tuple[str, str], ...]
    views: Mapping[str, str]
    by_position: bool
    request: Mapping[str, str]
    state: Mapping[str, Mapping[str, str]]
    half_lives: Mapping[str, str]
    ttls: Mapping[str, timedelta]


def shapes(
    services: Iterable[FeatureService],
    on_demand_views: Iterable[OnDemandFeatureView],
    state_views: Iterable[FeatureView],
) -> dict[str, Shape]:
    """Work out the shape of every service, by name."""
    on_demand = {view.name: view for view in on_demand_views}
    states = {view.name: view for view in state_views}
    return {service.name: _shape(service, on_demand, states) for service in services}


def _shape(
    service: FeatureService,
    on_demand: Mapping[str, OnDemandFeatureView],
    states: Mapping[str, FeatureView],
) -> Shape:
    projections = service.feature_view_projections
    behind: set[str] = set()
    request: dict[str, str] = {}
    for projection in projections:
        view = on_demand.get(projection.name)
        behind |= {projection.name} if view is None else set(view.source_feature_view_projections)
        for source in view.source_request_sources.values() if view else ():
            request |= _types(source.schema)
    views = [states[name] for name in sorted(behind) if name in states]
    return Shape(
        features=tuple(pair for p in projections for pair in _types(p.features).items()),
        views={field.name: p.name for p in projections for field in p.features},
        by_position=service.tags.get("read_by") == BY_POSITION,
        request=request,
        state={view.name: _types(view.features) for view in views},
        half_lives={view.name: view.tags.get("half_life_seconds", "") for view in views},
        ttls={view.name: view.ttl or timedelta(0) for view in views},
    )


def _types(fields: Iterable[Field]) -> dict[str, str]:
    return {field.name: str(field.dtype) for field in fields}


def breaks(old: Mapping[str, Shape], new: Mapping[str, Shape]) -> dict[str, list[str]]:
    """Say of every service in use what a change would break, a line each; empty if nothing."""
    found = {}
    for name, shape in old.items():
        reasons = list(_reasons(shape, new[name])) if name in new else ["the service is gone"]
        if reasons:
            found[name] = reasons
    return found


def _reasons(old: Shape, new: Shape) -> Iterator[str]:
    yield from _lost("feature", dict(old.features), dict(new.features))
    yield from _moved(old, new)
    yield from _lost("request field", old.request, new.request)
    for name in new.request:
        if name not in old.request:
            yield f"every request now has to bring '{name}'"
    for view, fields in old.state.items():
        yield from _lost(f"{view} field", fields, new.state.get(view, {}))
        if view in new.state:
            yield from _fades_otherwise(view, old, new)


def _fades_otherwise(view: str, old: Shape, new: Shape) -> Iterator[str]:
    before, after = old.half_lives[view], new.half_lives[view]
    if before != after:
        yield f"the half-life of {view} changes from {before} to {after} seconds"
    if old.ttls[view] != new.ttls[view]:
        yield f"the TTL of {view} changes from {old.ttls[view]} to {new.ttls[view]} (0: never)"


def _lost(kind: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for name, dtype in old.items():
        if name not in new:
            yield f"{kind} '{name}' is gone"
        elif new[name] != dtype:
            yield f"{kind} '{name}' changes from {dtype} to {new[name]}"


def _moved(old: Shape, new: Shape) -> Iterator[str]:
    for name, view in old.views.items():
        if (now := new.views.get(name, view)) != view:
            yield f"feature '{name}' moves from {view} to {now}"
    before = [name for name, _ in old.features]
    after = [name for name, _ in new.features]
    if old.by_position:
        yield from (
            f"feature '{name}' moves from place {before.index(name)} to {after.index(name)}"
            for name in before
            if name in after and before.index(name) != after.index(name)
        )
        added = [name for name in after if name not in before]
        if added:
            yield f"the vector grows by {added}: a new dimension is a new service"
        return
    kept = [name for name in after if name in before]
    if kept != [name for name in before if name in after]:
        yield f"features change their order to {kept}"
