"""`oo import git` writes a file that `oo publish` takes, and says what it found."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from support.git_repo import BOB, GitRepo

from oo_profile.commands.import_ import import_
from oo_profile.errors import NotARepositoryError
from oo_profile.inputs.git_history import author_id
from oo_profile.transport.signal_file import read_signals

if TYPE_CHECKING:
    from pathlib import Path

DAY = "2024-05-01T09:00:00+02:00"


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    """Give a repository with two commits of Ada and one of Bob."""
    repo = GitRepo.make(tmp_path / "repo")
    repo.commit("x", DAY)
    repo.commit("y", "2024-05-02T09:00:00+02:00", author=BOB)
    repo.commit("z", "2024-05-03T09:00:00+02:00")
    return repo


def _import(*arguments: object) -> Result:
    return CliRunner().invoke(import_, ["git", *map(str, arguments)])


def test_signals_are_written_and_summed_up(repo: GitRepo, tmp_path: Path) -> None:
    """The file holds two signals a commit and the sessions; the summary counts them."""
    out = tmp_path / "deep" / "git.jsonl.gz"
    result = _import(repo.path, "--out", out)
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "1 repository, 3 commits by 2 people: 9 signals",
        f"signals: {out}  (next: oo publish {out})",
        f"busiest: {author_id('ada@example.org')}, 2 commits",
    ]
    assert len(list(read_signals(str(out)))) == 9


def test_you_are_told_your_own_id(repo: GitRepo, tmp_path: Path) -> None:
    """Whoever is configured to commit here sees which user he is, through the mailmap."""
    (repo.path / ".mailmap").write_text("Bob <bob@example.org> <me@home.example>\n")
    repo.git("config", "user.email", "me@home.example")
    output = _import(repo.path, "--out", tmp_path / "git.jsonl").output
    bob = author_id("bob@example.org")
    assert f"you:     {bob}  (then: oo profile {bob})" in output


def test_names_are_written_only_on_request_and_for_the_owner(repo: GitRepo, tmp_path: Path) -> None:
    """Who is who goes to a file of its own that nobody else may read."""
    names = tmp_path / "names.csv"
    _import(repo.path, "--out", tmp_path / "git.jsonl", "--names", names)
    assert names.stat().st_mode & 0o777 == 0o600
    with names.open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["user_id", "name", "address", "commits"],
            [author_id("ada@example.org"), "Ada", "ada@example.org", "2"],
            [author_id("bob@example.org"), "Bob", "bob@example.org", "1"],
        ]


def test_what_is_left_out_is_said(repo: GitRepo, tmp_path: Path) -> None:
    """Commits from the future, without a date or seen before are counted in the summary."""
    repo.commit("late", "2093-05-01T09:00:00+02:00")
    repo.commit("lost", "@0 +0000")
    output = _import(repo.path, repo.path, "--out", tmp_path / "git.jsonl").output
    assert "2 repositories, 3 commits by 2 people: 9 signals" in output
    assert "left out: 5 commits that an earlier repository has too" in output
    assert "left out: 1 commit dated after now" in output
    assert "left out: 1 commit without a date" in output


def test_a_shallow_clone_is_read_and_announced(repo: GitRepo, tmp_path: Path) -> None:
    """A history that was cut off gives what there is, with the command that brings the rest."""
    shallow = tmp_path / "shallow"
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.path}", str(shallow))
    output = _import(shallow, "--out", tmp_path / "git.jsonl").output
    assert "1 repository, 1 commit by 1 person: 3 signals" in output
    assert f"`git -C {shallow} fetch --unshallow`" in output


def test_a_wrong_path_leaves_the_old_file(repo: GitRepo, tmp_path: Path) -> None:
    """One path that is no repository stops everything before anything is written."""
    out = tmp_path / "git.jsonl"
    out.write_text("old")
    result = _import(repo.path, tmp_path / "none", "--out", out)
    assert isinstance(result.exception, NotARepositoryError)
    assert out.read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"repo", "git.jsonl"}


def test_two_files_cannot_be_one(repo: GitRepo, tmp_path: Path) -> None:
    """The list of names never takes the place of the signals, or the other way round."""
    result = _import(repo.path, "--out", tmp_path / "one", "--names", tmp_path / "one")
    assert result.exit_code == 2
    assert "give two files" in result.output
    assert not (tmp_path / "one").exists()


def test_the_command_is_part_of_oo(repo: GitRepo, tmp_path: Path) -> None:
    """Run as a program it writes valid JSON lines, and an error is one line and exit code 1."""
    out = tmp_path / "git.jsonl"
    program = [sys.executable, "-m", "oo_profile.cli", "import", "git"]
    subprocess.run([*program, str(repo.path), "--out", str(out)], check=True, capture_output=True)
    subjects = {json.loads(line)["subject"] for line in out.read_text().splitlines()}
    assert "signals.app.session" in subjects
    failed = subprocess.run([*program, str(tmp_path)], check=False, capture_output=True, text=True)
    assert failed.returncode == 1
    assert failed.stderr.startswith(f"Error: {tmp_path} is in no git repository")


def test_no_import_of_numpy_or_feast(repo: GitRepo, tmp_path: Path) -> None:
    """An import of a history needs neither of the slow packages."""
    code = (
        "import sys; from click.testing import CliRunner;"
        "from oo_profile.commands.import_ import import_;"
        "result = CliRunner().invoke(import_, sys.argv[1:]);"
        "print(result.exit_code, {'numpy', 'feast', 'pandas'} & set(sys.modules))"
    )
    arguments = ["git", str(repo.path), "--out", str(tmp_path / "git.jsonl")]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "0 set()"
