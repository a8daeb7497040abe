"""Plans that were worked out, kept until the registry changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from feast import FeatureService

from oo_stores.redis.plan.compile import Asked, read_plan
from oo_stores.redis.plan.registry_watch import RegistryWatch

if TYPE_CHECKING:
    from collections.abc import Hashable

    from feast import RepoConfig
    from feast.infra.registry.base_registry import BaseRegistry

    from oo_stores.redis.plan.model import ReadPlan

    Kept: TypeAlias = tuple[RepoConfig, "list[str] | FeatureService", "ReadPlan | None"]

PLANS_KEPT = 1_000
"""Beyond so many, callers make up lists of references as they go, and plans start anew."""


@dataclass(slots=True)
class ReadPlans:
    """The plans of one store.

    Threads may share it: what is kept is replaced, never changed half.
    """

    _watch: RegistryWatch = field(default_factory=RegistryWatch)
    # One attribute, so that no thread sees plans of one version under another.
    _of_version: tuple[Hashable, dict[Hashable, Kept]] = (None, {})

    def plan(self, asked: Asked, config: RepoConfig, registry: BaseRegistry) -> ReadPlan | None:
        """Return the plan for some features, that of the registry as it is now.

        Args:
            asked: What is requested.
            config: Of the store.
            registry: Refreshed here if its cache has ended or its file has changed.

        Returns:
            The plan; None if Feast's own path is to answer.

        Raises:
            FileNotFoundError: The registry's cache has ended, and its file is gone.
            Exception: Whatever Feast raises where features cannot be served.
        """
        version = self._watch.version(registry, asked.project)
        if version is None:
            return read_plan(asked, config, registry)
        known, plans = self._of_version
        if version != known:
            plans = {}
            self._of_version = (version, plans)
        key = _key(asked)
        kept = plans.get(key)
        if kept is not None and kept[0] is config and _is_same(kept[1], asked.features):
            return kept[2]
        plan = read_plan(asked, config, registry)
        # A registry that changed meanwhile has another version, and this plan is not kept.
        if self._watch.version(registry, asked.project) == version:
            if len(plans) >= PLANS_KEPT:
                plans.clear()
            plans[key] = (config, _copy(asked.features), plan)
        return plan


def _key(asked: Asked) -> Hashable:
    features = asked.features
    name = features.name if isinstance(features, FeatureService) else tuple(features)
    return name, asked.project, asked.full_names, asked.version_metadata


def _is_same(kept: list[str] | FeatureService, features: list[str] | FeatureService) -> bool:
    return kept is features or isinstance(features, list) or bool(kept == features)


def _copy(features: list[str] | FeatureService) -> list[str] | FeatureService:
    return list(features) if isinstance(features, list) else features
