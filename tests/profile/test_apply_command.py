"""`oo apply` writes the definitions as stock Feast does, or refuses and leaves the registry."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.building import minutes_ago, served_states
from support.payloads import OWN_FIELDS
from support.world import signal

if TYPE_CHECKING:
    from support.world import World

pytestmark = [pytest.mark.live, pytest.mark.slow]

REPO = Path(__file__).parents[2] / "feature_repo"


@dataclass(frozen=True, slots=True)
class Project:
    """A copy of the definitions beside a registry that holds them."""

    repo: Path
    registry: Path

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a line of a definition, which must be there."""
        path = self.repo / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def oo_apply(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run the command in a process of its own."""
        return run("oo_profile.cli", "apply", *options)


def run(module: str, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a module as a command, in the environment of the test."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=dict(os.environ),
    )


@pytest.fixture
def project(
    applied_registry: Path, redis_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Project:
    """Give a project of its own, with the definitions applied."""
    made = Project(tmp_path / "feature_repo", tmp_path / "registry.db")
    shutil.copytree(REPO, made.repo, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(applied_registry, made.registry)
    for name, value in (
        ("OO_REPO", made.repo),
        ("OO_REGISTRY", made.registry),
        ("OO_DB", tmp_path / "oo.db"),
        ("OO_REDIS", redis_address),
    ):
        monkeypatch.setenv(name, str(value))
    return made


def test_applying_makes_a_registry_and_again_is_fine(project: Project) -> None:
    """On a fresh clone, before there is any table; the second time nothing has changed."""
    project.registry.unlink()
    for _ in range(2):
        done = project.oo_apply()
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"Applied {project.repo} to {project.registry}\n"
        assert project.registry.exists()


def test_a_breaking_change_is_refused_unless_confirmed(project: Project) -> None:
    """Features that move, another half-life, a service that goes: each is named, or confirmed."""
    project.edit(
        "services.py",
        '["completion_rate", "productive_share_this_hour"]',
        '["productive_share_this_hour", "completion_rate"]',
    )
    project.edit("services.py", "bandit_v1 = FeatureService(", "FeatureService(")
    project.edit("tips.py", "from declare import OWNER, schema, state_view, tags", TIPS_IMPORT)
    before = project.registry.read_bytes()
    refused = project.oo_apply("--confirm", "bandit_v1")
    assert refused.returncode == 1
    assert "bandit_v2: feature 'completion_rate' moves from place 9 to 10" in refused.stderr
    assert "the half-life of tip_state changes from 1209600 to 60 seconds" in refused.stderr
    assert "bandit_v1: the service is gone" not in refused.stderr
    assert "Traceback" not in refused.stderr
    assert project.registry.read_bytes() == before
    confirm = [part for name in SERVICES for part in ("--confirm", name)]
    confirmed = project.oo_apply(*confirm)
    assert (confirmed.returncode, confirmed.stderr) == (0, "")
    assert project.registry.read_bytes() != before


SERVICES = ("bandit_v1", "bandit_v2", "profile_v1")
TIPS_IMPORT = """
from declare import OWNER, schema, tags
from declare import state_view as declared


def state_view(view, ttl):
    made = declared(view, ttl)
    made.tags = {**made.tags, "half_life_seconds": "60"}
    return made

"""


def test_an_incomplete_definition_is_refused(project: Project) -> None:
    """A field without a description is named, and nothing is applied."""
    project.edit("declare.py", "        description=field.description,\n", "")
    before = project.registry.read_bytes()
    refused = project.oo_apply()
    assert refused.returncode == 1
    assert "field 'task_state:task_completed' has no description" in refused.stderr
    assert project.registry.read_bytes() == before


def test_stock_feast_works_beside_the_builder(world: World) -> None:
    """Its own commands apply, list and materialize; what it writes is what the builder wrote."""
    world.publish_and_build(
        [
            signal(subject.removeprefix("signals."), user, minutes_ago(5), **fields)
            for subject, fields in OWN_FIELDS.items()
            for user in ("u1", "u2")
        ]
    )
    built = served_states(world)

    def feast(*arguments: str) -> str:
        done = run("feast.cli.cli", *arguments, cwd=world.settings.repo)
        assert done.returncode == 0, done.stderr
        return done.stdout

    feast("apply")
    listed = feast("feature-views", "list")
    assert all(view in listed for view in ("activity_state", "task_state", "match_features"))
    now = datetime.now(UTC)
    feast("materialize", (now - timedelta(days=1)).isoformat(), now.isoformat())
    assert len(built) == 12
    assert served_states(world) == built
