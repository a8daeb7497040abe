"""The features there are: names, types, order, and what is said of each."""

from __future__ import annotations

import json

import pytest
from support.feature_inputs import REQUEST_FIELDS, STATE_FIELDS

from oo_transforms import FEATURE_GROUPS, DeclarationError, Feature

FEATURES = {
    "activity_features": """
        sessions_per_week Float64
        typical_session_minutes Float64
        days_since_active Float64
        active_share_this_hour Float64
        is_active_now Bool
        active_peak_hour Int64
        active_peak_weekday Int64""",
    "task_features": """
        completion_rate Float64
        snooze_rate Float64
        tasks_completed_per_week Float64
        task_evidence Float64
        preferred_categories String
        productive_hours String
        productive_weekdays String
        productive_share_this_hour Float64
        productive_share_this_weekday Float64""",
    "tip_features": """
        tip_done_rate Float64
        tip_dismiss_rate Float64
        tips_per_week Float64
        typical_dwell_seconds Float64""",
    "calendar_features": "calendar_busyness Float64",
    "mood_features": """
        mood_score Float64
        mood_trend Float64""",
    "freshness_features": """
        app_last_synced_at Float64
        todoist_last_synced_at Float64
        tip_last_synced_at Float64
        calendar_last_synced_at Float64
        mood_last_synced_at Float64
        hours_since_app Float64
        hours_since_todoist Float64
        hours_since_tip Float64
        hours_since_calendar Float64
        hours_since_mood Float64""",
    "candidate_features": """
        task_age_days Float64
        hours_until_due Float64
        is_overdue Bool
        priority_level Float64
        hour_sin Float64
        hour_cos Float64
        is_weekend Bool""",
    "match_features": """
        category_affinity Float64
        category_acceptance Float64""",
}
GROUPS = {group.name: group for group, _ in FEATURE_GROUPS}
ALL = [feature for group in GROUPS.values() for feature in group.features]
every_feature = pytest.mark.parametrize("feature", ALL, ids=lambda feature: feature.name)


def test_no_group_is_gone() -> None:
    """The package declares the on-demand views of the table; others may be added."""
    assert FEATURES.keys() <= GROUPS.keys()


@pytest.mark.parametrize("name", sorted(FEATURES))
def test_a_group_keeps_its_features(name: str) -> None:
    """Names, types and order are those that services and other teams' SQL rely on."""
    expected = [line.strip() for line in FEATURES[name].strip().splitlines()]
    declared = [f"{f.name} {f.dtype}" for f in GROUPS[name].features]
    assert [feature for feature in declared if feature in expected] == expected


@pytest.mark.parametrize("number", range(len(FEATURE_GROUPS)), ids=list(GROUPS))
def test_outputs_come_in_schema_order(number: int) -> None:
    """Feast takes a function's outputs by their order."""
    group, function = FEATURE_GROUPS[number]
    assert list(function({"now": [1.0]})) == [feature.name for feature in group.features]


@every_feature
def test_every_feature_is_described(feature: Feature) -> None:
    """Its tag says owner, description, unit, range, value without evidence, and what it needs."""
    tag = json.loads(feature.tag("somebody"))
    told = {"owner", "description", "unit", "range", "none", "reads", "when_stale"}
    assert tag.keys() == told
    assert tag["owner"] == "somebody"
    assert tag["range"] == [feature.minimum, feature.maximum]
    assert feature.description
    assert feature.unit
    assert feature.reads


@every_feature
def test_what_a_feature_reads_exists(feature: Feature) -> None:
    """Each column it is computed from is a state column or request data."""
    columns = {field.name for field in STATE_FIELDS.values()}
    assert set(feature.reads) <= columns | REQUEST_FIELDS.keys()


@every_feature
def test_numbers_have_a_least_value(feature: Feature) -> None:
    """A range is stated for every number; a text has none."""
    assert (feature.minimum is None) == (feature.dtype == "String")


def test_a_value_without_evidence_must_be_in_range() -> None:
    """A feature that contradicts itself is refused."""
    with pytest.raises(DeclarationError, match=r"'f' is 2.0 without evidence.*range \[0.0, 1.0\]"):
        Feature("f", "Float64", "", "", none=2.0, minimum=0.0, maximum=1.0)
