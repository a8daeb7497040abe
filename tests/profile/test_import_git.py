"""Commits of real repositories become tasks and sessions of hashed people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from support.git_repo import BOB, GitRepo

from oo_profile.inputs.git_history import HistoryCounts, HistoryReader, author_id
from oo_profile.inputs.git_log import open_repository
from oo_profile.inputs.tasks import task_signals

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2024, 6, 1, tzinfo=UTC)
ADA_ID = author_id("ada@example.org")


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    """Give an empty repository."""
    return GitRepo.make(tmp_path / "repo")


def _import(
    *repos: GitRepo, every_branch: bool = False
) -> tuple[list[tuple[str, dict[str, Any]]], HistoryCounts]:
    reader = HistoryReader(now=NOW, every_branch=every_branch)
    opened = [open_repository(repo.path, every_branch=every_branch) for repo in repos]
    return list(task_signals(reader.read(opened))), reader.counts()


def _of(signals: list[tuple[str, dict[str, Any]]], subject: str) -> list[dict[str, Any]]:
    return [data for found, data in signals if found == f"signals.{subject}"]


def test_a_commit_is_a_task_with_the_times_and_offsets_of_author_and_committer(
    repo: GitRepo,
) -> None:
    """Created at the author's time, completed at the committer's, each at its own offset."""
    commit = repo.commit("feat: x", "2024-05-01T23:30:00+02:00", "2024-05-02T08:00:00-07:00")
    signals, _ = _import(repo)
    assert signals[0] == (
        "signals.task.created",
        {
            "event_id": f"created-{commit}",
            "user_id": ADA_ID,
            "occurred_at": "2024-05-01T23:30:00+02:00",
            "task_id": commit,
            "category": "feat",
            "priority": 2,
        },
    )
    assert _of(signals, "task.completed") == [
        {
            "event_id": f"completed-{commit}",
            "user_id": ADA_ID,
            "occurred_at": "2024-05-02T08:00:00-07:00",
            "task_id": commit,
            "category": "feat",
        }
    ]


def test_a_committer_before_the_author_counts_as_the_author(repo: GitRepo) -> None:
    """A completion is never before its creation, and keeps the committer's offset."""
    repo.commit("x", "2024-05-01T12:00:00+02:00", "2024-05-01T05:00:00-05:00")
    repo.commit("y", "2024-05-01T12:00:00+02:00", "2024-05-01T04:00:00-05:00")
    completed = [data["occurred_at"] for data in _of(_import(repo)[0], "task.completed")]
    assert completed == ["2024-05-01T05:00:00-05:00"] * 2


def test_utc_is_written_as_an_offset(repo: GitRepo) -> None:
    """A commit at UTC says +00:00: a bare Z would count as an unknown local clock."""
    repo.commit("x", "2024-05-01T12:00:00+00:00")
    assert {data["occurred_at"] for _, data in _import(repo)[0]} == {"2024-05-01T12:00:00+00:00"}


def test_runs_of_commits_are_sessions(repo: GitRepo) -> None:
    """Gaps under two hours are one session; a lone commit is a session of a minute."""
    for time in ("09:00:00", "10:59:59", "12:00:00", "14:00:00"):
        repo.commit("x", f"2024-05-01T{time}+05:45")
    sessions = _of(_import(repo)[0], "app.session")
    assert [(data["occurred_at"], data["duration_seconds"]) for data in sessions] == [
        ("2024-05-01T09:00:00+05:45", 10800.0),
        ("2024-05-01T14:00:00+05:45", 60.0),
    ]


def test_the_mailmap_makes_two_addresses_one_user(repo: GitRepo) -> None:
    """Authors that the mailmap joins are one user, whatever the case of the address."""
    repo.commit("x", "2024-05-01T09:00:00+02:00", author="A <Ada@Old.example>")
    repo.commit("y", "2024-05-02T09:00:00+02:00", author="Ada <ADA@example.org>")
    (repo.path / ".mailmap").write_text("Ada <ada@example.org> <ada@old.example>\n")
    assert {data["user_id"] for _, data in _import(repo)[0]} == {ADA_ID}


def test_an_address_is_in_no_signal(repo: GitRepo) -> None:
    """Neither the address nor the name nor the wording of a commit leaves the repository."""
    repo.commit("fix the secret thing", "2024-05-01T09:00:00+02:00")
    text = str(_import(repo)[0]).lower()
    assert not any(word in text for word in ("ada", "example.org", "secret"))


def test_a_merge_is_a_task_of_its_own_category(repo: GitRepo) -> None:
    """A commit with two parents is a merge, and both sides are read once."""
    repo.commit("feat: base", "2024-05-01T09:00:00+02:00")
    repo.git("switch", "--quiet", "--create", "side")
    repo.commit("fix: side", "2024-05-01T10:00:00+02:00")
    repo.git("switch", "--quiet", "main")
    repo.merge("side", "2024-05-01T11:00:00+02:00")
    created = _of(_import(repo)[0], "task.created")
    assert [data["category"] for data in created] == ["feat", "fix", "merge"]


def test_head_is_read_unless_every_branch_is_asked_for(repo: GitRepo) -> None:
    """What only another branch or a tag reaches counts with `every_branch`; a stash never."""
    repo.commit("on main", "2024-05-01T09:00:00+02:00")
    repo.git("switch", "--quiet", "--create", "side")
    repo.commit("on side", "2024-05-02T09:00:00+02:00")
    repo.git("switch", "--quiet", "main")
    repo.git("update-ref", "refs/stash", "side")
    assert _import(repo)[1].tasks == 1
    assert _import(repo, every_branch=True)[1].tasks == 2
    repo.git("branch", "--quiet", "-D", "side")
    assert _import(repo, every_branch=True)[1].tasks == 1


def test_importing_twice_gives_the_same_signals(repo: GitRepo) -> None:
    """Event ids follow from the history, so a second import is recognised as duplicates."""
    repo.commit("x", "2024-05-01T09:00:00+02:00")
    repo.commit("y", "2024-05-01T09:30:00+02:00", author=BOB)
    assert _import(repo) == _import(repo)


def test_repositories_that_share_commits_count_them_once(repo: GitRepo, tmp_path: Path) -> None:
    """A clone adds only what it alone has, under the ids it would have by itself."""
    repo.commit("x", "2024-05-01T09:00:00+02:00")
    repo.git("clone", "--quiet", ".", str(tmp_path / "clone"))
    clone = GitRepo(tmp_path / "clone")
    clone.commit("y", "2024-05-03T09:00:00+02:00", author=BOB)
    signals, counts = _import(repo, clone)
    assert (counts.tasks, counts.shared) == (2, 1)
    assert signals == _import(clone)[0]


def test_event_ids_are_unique_for_a_user_and_in_order_of_time(repo: GitRepo) -> None:
    """Rebased work, with author times out of order, still comes in order of event time."""
    for day in (3, 1, 2):
        repo.commit(f"x{day}", f"2024-05-0{day}T09:00:00+02:00", "2024-05-04T09:00:00+02:00")
    signals, _ = _import(repo)
    times = [datetime.fromisoformat(data["occurred_at"]) for _, data in signals]
    assert times == sorted(times)
    assert len({data["event_id"] for _, data in signals}) == len(signals)


def test_absurd_dates_are_counted_and_left_out(repo: GitRepo) -> None:
    """Commits after now, or at the start of 1970, are no tasks; the counts say how many."""
    repo.commit("good", "2024-05-01T09:00:00+02:00")
    repo.commit("future author", "2024-06-01T00:00:01+00:00", "2024-05-01T09:00:00+02:00")
    repo.commit("future committer", "2024-05-01T09:00:00+02:00", "2093-01-01T09:00:00+02:00")
    repo.commit("no date", "@0 +0000", "2024-05-01T09:00:00+02:00")
    signals, counts = _import(repo)
    assert (counts.tasks, counts.future, counts.undated) == (1, 2, 1)
    assert len(_of(signals, "task.created")) == 1


def test_an_offset_no_clock_has_is_read_as_utc(repo: GitRepo) -> None:
    """A UTC offset beyond 14 hours would be rejected: the instant stays, the offset goes."""
    raw = repo.git("commit-tree", "-m", "x", repo.git("write-tree"), **_IDENTITY)
    text = repo.git("cat-file", "commit", raw).replace("+0000", "+9959")
    (repo.path / "raw").write_text(text + "\n")
    repo.git("reset", "--quiet", repo.git("hash-object", "-w", "-t", "commit", "raw"))
    signals, counts = _import(repo)
    assert (counts.tasks, counts.odd_offset) == (1, 1)
    assert {data["occurred_at"] for _, data in signals} == {"2023-11-14T22:13:20+00:00"}


_IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "1700000000 +0000",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_COMMITTER_DATE": "1700000000 +0000",
}


def test_separators_in_names_and_messages_do_no_harm(repo: GitRepo) -> None:
    """Line breaks, control characters and bytes of no encoding stay in their own field."""
    repo.commit("one\ntwo\x1f\x1e\n\nbody\n", "2024-05-01T09:00:00+02:00", author="A\x1fB <a@b>")
    repo.commit("fix: \udcff\udcfe", "2024-05-02T09:00:00+02:00")
    signals, counts = _import(repo)
    assert counts.tasks == 2
    assert [data["category"] for data in _of(signals, "task.created")] == ["other", "fix"]


def test_a_configuration_made_for_eyes_changes_nothing(repo: GitRepo) -> None:
    """Signatures, colours, patches and dates that the user's git adds stay out of the reading."""
    repo.commit("x", "2024-05-01T09:00:00+02:00")
    before = _import(repo)
    for key, value in (
        ("log.showSignature", "true"),
        ("color.ui", "always"),
        ("log.date", "relative"),
        ("log.decorate", "full"),
        ("format.pretty", "full"),
        ("i18n.logOutputEncoding", "utf-16"),
    ):
        repo.git("config", key, value)
    assert _import(repo) == before


def test_redirections_of_git_are_not_followed(
    repo: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inside a git hook GIT_DIR names another repository than the one that was given."""
    other = GitRepo.make(tmp_path / "other")
    repo.commit("x", "2024-05-01T09:00:00+02:00")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    assert _import(repo)[1].tasks == 1
