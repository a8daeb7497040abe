"""What a request may bring: numbers of any kind, and no datetimes or texts for instants."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support.feature_inputs import NOTHING, compute_one

from oo_transforms import InputRefused, TransformError
from oo_transforms.activity import activity_features
from oo_transforms.candidates import candidate_features

NOW = 1_767_225_600.0
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", ["now", "created_at", "due_at"])
@pytest.mark.parametrize(
    "instant",
    [NOON, NOON.isoformat(), "1767225600", pd.Timestamp(NOON), np.datetime64("2026-01-01"), pd.NaT],
    ids=["datetime", "text", "digits", "Timestamp", "datetime64", "NaT"],
)
def test_an_instant_is_unix_seconds(name: str, instant: object) -> None:
    """The error names the field, what was given, and the unit that is asked for."""
    inputs: dict[str, list[Any]] = {"now": [NOW], name: [instant]}
    with pytest.raises(InputRefused, match=f"'{name}' was given .*Unix seconds UTC") as refused:
        candidate_features(inputs)
    assert isinstance(refused.value, TransformError)
    assert isinstance(refused.value, TypeError)
    assert refused.value.field == name


def test_one_bad_row_among_good_ones_is_refused() -> None:
    """A column of numbers with a text in it is not turned into texts or skipped."""
    with pytest.raises(InputRefused, match=r"'due_at' was given 'soon' \(str\)"):
        candidate_features({"now": [NOW, NOW], "due_at": [NOW, "soon"]})


@pytest.mark.parametrize("name", ["priority", "utc_offset_minutes"])
@pytest.mark.parametrize("value", ["high", NOON, Decimal(1), [1]])
def test_a_number_is_a_number(name: str, value: object) -> None:
    """Other request data that should be numbers is refused as well."""
    with pytest.raises(InputRefused, match=f"'{name}' was given .*takes a number"):
        candidate_features({"now": [NOW], name: [value]})


def test_a_state_column_of_texts_is_refused() -> None:
    """A wrong join does not become a feature."""
    with pytest.raises(InputRefused, match="'activity_state__activity_sessions' was given 'many'"):
        activity_features({"now": [NOW], "activity_state__activity_sessions": ["many"]})


@pytest.mark.parametrize(
    "due",
    [1_767_229_200, 1_767_229_200.0, np.int64(1_767_229_200), np.float64(1_767_229_200)],
)
def test_ints_and_floats_are_both_numbers(due: float) -> None:
    """An integer where a float is declared is read as that number."""
    found = candidate_features({"now": [int(NOW)], "due_at": [due], "priority": [3]})
    assert (found["hours_until_due"], found["priority_level"]) == ([1.0], [3.0])


def test_a_column_may_mix_ints_floats_and_nothing() -> None:
    """Each row counts for itself; none is cast to the type of the first."""
    due = [int(NOW) + 3600, NOW + 5400.5, None, math.nan]
    found = candidate_features({"now": [NOW] * 4, "due_at": due})
    assert found["hours_until_due"] == [1.0, 5400.5 / 3600, 720.0, 720.0]


def test_arrays_of_numpy_are_columns_too() -> None:
    """A column or a state array may be an ndarray; the answer is plain lists."""
    row = NOTHING | {
        "now": NOW,
        "activity_state__activity_last_event_at": NOW,
        "activity_state__activity_by_hour": np.eye(24)[7],
    }
    assert compute_one(row)["active_peak_hour"] == 7
    columns: dict[str, Any] = {"now": np.array([NOW, NOW]), "priority": np.array([2, 3])}
    found = candidate_features(columns)
    assert found["priority_level"] == [2.0, 3.0]
    assert type(found["priority_level"]) is list


@pytest.mark.parametrize(("given", "level"), [(0, 1.0), (-3.0, 1.0), (4.0, 4.0), (9, 4.0)])
def test_a_priority_out_of_bounds_counts_as_the_bound(given: float, level: float) -> None:
    """1 to 4, 4 the most urgent."""
    assert candidate_features({"now": [NOW], "priority": [given]})["priority_level"] == [level]


@pytest.mark.parametrize(
    ("due", "hours", "overdue"),
    [
        (NOW, 0.0, False),
        (NOW - 1e-6, -1e-6 / 3600, True),
        (NOW + 720 * 3600, 720.0, False),
        (NOW + 1e9, 720.0, False),
        (NOW - 1e9, -720.0, True),
        (0.0, -720.0, True),
    ],
)
def test_a_due_time_is_bounded_to_a_month(due: float, hours: float, overdue: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Within 720 hours either way; overdue means before now, not at now."""
    found = candidate_features({"now": [NOW], "due_at": [due]})
    assert found["hours_until_due"][0] == pytest.approx(hours, abs=1e-10)
    assert found["is_overdue"] == [overdue]


def test_a_task_from_the_future_has_no_age() -> None:
    """An age is never below 0, and has no upper bound."""
    inputs = {"now": [NOW, NOW], "created_at": [NOW + 5, NOW - 86_400 * 1000]}
    assert candidate_features(inputs)["task_age_days"] == [0.0, 1000.0]
