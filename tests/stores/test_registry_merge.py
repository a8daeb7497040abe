"""What two writers made of one registry is put together part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feast.protos.feast.core.Registry_pb2 import Registry
from hypothesis import given, settings
from hypothesis import strategies as st

from oo_stores.registry_merge import merged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from feast.protos.feast.core.FeatureView_pb2 import FeatureView

NAMES = st.sampled_from("abcde")
VIEWS = st.dictionaries(NAMES, st.tuples(st.integers(0, 3), st.integers(0, 3)))
"""Feature views by name: their TTL in the spec, materialized intervals in the metadata."""


def registry_of(views: Mapping[str, tuple[int, int]], project: str = "shop") -> Registry:
    """Build a registry of feature views."""
    registry = Registry(registry_schema_version="1")
    for name, (ttl, intervals) in views.items():
        view = registry.feature_views.add()
        view.spec.name, view.spec.project = name, project
        view.spec.ttl.seconds = ttl
        view.spec.tags["ttl"] = str(ttl)
        for _ in range(intervals):
            view.meta.materialization_intervals.add().end_time.seconds = 1
    return registry


def views_in(registry: Registry) -> dict[str, tuple[int, int]]:
    """Return what `registry_of` was given."""
    return {
        view.spec.name: (view.spec.ttl.seconds, intervals(view)) for view in registry.feature_views
    }


def intervals(view: FeatureView) -> int:
    """Return how often a view was materialized."""
    return len(view.meta.materialization_intervals)


@given(base=VIEWS, changed=VIEWS)
@settings(deadline=None)
def test_a_writer_alone_has_his_way(
    base: dict[str, tuple[int, int]], changed: dict[str, tuple[int, int]]
) -> None:
    """If only one changed anything, the result is his, be he the earlier or the later."""
    old, new = registry_of(base), registry_of(changed)
    assert merged(old, new, old) == new
    assert merged(old, old, new) == new
    assert merged(old, new, new) == new


@given(base=VIEWS, mine=VIEWS, theirs=VIEWS)
@settings(deadline=None)
def test_each_view_is_merged_by_itself(
    base: dict[str, tuple[int, int]],
    mine: dict[str, tuple[int, int]],
    theirs: dict[str, tuple[int, int]],
) -> None:
    """A plain model, view by view and part by part, gives the same registry."""
    result = merged(registry_of(base), registry_of(mine), registry_of(theirs))
    assert views_in(result) == model(base, mine, theirs)


def model(
    base: dict[str, tuple[int, int]],
    mine: dict[str, tuple[int, int]],
    theirs: dict[str, tuple[int, int]],
) -> dict[str, tuple[int, int]]:
    """Merge the plain way: a deleted view is gone, else each part is its last changer's."""
    result = {}
    for name in {*mine, *theirs}:
        if name in base and not (name in mine and name in theirs):
            continue
        my, their = mine.get(name), theirs.get(name)
        if my is None or their is None:
            result[name] = my or their or (0, 0)
            continue
        # Of a view that is new to both, the spec is the later writer's.
        was = base.get(name, (-1, 0))
        ttl, count = (m if m != b else t for b, m, t in zip(was, my, their, strict=True))
        result[name] = (ttl, count)
    return result


def test_a_long_materialization_does_not_undo_an_apply() -> None:
    """A new spec and a new interval of one view are both there, whoever came last."""
    base, applied, materialized = ({"a": (1, 1)}, {"a": (2, 1)}, {"a": (1, 2)})
    for mine, theirs in ((applied, materialized), (materialized, applied)):
        result = merged(registry_of(base), registry_of(mine), registry_of(theirs))
        assert views_in(result) == {"a": (2, 2)}
        assert result.feature_views[0].spec.tags["ttl"] == "2"


def test_a_spec_is_never_half_and_half() -> None:
    """Of two new specs the later writer's is taken as a whole."""
    base, mine, theirs = (registry_of({"a": (1, 0)}) for _ in range(3))
    mine.feature_views[0].spec.owner = "me"
    theirs.feature_views[0].spec.description = "theirs"
    assert merged(base, mine, theirs).feature_views[0].spec == mine.feature_views[0].spec


def test_projects_are_kept_apart() -> None:
    """Views of one name in two projects are two views."""
    shop, bank = registry_of({"a": (1, 0)}, "shop"), registry_of({"a": (2, 0)}, "bank")
    result = merged(Registry(), shop, bank)
    assert {view.spec.project for view in result.feature_views} == {"shop", "bank"}


def test_every_list_of_a_registry_has_an_identity() -> None:
    """Both writers add to every list that Feast's registry has, and both are there."""
    base, mine, theirs = Registry(), Registry(), Registry()
    lists = [f.name for f in Registry.DESCRIPTOR.fields if f.is_repeated]
    for registry, name in ((mine, "mine"), (theirs, "theirs")):
        for field in lists:
            added = getattr(registry, field).add()
            described = added.spec if hasattr(added, "spec") else added
            setattr(described, "name" if hasattr(described, "name") else "project", name)
        history = registry.feature_view_version_history.records.add()
        history.feature_view_name = name
    result = merged(base, mine, theirs)
    assert {field: len(getattr(result, field)) for field in lists} == dict.fromkeys(lists, 2)
    assert len(result.feature_view_version_history.records) == 2
