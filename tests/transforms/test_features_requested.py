"""Functions that are told which of their features are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.feature_inputs import NOTHING, row_of
from support.strategies import BASE_US, Logged, logs

from oo_transforms import FEATURE_GROUPS
from oo_transforms.columns import REQUESTED

if TYPE_CHECKING:
    from oo_transforms import FeatureGroup
    from oo_transforms.views import Compute

every_group = pytest.mark.parametrize(
    ("group", "function"), FEATURE_GROUPS, ids=[group.name for group, _ in FEATURE_GROUPS]
)


@every_group
@settings(deadline=None, max_examples=20)
@given(log=logs(), rows=st.integers(1, 3), data=st.data())
def test_a_requested_feature_has_the_value_that_it_has_among_all(
    group: FeatureGroup, function: Compute, log: list[Logged], rows: int, data: st.DataObject
) -> None:
    """Whatever is asked for, in schema order, to the bit, and nothing else."""
    names = [feature.name for feature in group.features]
    asked = data.draw(st.lists(st.sampled_from(names), unique=True))
    row = row_of(log, BASE_US + 86_400_000_000, utc_offset_minutes=60, category="docs")
    inputs: dict[str, list[Any]] = {name: [row[name]] * rows for name in NOTHING}
    everything = function(inputs)
    inputs[REQUESTED] = asked
    some = function(inputs)
    assert some == {name: everything[name] for name in names if name in asked}
    assert list(some) == [name for name in names if name in asked]


@every_group
def test_shared_objects_and_equal_ones_compute_alike(
    group: FeatureGroup, function: Compute
) -> None:
    """Rows that share one object get to the bit what rows with copies of it get."""
    now = BASE_US / 1e6
    shared: dict[str, list[Any]] = {**{name: [None] * 3 for name in NOTHING}, "now": [now] * 3}
    copies = {**shared, "now": [float(str(now)) for _ in range(3)]}
    assert function(shared) == function(copies), group.name
