"""The checks see what the stock command is about to apply, and where to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support.definitions import REPO

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.live, pytest.mark.slow]


@pytest.fixture
def repo(
    applied_registry: Path, redis_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Give a copy of the definitions, beside a registry that holds them."""
    shutil.copytree(REPO, tmp_path / "repo", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "data").mkdir()
    shutil.copy(applied_registry, tmp_path / "data" / "registry.db")
    monkeypatch.setenv("OO_REDIS", redis_address)
    return tmp_path / "repo"


def feast(repo: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the stock command in the folder of the definitions."""
    return subprocess.run(
        [sys.executable, "-m", "feast.cli.cli", *arguments],
        cwd=repo,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )


def test_definitions_may_lie_in_folders(repo: Path) -> None:
    """A service that moves into a folder is not gone; and a clone without tables is quiet."""
    (repo / "below").mkdir()
    (repo / "services.py").rename(repo / "below" / "services.py")
    done = feast(repo, "apply")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_registry_that_is_to_be_written_counts(repo: Path) -> None:
    """With another yaml it is that one's registry that a change must not break."""
    registry = repo.parent / "data" / "registry.db"
    elsewhere = registry.rename(repo.parent / "elsewhere.db")
    before = elsewhere.read_bytes()
    other = repo.parent / "other.yaml"
    text = (repo / "feature_store.yaml").read_text(encoding="utf-8")
    other.write_text(text.replace("../data/registry.db", str(elsewhere)), encoding="utf-8")
    services = (repo / "services.py").read_text(encoding="utf-8")
    (repo / "services.py").write_text(services.replace('name="bandit_v1"', 'name="bandit_v0"'))
    refused = feast(repo, "-f", str(other), "apply")
    assert refused.returncode == 1
    assert "bandit_v1: the service is gone" in refused.stderr
    assert "OO_CONFIRM_BREAKING=bandit_v1 feast apply" in refused.stderr
    assert elsewhere.read_bytes() == before
    assert not registry.exists()
