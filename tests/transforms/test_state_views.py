"""What each state view declares: columns, tags, and names that nobody else has."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from support.logs import VIEWS

from oo_transforms import (
    CANDIDATE,
    CLOCK,
    FEATURE_GROUPS,
    STATE_VIEWS,
    SUBJECTS,
    DeclarationError,
    Last,
    StateView,
    Sum,
)

if TYPE_CHECKING:
    from oo_transforms import RequestField, StateField

COLUMNS = {
    "activity_state": """
        activity_last_event_at Float64
        activity_sessions Float64
        activity_log_seconds Float64
        activity_by_hour Array(Float64) 24
        activity_by_weekday Array(Float64) 7""",
    "task_state": """
        task_last_event_at Float64
        task_created Float64
        task_completed Float64
        task_snoozed Float64
        task_completed_by_hour Array(Float64) 24
        task_completed_by_weekday Array(Float64) 7
        task_categories Array(String)
        task_category_completed Array(Float64)""",
    "tip_state": """
        tip_last_event_at Float64
        tip_shown Float64
        tip_done Float64
        tip_snoozed Float64
        tip_dismissed Float64
        tip_dwell_seconds Float64
        tip_dwell_count Float64
        tip_categories Array(String)
        tip_category_shown Array(Float64)
        tip_category_done Array(Float64)""",
    "calendar_state": """
        calendar_last_event_at Float64
        calendar_last_event_id String
        calendar_last_busy_ratio Float64""",
    "mood_state": """
        mood_last_event_at Float64
        mood_last_event_id String
        mood_last_score Float64
        mood_score_sum Float64
        mood_score_count Float64""",
    "sync_state": """
        sync_last_event_at Float64
        sync_app_at Float64
        sync_todoist_at Float64
        sync_tip_at Float64
        sync_calendar_at Float64
        sync_mood_at Float64""",
}
TASKS = "signals.task.completed,signals.task.created,signals.task.snoozed"
TAGS = {
    "activity_state": ("app", "signals.app.session", "2419200"),
    "task_state": ("todoist", TASKS, "2419200"),
    "tip_state": ("tip", "signals.tip.feedback,signals.tip.shown", "1209600"),
    "calendar_state": ("calendar", "signals.calendar.synced", "0"),
    "mood_state": ("mood", "signals.mood.logged", "604800"),
    "sync_state": ("all", "signals.source.synced", "0"),
}


def described(field: StateField) -> str:
    """Write a column as the table above does."""
    length = "" if field.length is None else f" {field.length}"
    return f"{field.name} {field.dtype}{length}"


def view_of(**changes: Any) -> StateView:  # noqa: ANN401 - any field of a view
    """Declare a view of nothing but what is given."""
    given = {"name": "v", "prefix": "v", "source": "s", "description": "", "half_life": None}
    return StateView(**{**given, "weights": {}, **changes})


def test_no_state_view_is_gone() -> None:
    """The package declares the views of the table; others may be added."""
    assert COLUMNS.keys() <= VIEWS.keys()


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_a_view_has_exactly_its_columns(name: str) -> None:
    """Names, types, lengths and order are those that other teams' SQL relies on."""
    expected = [line.strip() for line in COLUMNS[name].strip().splitlines()]
    assert [described(field) for field in VIEWS[name].fields()] == expected


@pytest.mark.parametrize("name", sorted(TAGS))
def test_a_view_says_where_it_comes_from(name: str) -> None:
    """Source, invalidating subjects and half-life stand in the tags."""
    source, subjects, half_life = TAGS[name]
    assert VIEWS[name].tags() == {
        "source": source,
        "invalidated_by": subjects,
        "half_life_seconds": half_life,
    }


def test_every_subject_changes_exactly_one_view() -> None:
    """Of the views of the table a signal writes its own only."""
    changed = Counter(subject for name in COLUMNS for subject in VIEWS[name].subjects)
    assert changed == Counter(SUBJECTS)


def test_names_are_unique_over_everything() -> None:
    """Feast reads a shared name from the wrong view online, in silence."""
    names = [field.name for view in STATE_VIEWS for field in view.fields()]
    names += [field.name for field in (*CLOCK, *CANDIDATE)]
    names += [feature.name for group, _ in FEATURE_GROUPS for feature in group.features]
    assert [name for name, count in Counter(names).items() if count > 1] == []


@pytest.mark.parametrize(
    "field",
    [*(field for view in STATE_VIEWS for field in view.fields()), *CLOCK, *CANDIDATE],
    ids=lambda field: field.name,
)
def test_every_field_is_described(field: StateField | RequestField) -> None:
    """Each has a sentence, a unit, and a range that is not upside down."""
    assert field.description
    assert field.unit
    assert field.tags().keys() == {"unit", "range"}
    if field.minimum is not None and field.maximum is not None:
        assert field.minimum < field.maximum


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"half_life": timedelta(0)}, "half-life of 0:00:00: give a positive one"),
        ({"half_life": timedelta(days=-1)}, "give a positive one"),
        ({"keeps_maximum": True, "half_life": timedelta(1)}, "maxima, which have no half-life"),
        ({"keeps_maximum": True, "sums": (Sum("a", "", "", 7),)}, "arrays or categories"),
        ({"keeps_maximum": True, "categories": (Sum("a", "", ""),)}, "arrays or categories"),
        ({"sums": (Sum("a", "", ""), Sum("a", "", ""))}, "declares a name twice"),
        ({"sums": (Sum("a", "", ""),), "last": (Last("a", "", ""),)}, "declares a name twice"),
        ({"sums": (Sum("last_event_at", "", ""),)}, "declares a name twice"),
        ({"sums": (Sum("categories", "", ""),), "categories": (Sum("b", "", ""),)}, "name twice"),
    ],
)
def test_a_declaration_that_cannot_work_is_refused(changes: dict[str, Any], reason: str) -> None:
    """The error names the view and what is wrong with it."""
    with pytest.raises(DeclarationError, match=f"view 'v'.*{reason}"):
        view_of(**changes)
