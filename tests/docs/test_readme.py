"""The README works to the letter, on what the demo leaves up."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from oo_profile.cli import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parents[2]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
COPIED = (
    "feature_repo",
    "oo_admin",
    "oo_bandit",
    "oo_profile",
    "oo_stores",
    "oo_transforms",
    "Makefile",
    "pyproject.toml",
)
BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = [(kind, text) for kind, text in BLOCK.findall(README) if "make demo KEEP" not in text]
DEMO = ("-m", "oo_profile.cli", "demo", "--keep", "--users", "60", "--days", "30")

pytestmark = [pytest.mark.live, pytest.mark.slow]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run a small demo in a copy of the project, without git history, and leave it up."""
    project = tmp_path_factory.mktemp("readme") / "project"
    project.mkdir()
    for name in COPIED:
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        copy(PROJECT / name, project / name)
    (project / ".venv").symlink_to(sys.prefix)
    done = run(project, [sys.executable, *DEMO])
    assert "missing: " in done.stdout
    assert "NO" not in done.stdout
    assert done.stderr == ""
    yield project
    run(project, [sys.executable, "-m", "oo_profile.cli", "down"])


def run(project: Path, command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command in the copy, which comes before the installed project."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OO_")}
    done = subprocess.run(
        command,
        cwd=project,
        env=inherited | {"PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.parametrize(("kind", "text"), EXAMPLES, ids=[t.split("\n")[0] for _, t in EXAMPLES])
def test_an_example_of_the_readme_works(kept: Path, kind: str, text: str) -> None:
    """Every block runs as it stands, in order, with the environment that the demo wrote."""
    script = text if kind == "bash" else f".venv/bin/python - <<'PYTHON'\n{text}PYTHON"
    if "make down" in script:
        script = script.replace("make down", ".venv/bin/oo down")
    done = run(kept, ["bash", "-euo", "pipefail", "-c", f". .demo/env.sh\n{script}"])
    assert done.stdout


def test_the_readme_knows_every_command() -> None:
    """Whatever `oo --help` lists stands in the README, as it is typed or as a target of make."""
    told = [f"{program} {name}" for name in COMMANDS for program in ("oo", "make")]
    known = {text.split()[1] for text in told if text in README}
    assert known == set(COMMANDS)
