"""The features of a profile, computed from states by the very functions that serving runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from oo_profile.errors import NotAppliedError
from oo_profile.registry import state_views
from oo_stores.withholding import withholding
from oo_transforms.clock import MICROSECOND
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from feast import FeatureStore, OnDemandFeatureView

    from oo_transforms.history import Version

PROFILE_SERVICE = "profile_v1"


@dataclass(frozen=True, slots=True)
class Subject:
    """A user at a moment.

    Attributes:
        user_id: The user.
        states: The version of each state view that is known then, by view.
        now_us: The moment, microseconds.
        utc_offset_minutes: The user's local clock then.
    """

    user_id: str
    states: Mapping[str, Version]
    now_us: int
    utc_offset_minutes: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A user's features at a moment.

    Attributes:
        subject: Whose and when.
        values: Features by name, in the service's order; None: withheld.
        expired: Names of the features whose state is past its TTL; their values are those
            without evidence, or withheld.
    """

    subject: Subject
    values: Mapping[str, object]
    expired: frozenset[str]

    def kept(self) -> dict[str, object]:
        """Return the features that have a row in the table `profile`: neither expired nor null."""
        return {
            name: value
            for name, value in self.values.items()
            if value is not None and name not in self.expired
        }


@dataclass(frozen=True, slots=True)
class _OnDemandView:
    compute: Callable[[dict[str, list[Any]]], dict[str, list[Any]]]
    features: tuple[str, ...]
    sources: Mapping[str, tuple[str, ...]]
    withheld: frozenset[str]


class ProfileFeatures:
    """Computes the features of `profile_v1` as the registry declares them.

    Args:
        store: Feast, with the definitions applied.

    Raises:
        NotAppliedError: The registry has no such service, or other state views than the code.
    """

    def __init__(self, store: FeatureStore) -> None:
        services = {service.name: service for service in store.list_feature_services()}
        if PROFILE_SERVICE not in services:
            raise NotAppliedError(
                f"the registry has no service '{PROFILE_SERVICE}': run `oo apply`"
            )
        self._ttl_us = {
            name: 0 if view.ttl is None else view.ttl // MICROSECOND
            for name, view in state_views(store).items()
        }
        # In the order of a version's cells, which need not be the registry's.
        self._columns = {
            view.name: tuple(field.name for field in view.fields()) for view in STATE_VIEWS
        }
        on_demand = {view.name: view for view in store.list_on_demand_feature_views()}
        self._views = [
            self._view(on_demand[projection.name], projection)
            for projection in services[PROFILE_SERVICE].feature_view_projections
        ]

    @staticmethod
    def _view(view: OnDemandFeatureView, projection: Any) -> _OnDemandView:  # noqa: ANN401 - Feast's class is not exported
        transformation = view.feature_transformation
        sources = {
            source.name: tuple(field.name for field in source.features)
            for source in view.source_feature_view_projections.values()
        }
        features = tuple(field.name for field in projection.features)
        declared = withholding(view)
        withheld = frozenset[str]() if declared is None else declared.outputs
        return _OnDemandView(transformation.udf, features, sources, withheld)  # type: ignore[union-attr]

    def compute_many(self, subjects: Sequence[Subject]) -> list[Profile]:
        """Compute the profiles of many users at once, each at its own moment."""
        if not subjects:
            return []
        live = [
            {name: v for name, v in subject.states.items() if self.is_live(name, v, subject.now_us)}
            for subject in subjects
        ]
        clock: dict[str, list[Any]] = {
            "now": [subject.now_us / 1e6 for subject in subjects],
            "utc_offset_minutes": [subject.utc_offset_minutes for subject in subjects],
        }
        outputs: dict[str, list[Any]] = {}
        for view in self._views:
            outputs |= self._outputs(view, live, clock)
        names = [name for view in self._views for name in view.features]
        return [
            Profile(
                subject,
                {name: outputs[name][row] for name in names},
                self._expired(subject, live[row]),
            )
            for row, subject in enumerate(subjects)
        ]

    def is_live(self, view: str, version: Version, now_us: int) -> bool:
        """Say whether a state still counts: its age is at most the view's TTL."""
        ttl_us = self._ttl_us[view]
        return not ttl_us or now_us - version.event_time_us <= ttl_us

    def _outputs(
        self,
        view: _OnDemandView,
        live: Sequence[Mapping[str, Version]],
        clock: Mapping[str, list[Any]],
    ) -> dict[str, list[Any]]:
        inputs = dict(clock)
        for source, fields in view.sources.items():
            columns = self._columns[source]
            for field in fields:
                at = columns.index(field)
                inputs[f"{source}__{field}"] = [
                    _plain(states[source].cells[at]) if source in states else None
                    for states in live
                ]
        outputs = view.compute(inputs)
        # As serving withholds them.
        holds = [view.sources.keys() <= states.keys() for states in live]
        for name in view.withheld & outputs.keys():
            pairs = zip(outputs[name], holds, strict=True)
            outputs[name] = [value if there else None for value, there in pairs]
        return outputs

    def _expired(self, subject: Subject, live: Mapping[str, Version]) -> frozenset[str]:
        gone = subject.states.keys() - live.keys()
        return frozenset(
            name
            for view in self._views
            # A view over several sources still has something to say without one of them.
            if len(view.sources) == 1 and gone & view.sources.keys()
            for name in view.features
        )


def _plain(cell: object) -> object:
    return cell.tolist() if isinstance(cell, np.ndarray) else cell
