"""Whether a registry is still what it was."""

from __future__ import annotations

import math
import os
import time
from typing import TYPE_CHECKING

from feast.infra.registry.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Hashable

    from feast.infra.registry.base_registry import BaseRegistry


class RegistryWatch:
    """Looks at a registry, and tells cheaply that nothing has happened to it since.

    A registry kept in a file is looked at as Feast looks at it: read again when the cache's time
    is over, or when the file has another time of change.
    """

    def __init__(self) -> None:
        self._seen: tuple[object, object, float, float] | None = None
        self._version: Hashable = None

    def version(self, registry: BaseRegistry, project: str) -> Hashable:
        """Return what changes whenever a registry does; None if that cannot be told."""
        if not isinstance(registry, Registry):
            return _identity(registry) if registry.is_cache_valid() else None
        seen = self._seen
        if (
            seen is None
            or seen[0] is not registry
            or seen[1] is not registry.cached_registry_proto_created
            or seen[2] < time.time()
            or seen[3] != _changed(registry)
        ):
            registry._get_registry_proto(project=project, allow_cache=True)  # noqa: SLF001  what every read of Feast's begins with
            created = registry.cached_registry_proto_created
            ttl = registry.cached_registry_proto_ttl.total_seconds()
            ends = created.timestamp() + ttl if ttl > 0 else math.inf
            self._seen = (registry, created, ends, _changed(registry))
        return _identity(registry)


def _identity(registry: BaseRegistry) -> Hashable:
    """Return what a change leaves different, one made in this process as well."""
    proto = getattr(registry, "cached_registry_proto", None)
    # Who writes a registry gives it a new id; one without an id is known by when it was read.
    created = getattr(registry, "cached_registry_proto_created", None)
    return (proto.version_id if proto is not None else None) or created


def _changed(registry: Registry) -> float:
    """Return when a registry's file was changed last; 0 for one that is not there."""
    path = registry._file_path  # noqa: SLF001  None for a registry that is no file
    if path is None:
        return 0.0
    try:
        return os.stat(path).st_mtime  # noqa: PTH116  a third of what Path.stat costs
    except OSError:
        return 0.0
