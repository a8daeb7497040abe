"""Which version of a view a request reads, where views are versioned."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from feast import FeatureView, RepoConfig
    from feast.infra.registry.base_registry import BaseRegistry


def restore_versions(
    views: Iterable[FeatureView], config: RepoConfig, registry: BaseRegistry, project: str
) -> None:
    """Tell views that Feast copied for a request which version they are of.

    Feast's copies forget it: through a service, an alias or an on-demand view stock would read
    the fields of the first version whatever the applied one is.

    Args:
        views: Changed here. One that is pinned to a version, or knows its own, stays as it is.
        config: Says whether views are versioned; nothing happens where they are not.
        registry: Holds the applied views.
        project: Of the views.
    """
    if not config.registry.enable_online_feature_view_versioning:
        return
    for view in views:
        if view.projection.version_tag is None and view.current_version_number is None:
            applied = registry.get_any_feature_view(view.name, project, allow_cache=True)
            view.current_version_number = applied.current_version_number
