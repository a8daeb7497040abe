"""`oo features` shows the registry as it was applied."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from oo_profile.cli import oo
from oo_transforms.views import FEATURE_GROUPS, STATE_VIEWS

if TYPE_CHECKING:
    from pathlib import Path

    from support.world import World

pytestmark = pytest.mark.live

BANDIT_V2 = [
    "task_age_days",
    "hours_until_due",
    "is_overdue",
    "priority_level",
    "hour_sin",
    "hour_cos",
    "is_weekend",
    "category_affinity",
    "category_acceptance",
    "completion_rate",
    "productive_share_this_hour",
    "tip_done_rate",
]


def as_json(world: World, *arguments: str) -> dict[str, dict[str, Any]]:
    """Return what the command prints as JSON, by name."""
    entries = json.loads(world.oo("features", "--json", *arguments).stdout)
    return {entry["name"]: entry for entry in entries}


def test_every_declared_feature_is_listed_with_all_that_is_said_of_it(world: World) -> None:
    """Nothing that the code declares is lost on its way through the registry."""
    told = as_json(world)
    declared = {f.name: (group, f) for group, _ in FEATURE_GROUPS for f in group.features}
    assert told.keys() == declared.keys()
    for name, (group, feature) in declared.items():
        entry = told[name]
        assert entry["transform"] == entry["view"] == group.name
        assert (entry["dtype"], entry["description"]) == (feature.dtype, feature.description)
        assert (entry["unit"], entry["none"]) == (feature.unit, feature.none)
        assert entry["range"] == [feature.minimum, feature.maximum]
        assert entry["reads"] == list(feature.reads)
        assert entry["owner"]


def test_the_table_fits_and_lines_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a hundred columns no line is longer, and every name stands whole at a line's begin."""
    monkeypatch.setenv("COLUMNS", "100")
    lines = world.oo("features").stdout.splitlines()
    assert max(map(len, lines)) <= 100
    first_words = {line.split(" ")[0] for line in lines}
    assert {f.name for group, _ in FEATURE_GROUPS for f in group.features} <= first_words
    assert lines[0].split() == [
        "name",
        "dtype",
        "source",
        "TTL",
        "invalidated",
        "by",
        "description",
    ]
    (row,) = (line for line in lines if line.startswith("completion_rate "))
    assert row.split()[:6] == ["completion_rate", "Float64", "todoist", "90", "d", "task.*"]


def test_a_service_lists_its_vector_in_its_order(world: World) -> None:
    """The order is the one that a linear model reads by."""
    assert list(as_json(world, "--service", "bandit_v2")) == BANDIT_V2


def test_a_feature_has_the_source_and_ttl_of_the_state_that_it_reads(world: World) -> None:
    """Of several state views all are named; a feature of the request alone has none."""
    told = as_json(world)
    hours = told["hours_since_app"]
    assert hours["source"] == ["app", "all"]
    assert hours["ttl_seconds"] == {"activity_state": 90 * 86400, "sync_state": None}
    assert hours["invalidated_by"] == ["signals.app.session", "signals.source.synced"]
    assert told["calendar_busyness"]["ttl_seconds"] == {"calendar_state": 86400}
    assert told["category_acceptance"]["half_life_seconds"] == {"tip_state": 14 * 86400}
    assert told["is_overdue"]["source"] == ["request"]
    assert told["is_overdue"]["ttl_seconds"] == {}
    assert told["is_overdue"]["invalidated_by"] == []


def test_state_columns_come_behind_the_features_on_demand(world: World) -> None:
    """Each is once in the list, with its half-life, and has no transform."""
    told = as_json(world, "--state")
    columns = [field.name for view in STATE_VIEWS for field in view.fields()]
    names = list(told)
    assert sorted(names[-len(columns) :]) == sorted(columns)
    assert len(names) == len(as_json(world)) + len(columns)
    assert told["task_completed"]["transform"] is None
    assert told["task_completed"]["half_life_seconds"] == {"task_state": 28 * 86400}
    assert "state task_state (half-life 28 d)" in world.oo("features", "--state").stdout


def test_an_unknown_service_is_answered_with_those_there_are(world: World) -> None:
    """The message has the name and the services."""
    result = world.oo("features", "--service", "bandit_v9", code=1)
    assert "no service 'bandit_v9'; near to it: bandit_v2, bandit_v1" in result.stderr
    result = world.oo("features", "--service", "x", code=1)
    assert "no service 'x'; there are bandit_v1, bandit_v2, learned, profile_v1" in result.stderr


def test_without_a_registry_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It exits with an error, and nothing is made."""
    (tmp_path / "feature_repo").mkdir()
    (tmp_path / "feature_repo" / "feature_store.yaml").write_text("project: oo\n")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(oo, ["features"])
    assert result.exit_code == 1
    assert "there is no registry at" in result.stderr
    assert "run `oo apply`" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["feature_repo"]
