"""What breaks a service that somebody reads is named; nothing else is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from feast.types import Float64, Int64, String
from support.definitions import definitions_module
from support.small_definitions import TAGS, Declared

if TYPE_CHECKING:
    from collections.abc import Sequence

compatibility = definitions_module("compatibility")


def shapes(declared: Declared) -> dict[str, Any]:
    """Return the shapes of the services that are declared."""
    found: dict[str, Any] = compatibility.shapes(
        [declared.feature_service()], [declared.computed_view()], [declared.state_view()]
    )
    return found


def breaks(old: Declared, new: Declared) -> dict[str, list[str]]:
    """Return what a change would break."""
    found: dict[str, list[str]] = compatibility.breaks(shapes(old), shapes(new))
    return found


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({"service": "other"}, ["the service is gone"]),
        ({"features": {"a": Float64}}, ["feature 'b' is gone"]),
        (
            {"features": {"a": Float64, "b": Int64}},
            ["feature 'b' changes from Float64 to Int64"],
        ),
        (
            {"features": {"b": Float64, "a": Float64}},
            [
                "feature 'a' moves from place 0 to 1",
                "feature 'b' moves from place 1 to 0",
            ],
        ),
        (
            {"features": {"a": Float64, "b": Float64, "c": Float64}},
            ["the vector grows by ['c']: a new dimension is a new service"],
        ),
        (
            {"view": "replies"},
            [
                "feature 'a' moves from answers to replies",
                "feature 'b' moves from answers to replies",
            ],
        ),
        ({"request": {}}, ["request field 'now' is gone"]),
        ({"request": {"now": Int64}}, ["request field 'now' changes from Float64 to Int64"]),
        (
            {"request": {"now": Float64, "place": String}},
            ["every request now has to bring 'place'"],
        ),
        ({"state": {"s": Float64}}, ["state field 't' is gone"]),
        (
            {"state": {"s": Float64, "t": String}},
            ["state field 't' changes from Float64 to String"],
        ),
        (
            {"tags": {**TAGS, "half_life_seconds": "61"}},
            ["the half-life of state changes from 60 to 61 seconds"],
        ),
        (
            {"ttl": timedelta(0)},
            ["the TTL of state changes from 1 day, 0:00:00 to 0:00:00 (0: never)"],
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "then",
)
def test_a_break_is_named(change: dict[str, Any], reasons: Sequence[str]) -> None:
    """Each thing that its readers rely on is compared, and told with what it was and is."""
    assert breaks(Declared(), Declared(**change)) == {"vector": reasons}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"description": "In better words"},
        {"owner": "them", "tags": {**TAGS, "owner": "them"}},
        {"state": {"new": Float64, "t": Float64, "s": Float64}},
    ],
    ids=["nothing", "words", "owner", "state"],
)
def test_what_nobody_relies_on_may_change(change: dict[str, Any]) -> None:
    """Words, owners, more state and its order break nothing."""
    assert breaks(Declared(), Declared(**change)) == {}


def test_a_service_that_is_read_by_name_may_grow() -> None:
    """Anywhere, as long as what was there keeps its order."""
    old = Declared(read_by="name")
    grown = Declared(read_by="name", features={"c": Float64, "a": Float64, "b": Float64})
    assert breaks(old, grown) == {}
    turned = Declared(read_by="name", features={"b": Float64, "a": Float64})
    assert breaks(old, turned) == {"vector": ["features change their order to ['b', 'a']"]}


def test_how_a_service_was_read_decides() -> None:
    """Calling a vector a service by name does not let it grow in the same change."""
    grown = Declared(read_by="name", features={"a": Float64, "b": Float64, "c": Float64})
    assert breaks(Declared(), grown).keys() == {"vector"}


def test_a_new_service_breaks_nothing() -> None:
    """What nobody read before, nobody relies on."""
    assert compatibility.breaks({}, shapes(Declared())) == {}
