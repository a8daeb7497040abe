"""Repositories that cannot be read say what is wrong and what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from support.git_repo import GitRepo

from oo_profile.errors import (
    EmptyHistoryError,
    GitFailedError,
    GitMissingError,
    NotARepositoryError,
)
from oo_profile.inputs.git_history import HistoryReader
from oo_profile.inputs.git_log import open_repository

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2024, 6, 1, tzinfo=UTC)
DAY = "2024-05-01T09:00:00+02:00"


@pytest.mark.parametrize(
    ("name", "reason"),
    [("nowhere", "there is nothing there"), ("file", "it is no folder"), ("folder", "not a git")],
)
def test_a_path_without_a_repository_is_named(tmp_path: Path, name: str, reason: str) -> None:
    """A missing path, a file and a folder without .git are refused with their reason."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(NotARepositoryError, match=reason) as caught:
        open_repository(tmp_path / name)
    assert caught.value.path == tmp_path / name
    assert "give the folder of a clone" in str(caught.value)


@pytest.mark.parametrize("every_branch", [False, True])
def test_a_repository_without_commits_is_named(tmp_path: Path, *, every_branch: bool) -> None:
    """A repository that was just made has no history to read."""
    repo = GitRepo.make(tmp_path / "repo")
    with pytest.raises(EmptyHistoryError, match="without a commit"):
        open_repository(repo.path, every_branch=every_branch)


def test_git_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git on PATH the error says how to get it."""
    repo = GitRepo.make(tmp_path / "repo")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitMissingError, match="install it"):
        open_repository(repo.path)


def test_a_broken_repository_gives_what_git_said(tmp_path: Path) -> None:
    """A commit lost under way is an error after the tasks before it, never a short history."""
    repo = GitRepo.make(tmp_path / "repo")
    lost = repo.commit("x", DAY)
    repo.commit("y", DAY)
    opened = open_repository(repo.path)
    (repo.path / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    with pytest.raises(GitFailedError, match="fsck") as caught:
        list(HistoryReader(now=NOW).read([opened]))
    assert caught.value.path == repo.path
    with pytest.raises(GitFailedError):
        open_repository(repo.path)


def test_a_reader_who_stops_early_leaves_no_process(tmp_path: Path) -> None:
    """Closing the iterator ends git, and the repository can be read again."""
    repo = GitRepo.make(tmp_path / "repo")
    for _ in range(3):
        repo.commit("x", DAY)
    opened = open_repository(repo.path)
    tasks = iter(HistoryReader(now=NOW).read([opened]))
    next(tasks)
    del tasks
    assert len(list(HistoryReader(now=NOW).read([opened]))) == 3
