"""What is not said of a view or field, or contradicts the rest, is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from feast.types import Float64
from support.definitions import definitions_module
from support.small_definitions import FEATURE, SAID, TAGS, Declared

completeness = definitions_module("completeness")

UNDECLARED = "is not declared, and others read it"


def gaps(declared: Declared) -> list[str]:
    """Return what is missing, but for the project's own views, which are not declared here."""
    found: list[str] = completeness.gaps([declared.state_view()], [declared.computed_view()])
    return [gap for gap in found if UNDECLARED not in gap]


def test_what_is_said_in_full_has_no_gaps() -> None:
    """Owner, tags, descriptions, units and ranges are all there."""
    assert gaps(Declared()) == []


@pytest.mark.parametrize("tag", sorted(TAGS))
def test_every_tag_of_a_view_is_needed(tag: str) -> None:
    """A tag that is missing is named."""
    assert gaps(Declared(tags={**TAGS, tag: ""})) == [f"view 'state' has no tag '{tag}'"]


def test_a_view_needs_an_owner() -> None:
    """Feast's own field for it, beside the tag."""
    assert gaps(Declared(owner="")) == ["view 'state' has no owner"]


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"description": ""}, "description"),
        ({"field_tags": {**SAID, "unit": ""}}, "unit"),
        ({"field_tags": {"unit": "pieces"}}, "range"),
    ],
)
def test_every_field_is_described(change: dict[str, Any], part: str) -> None:
    """Fields of state, and of what a request brings."""
    assert gaps(Declared(**change)) == [
        f"field 'state:s' has no {part}",
        f"field 'state:t' has no {part}",
        f"field 'clock:now' has no {part}",
    ]


@pytest.mark.parametrize("part", sorted(FEATURE))
def test_every_feature_is_described(part: str) -> None:
    """In the tags of its view."""
    said = {name: value for name, value in FEATURE.items() if name != part}
    assert gaps(Declared(feature=said)) == [
        f"feature 'answers:a' has no {part}",
        f"feature 'answers:b' has no {part}",
    ]


@pytest.mark.parametrize(
    ("change", "places"),
    [
        ({"features": {"s": Float64}}, "state and answers"),
        ({"request": {"s": Float64}}, "state and clock"),
    ],
)
def test_a_name_stands_for_one_field(change: dict[str, Any], places: str) -> None:
    """State, request and features share one space of names."""
    assert gaps(Declared(**change)) == [f"the name 's' stands for fields of {places}: rename one"]


def test_the_ages_end_where_state_expires() -> None:
    """A view's TTL is the bound at which the features of its age end."""
    declared = Declared(ttl=timedelta(hours=24))
    assert not [g for g in gaps_of("calendar_state", declared) if "calendar_state" in g]
    (gap,) = gaps_of("calendar_state", replace(declared, ttl=timedelta(hours=12)))
    assert gap.startswith(
        "view 'calendar_state' expires after 12 h, but the features of its age end at 24 h"
    )


def gaps_of(name: str, declared: Declared) -> list[str]:
    """Return what is missing of a state view under this name."""
    found: list[str] = completeness.gaps([declared.state_view(name)], [])
    return [gap for gap in found if UNDECLARED not in gap]


def test_a_view_that_others_read_is_declared() -> None:
    """One that is left out is named, in place of an error about a key."""
    assert f"view 'mood_state' {UNDECLARED}" in completeness.gaps([], [])
