"""Git histories as tasks: an author is a user, a commit is a task."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from oo_profile.inputs.commit_category import commit_category
from oo_profile.inputs.git_log import LoggedCommit, Repository, logged_commits
from oo_profile.inputs.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

USER_ID_PREFIX = "git-"
HASH_PREFIX = "oo-git-author:"
"""Hashed in front of an address, so that the ids are those of no other system."""

USER_ID_DIGITS = 16
TASK_ID_DIGITS = 40
MAX_OFFSET = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody who wrote commits.

    Attributes:
        user_id: As in the signals.
        name: As in the newest commit of the first repository that has one of his.
        address: In lower case; empty if the commits carry none.
        tasks: How many commits became tasks.
    """

    user_id: str
    name: str
    address: str
    tasks: int


@dataclass(frozen=True, slots=True)
class HistoryCounts:
    """What was read so far and what was left out.

    Attributes:
        tasks: Commits that became tasks.
        shared: Commits that were read before, in another repository: left out.
        undated: Commits with a time that cannot be read, or that lies at or before the start
            of 1970, which is what a lost date looks like: left out.
        future: Commits with a time after now: left out, the builder would reject them.
        odd_offset: Tasks with a UTC offset beyond 14 hours, which no clock has: kept, with
            that time read as UTC.
    """

    tasks: int
    shared: int
    undated: int
    future: int
    odd_offset: int


def author_id(address: str) -> str:
    """Give the user id of a mail address.

    It is "git-" and the first 16 hexadecimal digits of the SHA-256 of "oo-git-author:" followed
    by the address in lower case. That hides an address from a reader, not from somebody who
    guesses it and hashes the guess.

    >>> author_id("Ada@Example.org")
    'git-238d255b824fc851'
    """
    digest = hashlib.sha256(f"{HASH_PREFIX}{address.lower()}".encode())
    return USER_ID_PREFIX + digest.hexdigest()[:USER_ID_DIGITS]


class HistoryReader:
    """Reads commits as tasks, each commit once however many repositories hold it.

    A task is created at the author's time and completed at the committer's, each in its own UTC
    offset; a committer's time before the author's counts as the author's. What is left out is
    said at `HistoryCounts`.

    Args:
        now: Aware; later commits are left out.
        every_branch: What every branch and tag reaches, not only what is checked out.
        on_commit: Called for every commit read, for a progress bar.
    """

    def __init__(
        self,
        *,
        now: datetime,
        every_branch: bool = False,
        on_commit: Callable[[], object] = lambda: None,
    ) -> None:
        self._now = now
        self._every_branch = every_branch
        self._on_commit = on_commit
        self._seen: set[bytes] = set()
        self._counts: Counter[str] = Counter()
        self._names: dict[str, tuple[str, str]] = {}
        self._tasks_of: Counter[str] = Counter()

    def read(self, repositories: Iterable[Repository]) -> Iterator[Task]:
        """Read repositories one after the other.

        Args:
            repositories: From `open_repository`. Where two hold a commit, the mailmap of the
                first counts.

        Yields:
            Tasks in the order of each log, newest first.

        Raises:
            GitMissingError: There is no git.
            GitFailedError: Git ended with an error; what came before was yielded.
        """
        for repository in repositories:
            for commit in logged_commits(repository, every_branch=self._every_branch):
                self._on_commit()
                task = self._unseen_task(commit)
                if task is not None:
                    yield task

    def counts(self) -> HistoryCounts:
        """Count what was read so far."""
        names = ("tasks", "shared", "undated", "future", "odd_offset")
        return HistoryCounts(**{name: self._counts[name] for name in names})

    def authors(self) -> list[Author]:
        """List who wrote the tasks read so far, the busiest first."""
        ranked = sorted(self._tasks_of.items(), key=lambda item: (-item[1], item[0]))
        return [Author(user_id, *self._names[user_id], tasks) for user_id, tasks in ranked]

    def _unseen_task(self, commit: LoggedCommit) -> Task | None:
        digest = bytes.fromhex(commit.hash)
        if digest in self._seen:
            self._counts["shared"] += 1
            return None
        self._seen.add(digest)
        authored, committed = _read_time(commit.authored), _read_time(commit.committed)
        if authored is None or committed is None:
            self._counts["undated"] += 1
            return None
        if max(authored.at, committed.at) > self._now:
            self._counts["future"] += 1
            return None
        self._counts["tasks"] += 1
        self._counts["odd_offset"] += authored.is_odd or committed.is_odd
        return _task(commit, self._user_id(commit), authored.at, committed.at)

    def _user_id(self, commit: LoggedCommit) -> str:
        # Histories that were converted from elsewhere may have names only.
        user_id = author_id(commit.address or commit.name)
        self._names.setdefault(user_id, (commit.name, commit.address.lower()))
        self._tasks_of[user_id] += 1
        return user_id


@dataclass(frozen=True, slots=True)
class _Time:
    at: datetime
    is_odd: bool


def _task(commit: LoggedCommit, user_id: str, authored: datetime, committed: datetime) -> Task:
    return Task(
        user_id=user_id,
        task_id=commit.hash[:TASK_ID_DIGITS],
        category=commit_category(commit.subject, parents=commit.parents),
        created_at=authored,
        completed_at=max(committed, authored.astimezone(committed.tzinfo)),
    )


def _read_time(raw: str) -> _Time | None:
    seconds, _, written = raw.partition(" ")
    try:
        offset = _offset(written)
        is_odd = abs(offset) > MAX_OFFSET
        at = datetime.fromtimestamp(int(seconds), UTC if is_odd else timezone(offset))
    except (ValueError, OverflowError, OSError):
        return None
    return _Time(at, is_odd) if at.timestamp() > 0 else None


def _offset(written: str) -> timedelta:
    size = timedelta(hours=int(written[1:3]), minutes=int(written[3:]))
    return -size if written.startswith("-") else size
