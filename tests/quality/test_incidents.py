"""A short form of `make incidents`: a small population, one incident of each kind of check."""

from __future__ import annotations

import pytest
from support.incidents import INCIDENTS, OLD_REDIS, Incident
from support.watching import Stage, prepare, put_in

SHORT = {
    "todoist stops",
    "everything stops",
    "session seconds become minutes",
    "offsets lost",
    "user ids in capitals",
    "everything sent twice",
    "a clock an hour ahead",
    "a field renamed",
    "an optional field renamed",
    "a new category",
    "one user floods",
    "a row of the profile changed by hand",
    "Redis flushed",
    "the builder stopped",
}


@pytest.fixture(scope="module")
def stage() -> Stage:
    """Watch 600 people for 17 days."""
    return prepare(users=600, days=18, seed=7, next_days=1, a_week=10.0)


def test_nothing_is_said_of_a_quiet_population(stage: Stage) -> None:
    """Not a single alert fires in 17 days."""
    assert [alert.what for alert in stage.watched.changes] == []


@pytest.mark.parametrize(
    "incident",
    [*(one for one in INCIDENTS if one.name in SHORT), OLD_REDIS],
    ids=lambda incident: incident.name,
)
def test_an_incident_is_found_with_its_cause(stage: Stage, incident: Incident) -> None:
    """An alert fires within the stated delay; its text says what it is."""
    result = put_in(stage, incident)
    assert result.found, f"{result.after_hours} hours; others: {result.others}"
