"""What a source reaches: its features, the services that use them, and who answers for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta

    from oo_profile.reports.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Reach:
    """What is affected by something.

    Attributes:
        features: Names, in the registry's order.
        services: Names of the feature services that have any of them.
        owners: Who answers for them.
    """

    features: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()


class Lineage:
    """Finds what is affected, from the registry.

    Args:
        catalogue: Its features.
        services: Names of the services.
    """

    def __init__(self, catalogue: Catalogue, services: Iterable[str]) -> None:
        self._entries = catalogue.features
        self._services: Mapping[str, frozenset[str]] = {
            name: frozenset(entry.name for entry in catalogue.service(name)) for name in services
        }
        self.ttls: dict[str, timedelta | None] = {
            view.name: view.ttl for entry in catalogue.features for view in entry.views
        }
        """The TTL of each state view as applied; None: it never expires."""

    def reach(self, subjects: Iterable[str], about: str = "") -> Reach:
        """Find what these subjects change, or else what a name stands for.

        Args:
            subjects: Subjects; none: `about` is a feature or a view, or everything is affected.
            about: A feature's or a state view's name.
        """
        wanted = set(subjects)
        found = [entry for entry in self._entries if wanted & set(entry.invalidated_by)]
        if not wanted:
            found = [e for e in self._entries if about in {e.name, *(v.name for v in e.views)}]
            found = found or [entry for entry in self._entries if entry.views]
        names = {entry.name for entry in found}
        return Reach(
            tuple(entry.name for entry in found),
            tuple(service for service, has in sorted(self._services.items()) if has & names),
            tuple(sorted({entry.owner for entry in found})),
        )
