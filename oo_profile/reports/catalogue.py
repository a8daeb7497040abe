"""What the registry holds, as plain records: every feature with where it comes from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from oo_profile.building.profile_features import PROFILE_SERVICE
from oo_profile.errors import UnknownNameError
from oo_profile.registry import service_features
from oo_transforms.fields import FEATURE_TAG

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from feast import FeatureStore, FeatureView, OnDemandFeatureView


@dataclass(frozen=True, slots=True)
class SourceView:
    """A state view as applied.

    Attributes:
        name: Its name, and that of its table.
        source: Where its signals come from.
        description: What it is about.
        ttl: Age past which its state counts as expired; None: never.
        half_life: Half-life of its sums; None: nothing decays.
        invalidated_by: Subjects that change it, sorted.
        columns: Its columns in order.
    """

    name: str
    source: str
    description: str
    ttl: timedelta | None
    half_life: timedelta | None
    invalidated_by: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A feature of an on-demand view, or a column of a state view.

    Attributes:
        name: Its name, unique over the registry.
        dtype: Feast's name of its type.
        group: The view that it is asked from.
        group_description: What that view is about.
        transform: The on-demand view that computes it; None: a state column, kept by the builder.
        views: The state views that it comes from; none if it comes from the request alone.
        reads: State columns and request data that it is computed from.
        description: What it says.
        unit: Unit of its value.
        minimum: Least value, None if open.
        maximum: Greatest value, None if open.
        none: The value without evidence; for a state column None.
        owner: Who answers for it.
        when_stale: "served" or "withheld": what a reader is to get where its source is stale.
    """

    name: str
    dtype: str
    group: str
    group_description: str
    transform: str | None
    views: tuple[SourceView, ...]
    reads: tuple[str, ...]
    description: str
    unit: str
    minimum: float | None
    maximum: float | None
    none: object
    owner: str
    when_stale: str = "served"

    @property
    def invalidated_by(self) -> tuple[str, ...]:
        """The subjects that change it, sorted."""
        return tuple(sorted({subject for view in self.views for subject in view.invalidated_by}))

    @property
    def sources(self) -> tuple[str, ...]:
        """Where its signals come from, in the views' order; "request" if it needs none."""
        return tuple(dict.fromkeys(view.source for view in self.views)) or ("request",)

    def as_json(self) -> dict[str, object]:
        """Return what `oo features --json` prints; durations in seconds, null: none."""
        return {
            "name": self.name,
            "dtype": self.dtype,
            "source": list(self.sources),
            "ttl_seconds": {view.name: _seconds(view.ttl) for view in self.views},
            "half_life_seconds": {view.name: _seconds(view.half_life) for view in self.views},
            "invalidated_by": list(self.invalidated_by),
            "view": self.group,
            "transform": self.transform,
            "description": self.description,
            "unit": self.unit,
            "range": [self.minimum, self.maximum],
            "none": self.none,
            "reads": list(self.reads),
            "owner": self.owner,
            "when_stale": self.when_stale,
        }


class Catalogue:
    """The features of a registry, read once.

    Source, TTL and subjects of a feature are those of the state views whose columns it reads.
    Views are in the order of `profile_v1`, the rest behind it by name.

    Args:
        store: Feast, with the definitions applied.
    """

    def __init__(self, store: FeatureStore) -> None:
        self._services = {service.name: service for service in store.list_feature_services()}
        applied = store.list_feature_views()
        self._views = {view.name: _source_view(view) for view in applied}
        on_demand = _ordered(store.list_on_demand_feature_views(), self._profile_views())
        self.features = tuple(entry for view in on_demand for entry in self._feature_entries(view))
        """The features of on-demand views."""
        used = list(dict.fromkeys(view.name for entry in self.features for view in entry.views))
        self.columns = tuple(
            entry for view in _ordered(applied, used) for entry in self._column_entries(view)
        )
        """The columns of state views."""
        self.views = tuple(_source_view(view) for view in _ordered(applied, used))
        """The state views, in the same order."""

    def service(self, name: str) -> tuple[Entry, ...]:
        """Return the features of a service in its order.

        Raises:
            UnknownNameError: There is no such service.
        """
        service = self._services.get(name)
        if service is None:
            raise UnknownNameError("service", name, sorted(self._services))
        entries = {entry.name: entry for entry in (*self.columns, *self.features)}
        return tuple(entries[feature] for feature in service_features(service))

    def _profile_views(self) -> list[str]:
        service = self._services.get(PROFILE_SERVICE)
        return [] if service is None else [p.name for p in service.feature_view_projections]

    def _feature_entries(self, view: OnDemandFeatureView) -> Iterable[Entry]:
        names = {source.name for source in view.source_feature_view_projections.values()}
        sources = [self._views[name] for name in sorted(names)]
        for field in view.features:
            told = json.loads(view.tags.get(FEATURE_TAG + field.name, "{}"))
            reads = tuple(told.get("reads", ()))
            # One that does not say what it reads may read everything.
            read = [source for source in sources if not reads or {*source.columns} & {*reads}]
            yield Entry(
                name=field.name,
                dtype=str(field.dtype),
                group=view.name,
                group_description=view.description,
                transform=view.name,
                views=tuple(read),
                reads=reads,
                description=told.get("description", ""),
                unit=told.get("unit", ""),
                minimum=told.get("range", (None, None))[0],
                maximum=told.get("range", (None, None))[1],
                none=told.get("none"),
                owner=told.get("owner", view.owner),
                when_stale=told.get("when_stale", "served"),
            )

    def _column_entries(self, view: FeatureView) -> Iterable[Entry]:
        for field in view.features:
            minimum, maximum = json.loads(field.tags.get("range", "[null, null]"))
            yield Entry(
                name=field.name,
                dtype=str(field.dtype),
                group=view.name,
                group_description=view.description,
                transform=None,
                views=(self._views[view.name],),
                reads=(),
                description=field.description,
                unit=field.tags.get("unit", ""),
                minimum=minimum,
                maximum=maximum,
                none=None,
                owner=view.owner,
            )


def _ordered(views: Sequence[Any], known: Sequence[str]) -> list[Any]:
    """Sort views, those with a place first; the registry's own order means nothing."""
    places = {name: place for place, name in enumerate(known)}
    return sorted(views, key=lambda view: (places.get(view.name, len(places)), view.name))


def _source_view(view: FeatureView) -> SourceView:
    half_life = timedelta(seconds=float(view.tags.get("half_life_seconds", 0)))
    subjects = view.tags.get("invalidated_by", "")
    return SourceView(
        name=view.name,
        source=view.tags.get("source", ""),
        description=view.description,
        ttl=view.ttl or None,
        half_life=half_life or None,
        invalidated_by=tuple(sorted(filter(None, subjects.split(",")))),
        columns=tuple(field.name for field in view.features),
    )


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else duration.total_seconds()
