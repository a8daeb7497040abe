"""The metrics that a builder shows, by name."""

from __future__ import annotations

from oo_profile.insight.insight import Insight

_DERIVED = ("_created", "_bucket", "_count", "_sum")


def shown_metrics() -> set[str]:
    """Return the names of all metrics of ours, shown at the moment or not."""
    registry = Insight(lambda: 0).metrics.registry
    names = set(registry._names_to_collectors)  # noqa: SLF001 - what is known, collected or not
    counters = {name.removesuffix("_total") for name in names if name.endswith("_total")}
    ours = {name for name in names if name.startswith("oo_") and not name.endswith(_DERIVED)}
    return ours - counters
