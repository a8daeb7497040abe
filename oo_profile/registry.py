"""Feast's registry as the builder and the commands read it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from oo_profile.errors import NotAppliedError
from oo_transforms.views import STATE_VIEWS

if TYPE_CHECKING:
    from feast import FeatureService, FeatureStore, FeatureView, Field

    from oo_profile.settings import Settings
    from oo_transforms.state_view import StateView


def open_store(settings: Settings) -> FeatureStore:
    """Open Feast on the project's definitions. The first call imports Feast, which takes seconds.

    Raises:
        NotAppliedError: There is no registry yet.
    """
    if not settings.registry.exists():
        raise NotAppliedError(
            f"there is no registry at {settings.registry}: run `oo apply` (or `feast apply` in "
            f"{settings.repo}) first"
        )
    with warnings.catch_warnings():
        # Feast's own imports and its on-demand views warn; there is nothing to be done about it.
        warnings.simplefilter("ignore")
        from feast import FeatureStore  # noqa: PLC0415 - costs seconds, and few commands need it
    # Its import sets a filter of its own, for every use of an on-demand view.
    warnings.filterwarnings("ignore", message=".*[Oo]n.?demand feature view.*")
    store = FeatureStore(repo_path=str(settings.repo))
    # Feast makes these when they are first asked for, and the environment of now is to count.
    _ = store.config.offline_store, store.config.online_store
    return store


def state_views(store: FeatureStore) -> dict[str, FeatureView]:
    """Return the registry's state views by name, checked against the code that folds them.

    Raises:
        NotAppliedError: A view is missing, or was applied with another declaration.
    """
    applied = {view.name: view for view in store.list_feature_views()}
    for view in STATE_VIEWS:
        _check(view, applied.get(view.name))
    return {view.name: applied[view.name] for view in STATE_VIEWS}


def service_features(service: FeatureService) -> list[str]:
    """List a service's features in its order, the order of the vector.

    Feast's own results do not keep it, and hold the state columns too.
    """
    return [field.name for field in service_fields(service)]


def service_fields(service: FeatureService) -> list[Field]:
    """List a service's features in its order, with their types."""
    return [
        field for projection in service.feature_view_projections for field in projection.features
    ]


def _check(view: StateView, applied: FeatureView | None) -> None:
    if applied is None:
        raise NotAppliedError(f"the registry has no view '{view.name}': run `oo apply`")
    declared = {**view.tags(), "columns": {f.name: str(f.dtype) for f in view.fields()}}
    tags = {key: applied.tags.get(key) for key in view.tags()}
    found = {**tags, "columns": {f.name: str(f.dtype) for f in applied.features}}
    if found != declared:
        raise NotAppliedError(
            f"view '{view.name}' was applied as {found}; the code declares {declared}: "
            "run `oo apply`"
        )
