"""Features are total: any state, also none and garbage, gives a value of the stated kind."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.feature_inputs import DTYPES, NOTHING, compute, compute_one

from oo_transforms import FEATURE_GROUPS, Feature

NOW = 1_767_225_600.0
TYPES = {"Float64": float, "Int64": int, "Bool": bool, "String": str}
FEATURES = {feature.name: feature for group, _ in FEATURE_GROUPS for feature in group.features}

NONE_VALUES: dict[str, object] = {
    "sessions_per_week": 0.0,
    "typical_session_minutes": 0.0,
    "days_since_active": 90.0,
    "active_share_this_hour": 1 / 24,
    "is_active_now": False,
    "active_peak_hour": -1,
    "active_peak_weekday": -1,
    "completion_rate": 0.5,
    "snooze_rate": 0.1,
    "tasks_completed_per_week": 0.0,
    "task_evidence": 0.0,
    "preferred_categories": "[]",
    "productive_hours": "[]",
    "productive_weekdays": "[]",
    "productive_share_this_hour": 1 / 24,
    "productive_share_this_weekday": 1 / 7,
    "tip_done_rate": 0.2,
    "tip_dismiss_rate": 0.1,
    "tips_per_week": 0.0,
    "typical_dwell_seconds": 0.0,
    "calendar_busyness": 0.0,
    "mood_score": 3.0,
    "mood_trend": 0.0,
    "app_last_synced_at": 0.0,
    "todoist_last_synced_at": 0.0,
    "tip_last_synced_at": 0.0,
    "calendar_last_synced_at": 0.0,
    "mood_last_synced_at": 0.0,
    "hours_since_app": 2160.0,
    "hours_since_todoist": 2160.0,
    "hours_since_tip": 1440.0,
    "hours_since_calendar": 24.0,
    "hours_since_mood": 168.0,
    "task_age_days": 0.0,
    "hours_until_due": 720.0,
    "is_overdue": False,
    "priority_level": 1.0,
    "category_affinity": 0.0,
    "category_acceptance": 0.2,
}
"""Every value without evidence; the time of day and the weekend are there with any clock."""

numbers = st.one_of(
    st.none(),
    st.floats(),
    st.integers(-(2**60), 2**60),
    st.floats(0, 1e4),
    st.floats(NOW - 1e7, NOW + 1e7),
)
BY_DTYPE: dict[str, st.SearchStrategy[Any]] = {
    "Float64": numbers,
    "Int64": st.one_of(st.none(), st.integers(-840, 840), st.floats()),
    "String": st.one_of(st.none(), st.text(max_size=3)),
    "Array(Float64)": st.one_of(st.none(), st.lists(numbers, max_size=26), st.just(math.nan)),
    "Array(String)": st.one_of(st.none(), st.lists(st.text(max_size=2), max_size=5)),
}
anything = st.fixed_dictionaries({name: BY_DTYPE[dtype] for name, dtype in DTYPES.items()})


def assert_stated(name: str, value: object) -> None:
    """Assert exactly the declared type, a finite number, and the stated range."""
    feature: Feature = FEATURES[name]
    assert type(value) is TYPES[feature.dtype], name
    if isinstance(value, float | int):
        assert math.isfinite(value), name
        assert feature.minimum is None or value >= feature.minimum, name
        assert feature.maximum is None or value <= feature.maximum, name


@settings(deadline=None, max_examples=150)
@given(st.lists(anything, min_size=1, max_size=3))
def test_any_state_gives_values_in_the_stated_range(rows: list[dict[str, Any]]) -> None:
    """Plain lists of the declared types, one value a row, never None, and no warning."""
    outputs = compute(rows)
    assert outputs.keys() == FEATURES.keys()
    for name, values in outputs.items():
        assert type(values) is list
        assert len(values) == len(rows)
        for value in values:
            assert_stated(name, value)


@pytest.mark.parametrize("missing", [None, math.nan])
def test_no_state_gives_the_values_without_evidence(missing: float | None) -> None:
    """None and NaN are the same, and the values are those of the table."""
    row = dict.fromkeys(NOTHING, missing) | {"now": NOW}
    found = compute_one(row)
    assert {name: found[name] for name in NONE_VALUES} == NONE_VALUES
    assert {name: FEATURES[name].none for name in NONE_VALUES} == NONE_VALUES


def test_a_missing_clock_gives_values_too() -> None:
    """Without `now` nothing has an age, and every feature is its value without evidence."""
    found = compute_one(NOTHING)
    assert found == {name: feature.none for name, feature in FEATURES.items()}


def test_the_sample_row_of_feast_apply_is_enough() -> None:
    """Feast tries every function with 1.0, 1, a text, and arrays of length 1."""
    samples = {
        "Float64": 1.0,
        "Int64": 1,
        "String": "hello world",
        "Array(Float64)": [1.0],
        "Array(String)": ["hello world"],
    }
    found = compute_one({name: samples[dtype] for name, dtype in DTYPES.items()})
    for name, value in found.items():
        assert_stated(name, value)


def test_a_fraction_before_midnight_has_an_hour() -> None:
    """An offset of next to nothing does not lead to hour 24."""
    row = NOTHING | {"now": 0.0, "utc_offset_minutes": -1e-200}
    assert compute_one(row)["active_share_this_hour"] == 1 / 24


def test_inputs_are_left_alone_and_other_keys_ignored() -> None:
    """A function reads its own columns, and changes none."""
    inputs: dict[str, list[Any]] = {name: [None] for name in NOTHING} | {"now": [NOW]}
    inputs["task_state__task_completed_by_hour"] = [[1.0] * 24]
    for group, function in FEATURE_GROUPS:
        before = {name: list(values) for name, values in inputs.items()}
        plain = function(inputs)
        assert function({**inputs, "user_id": ["u1"], "activity_sessions": [9.0]}) == plain
        assert inputs == before, group.name


def test_missing_columns_read_as_missing_values() -> None:
    """A function that is given less than it declared still answers for every row."""
    for group, function in FEATURE_GROUPS:
        outputs = function({"now": [NOW, NOW + 1]})
        assert [len(values) for values in outputs.values()] == [2] * len(group.features)


def test_no_rows_give_no_values() -> None:
    """Empty columns come back empty."""
    for _, function in FEATURE_GROUPS:
        outputs = function({"now": [], "utc_offset_minutes": []})
        assert all(values == [] for values in outputs.values())
