"""Features are their formulas over the raw signals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.feature_inputs import compute, compute_one, row_of
from support.strategies import BASE_US, Logged, categories, logs, offsets

from oo_profile.definition import feature_scales_at, features_at

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY_US = 86_400_000_000
ages = st.one_of(st.sampled_from([0, 1, 1_800_000_000, DAY_US]), st.integers(0, 200 * DAY_US))
instants = st.one_of(
    st.none(), st.integers(BASE_US - 40 * DAY_US, BASE_US + 900 * DAY_US).map(lambda us: us / 1e6)
)
candidates = st.fixed_dictionaries(
    {
        "created_at": instants,
        "due_at": instants,
        "priority": st.one_of(st.none(), st.integers(1, 4), st.floats(1, 4)),
        "category": st.one_of(st.none(), st.just(""), st.just("unlisted"), categories),
    }
)


def assert_same_features(
    found: Mapping[str, Any], expected: Mapping[str, Any], scales: Mapping[str, float]
) -> None:
    """Assert that what has a formula has its value, numbers to 1e-9 of the sum of their terms."""
    assert found.keys() >= expected.keys()
    for name, value in expected.items():
        if isinstance(value, float):
            tolerance = 1e-9 * max(scales.get(name, 0.0), abs(value)) + 1e-12
            assert found[name] == pytest.approx(value, abs=tolerance), name
        else:
            assert found[name] == value, name


@settings(deadline=None, max_examples=150)
@given(log=logs(), age_us=ages, offset=offsets, candidate=candidates)
def test_every_feature_is_its_formula(
    log: list[Logged], age_us: int, offset: int, candidate: dict[str, Any]
) -> None:
    """At any time after the base, from any signals, for any candidate."""
    now_us = BASE_US + age_us
    found = compute_one(row_of(log, now_us, utc_offset_minutes=offset, **candidate))
    raw = [logged.raw for logged in log]
    expected = features_at(raw, now_us, offset, candidate)
    assert_same_features(found, expected, feature_scales_at(raw, now_us, offset))


@settings(deadline=None, max_examples=40)
@given(
    users=st.lists(st.tuples(logs(max_size=6), ages, offsets, candidates), min_size=1, max_size=5)
)
def test_many_rows_are_row_by_row(
    users: list[tuple[list[Logged], int, int, dict[str, Any]]],
) -> None:
    """Vectorised over rows, a function gives to the bit what it gives for each row alone."""
    rows = [
        row_of(log, BASE_US + age_us, utc_offset_minutes=offset, **candidate)
        for log, age_us, offset, candidate in users
    ]
    together = compute(rows)
    for number, row in enumerate(rows):
        assert {name: values[number] for name, values in together.items()} == compute_one(row)
