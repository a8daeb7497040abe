"""Real git repositories for tests, with every time and name given."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ADA = "Ada <ada@example.org>"
BOB = "Bob <bob@example.org>"


@dataclass(frozen=True)
class GitRepo:
    """A repository in a folder of the test.

    Attributes:
        path: The folder.
    """

    path: Path

    @classmethod
    def make(cls, path: Path) -> GitRepo:
        """Make an empty repository with the branch main checked out."""
        path.mkdir(parents=True)
        repo = cls(path)
        repo.git("init", "--quiet", "--initial-branch=main")
        return repo

    def git(self, *arguments: str, **environment: str) -> str:
        """Run git here, without the settings of whoever runs the tests."""
        plain = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.path),
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            env=plain | environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(
        self, subject: str, authored: str, committed: str | None = None, author: str = ADA
    ) -> str:
        """Commit nothing but a subject, and return the commit's hash.

        Args:
            subject: The message.
            authored: Author's time, as git reads it: "2024-05-01T09:00:00+02:00".
            committed: Committer's time; by default the author's.
            author: Name and address.
        """
        self.git(
            "commit", "--quiet", "--allow-empty", "-m", subject, **_who(author, authored, committed)
        )
        return self.git("rev-parse", "HEAD")

    def merge(self, branch: str, at: str) -> str:
        """Merge a branch into the one checked out, and return the commit's hash."""
        self.git("merge", "--quiet", "--no-ff", branch, **_who(ADA, at, None))
        return self.git("rev-parse", "HEAD")


def _who(author: str, authored: str, committed: str | None) -> dict[str, str]:
    name, _, address = author.rstrip(">").partition(" <")
    return {
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": address,
        "GIT_AUTHOR_DATE": authored,
        "GIT_COMMITTER_NAME": "Committer",
        "GIT_COMMITTER_EMAIL": "committer@example.org",
        "GIT_COMMITTER_DATE": committed or authored,
    }
