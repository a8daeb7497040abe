"""Categories in features: which are preferred, and how a candidate's own one does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.feature_inputs import NOTHING, compute_one

NOW = 1_767_225_600.0
EPSILON = 1e-10


def task(weights: dict[str, float], **more: object) -> dict[str, Any]:
    """Build a row whose task state has these completions by category, as of now."""
    return NOTHING | {
        "now": NOW,
        "task_state__task_last_event_at": NOW,
        "task_state__task_created": sum(weights.values()),
        "task_state__task_completed": sum(weights.values()),
        "task_state__task_snoozed": 0.0,
        "task_state__task_categories": sorted(weights),
        "task_state__task_category_completed": [weights[name] for name in sorted(weights)],
        **more,
    }


def tip(shown: dict[str, float], done: dict[str, float], **more: object) -> dict[str, Any]:
    """Build a row whose tip state has these tips by category, as of now."""
    names = sorted(shown)
    return NOTHING | {
        "now": NOW,
        "tip_state__tip_last_event_at": NOW,
        "tip_state__tip_shown": sum(shown.values()),
        "tip_state__tip_done": sum(done.values()),
        "tip_state__tip_snoozed": 0.0,
        "tip_state__tip_dismissed": 0.0,
        "tip_state__tip_categories": names,
        "tip_state__tip_category_shown": [shown[name] for name in names],
        "tip_state__tip_category_done": [done.get(name, 0.0) for name in names],
        **more,
    }


@pytest.mark.parametrize(
    ("weights", "preferred"),
    [
        ({}, []),
        ({"fix": 2.0}, ["fix"]),
        ({"a": 1.0, "b": 4.0, "c": 3.0, "d": 2.0}, ["b", "c", "d"]),
        ({"d": 1.0, "c": 1.0, "b": 1.0, "a": 1.0}, ["a", "b", "c"]),
        ({"a": 2.0, "b": 2.0 + EPSILON, "c": 1.0, "d": 1.0 + EPSILON}, ["a", "b", "c"]),
        ({"a": 2.0, "b": 2.0 + 1e-7}, ["b", "a"]),
        ({"": 9.0, "fix": 1.0}, ["fix"]),
        ({"": 9.0}, []),
        ({"z\u00fc": 2.0, '"': 1.0}, ["z\u00fc", '"']),
    ],
)
def test_the_three_heaviest_are_preferred(weights: dict[str, float], preferred: list[str]) -> None:
    """By weight, then by name among weights equal to 1e-9; the overflow is no preference."""
    assert json.loads(compute_one(task(weights))["preferred_categories"]) == preferred


def test_rounding_does_not_decide_a_tie() -> None:
    """Equal weights stay a tie wherever they lie, whatever else there is."""
    for step in range(200):
        weight = 0.1 + step * 1e-10 / 3
        weights = {"heaviest": 1.0, "b": weight, "a": weight * (1 - 1e-15)}
        assert compute_one(task(weights))["preferred_categories"] == '["heaviest","a","b"]'


def test_hours_are_ranked_the_same_way() -> None:
    """Heaviest first, the lower hour at a tie, and none that never was."""
    hours = [0.0] * 24
    hours[9], hours[14], hours[8] = 2.0, 2.0 + EPSILON, 1.0
    found = compute_one(task({}, task_state__task_completed_by_hour=hours))
    assert found["productive_hours"] == "[9,14,8]"
    days = [0.0, 0.0, 3.0, 0.0, 3.0, 3.0, 0.0]
    found = compute_one(task({}, task_state__task_completed_by_weekday=days))
    assert found["productive_weekdays"] == "[2,4]"


def test_a_peak_is_the_lowest_of_equals() -> None:
    """Sums equal to 1e-9 are a tie, sums further apart are not, and all zeros have no peak."""
    found = compute_one(
        NOTHING
        | {
            "now": NOW,
            "activity_state__activity_last_event_at": NOW,
            "activity_state__activity_by_hour": [0.0, 2.0, 0.0, 2.0 + EPSILON],
            "activity_state__activity_by_weekday": [0.0, 2.0, 2.0 + 1e-7],
        }
    )
    assert (found["active_peak_hour"], found["active_peak_weekday"]) == (1, 2)
    assert compute_one(NOTHING | {"now": NOW})["active_peak_hour"] == -1


@pytest.mark.parametrize("category", [None, "", "unlisted", float("nan")])
def test_an_unlisted_category_weighs_nothing(category: object) -> None:
    """None, the empty name and a name never seen are alike, the overflow notwithstanding."""
    assert compute_one(task({"": 5.0, "fix": 3.0}, category=category))["category_affinity"] == 0.0
    row = tip({"": 5.0, "fix": 3.0}, {"": 5.0, "fix": 1.0}, category=category)
    found = compute_one(row)
    assert found["category_acceptance"] == pytest.approx(found["tip_done_rate"])


def test_affinity_is_a_share_of_all_completions() -> None:
    """Three of four completions and a prior of two."""
    row = task({"fix": 3.0, "docs": 1.0}, category="fix")
    assert compute_one(row)["category_affinity"] == pytest.approx(3 / 6)


def test_acceptance_is_smoothed_towards_the_users_own_rate() -> None:
    """Done per shown tip of the category, with five tips' worth of the overall rate."""
    found = compute_one(tip({"fix": 4.0, "docs": 6.0}, {"fix": 3.0, "docs": 1.0}, category="fix"))
    own = (4 + 1) / (10 + 5)
    assert found["tip_done_rate"] == pytest.approx(own)
    assert found["category_acceptance"] == pytest.approx((3 + 5 * own) / (4 + 5))


def test_answers_without_a_shown_tip_still_give_a_share() -> None:
    """More done than shown, as when `shown` was lost, stays within 0 and 1."""
    found = compute_one(tip({"fix": 0.0}, {"fix": 50.0}, category="fix"))
    assert found["tip_done_rate"] == pytest.approx(51 / 55)
    assert found["category_acceptance"] == pytest.approx((50 + 5 * 51 / 55) / 55)


def test_a_candidate_does_not_need_a_tip_state() -> None:
    """Without tips the acceptance is the prior, with tasks the affinity is known."""
    found = compute_one(task({"fix": 3.0}, category="fix"))
    assert found["category_acceptance"] == pytest.approx(0.2)
    assert found["category_affinity"] == pytest.approx(3 / 5)
