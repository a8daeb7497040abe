"""The guide to new features works as it is written."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.world import signal

if TYPE_CHECKING:
    from support.world import World

PROJECT = Path(__file__).resolve().parents[2]
GUIDE = (PROJECT / "docs" / "add-a-feature.md").read_text(encoding="utf-8")
COPIED = ("feature_repo", "oo_transforms", "oo_stores", "oo_bandit", "oo_profile")
BLOCK = re.compile(r"^```(diff|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NEW_FEATURES = ("task_features:tasks_snoozed_per_week", "plan_features:planning_peak_hour")
LAWS = ("features_declared", "features_values", "state_cells", "state_views")

READ = """
import asyncio, json, sys
from oo_profile.registry import open_store
from oo_profile.building.service import run_builder
from oo_profile.settings import current_settings
from oo_profile.storage import behind
from oo_profile.storage.database import has_table, reading

settings = current_settings()
store = open_store(settings)
stop = asyncio.Event()

def is_served() -> bool:
    with reading(settings.db) as connection:
        return has_table(connection, "plan_state") and not behind.count(connection)

async def build() -> None:
    building = asyncio.create_task(run_builder(settings, store, stop))
    while not building.done() and not is_served():
        await asyncio.sleep(0.02)
    stop.set()
    await building

asyncio.run(build())
row = {"user_id": "ada", "now": 1767225600.0, "utc_offset_minutes": 0}
features = json.loads(sys.argv[1])
print(json.dumps(store.get_online_features(features, [row]).to_dict()))
"""

pytestmark = [pytest.mark.live, pytest.mark.slow]


def carry_out(guide: str, project: Path) -> None:
    """Make the changes that a guide's blocks show: new files, and lines between known ones."""
    for kind, block in BLOCK.findall(guide):
        first, _, rest = block.partition("\n")
        if kind == "python":
            path = project / first.removeprefix("# ")
            assert not path.exists()
            path.write_text(rest, encoding="utf-8")
            continue
        path = project / first.removeprefix("--- ")
        for hunk in rest.split("@@\n")[1:]:
            old = "".join(f"{line[1:]}\n" for line in hunk.splitlines() if line[0] != "+")
            new = "".join(f"{line[1:]}\n" for line in hunk.splitlines() if line[0] != "-")
            text = path.read_text(encoding="utf-8")
            assert text.count(old) == 1, f"{path} has not exactly one place for\n{old}"
            path.write_text(text.replace(old, new), encoding="utf-8")


def run(project: Path, *command: str) -> str:
    """Run Python on a copy of the project instead of the installed one."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project), "OO_REPO": str(project / "feature_repo")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_guide_adds_features_that_are_served(world: World, tmp_path: Path) -> None:
    """After its changes, apply and a builder's start serve both features, also for old signals."""
    task = {"task_id": "t", "category": "fix"}
    world.publish_and_build(
        [
            signal("task.created", "ada", "2025-12-31T20:00:00+00:00", **task, priority=2),
            signal("task.created", "ada", "2025-12-31T21:00:00+00:00", **task, priority=2),
            signal("task.created", "ada", "2025-12-31T21:30:00+00:00", **task, priority=2),
            signal("task.snoozed", "ada", "2025-12-31T22:00:00+00:00", **task),
        ]
    )
    project = tmp_path / "project"
    for name in COPIED:
        shutil.copytree(PROJECT / name, project / name)
    carry_out(GUIDE, project)
    run(project, "-m", "oo_profile.cli", "apply")
    (project / "read.py").write_text(READ, encoding="utf-8")
    served = json.loads(run(project, "read.py", json.dumps(NEW_FEATURES)).splitlines()[-1])
    assert served["planning_peak_hour"] == [21]
    assert served["tasks_snoozed_per_week"][0] == pytest.approx(0.1733, abs=1e-3)


def test_the_checks_accept_what_the_guide_adds(tmp_path: Path) -> None:
    """The linter and the type checker find nothing in the guide's files."""
    project = tmp_path / "project"
    for name in COPIED:
        shutil.copytree(PROJECT / name, project / name)
    shutil.copy(PROJECT / "pyproject.toml", project)
    carry_out(GUIDE, project)
    run(project, "-m", "ruff", "check", "oo_transforms", "feature_repo")
    run(project, "-m", "ruff", "format", "--check", "oo_transforms", "feature_repo")


def test_the_demo_and_the_tests_pick_the_new_features_up(tmp_path: Path) -> None:
    """Nothing else has to be told: the whole path runs, and the laws hold for what is new."""
    project = tmp_path / "project"
    for name in (*COPIED, "tests"):
        shutil.copytree(PROJECT / name, project / name)
    shutil.copy(PROJECT / "pyproject.toml", project)
    carry_out(GUIDE, project)
    told = run(project, "-m", "oo_profile.cli", "demo", "--users", "5", "--days", "5")
    assert "not compared: plan_state, tasks_snoozed_per_week" in told
    assert "NO" not in told
    laws = [f"tests/transforms/test_{name}.py" for name in LAWS]
    told = run(project, "-m", "pytest", "-v", "-p", "no:cacheprovider", *laws)
    assert "[plan_state]" in told
    assert "[planning_peak_hour]" in told
