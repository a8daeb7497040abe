"""The commits of a local repository, as git itself reads them."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from oo_profile.errors import (
    EmptyHistoryError,
    GitFailedError,
    GitMissingError,
    NotARepositoryError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

CHUNK_BYTES = 1 << 16

# A NUL can be in none of them, so nothing in a message or a name can be taken for a separator.
# %aE and %aN obey the mailmap; %ad and %cd are "seconds offset" under --date=raw.
_FIELDS = ("%H", "%P", "%aE", "%aN", "%ad", "%cd", "%s")
_LOG = (
    "log",
    f"--format=tformat:{'%x00'.join(_FIELDS)}",
    "-z",
    "--date=raw",
    "--encoding=UTF-8",
    "--no-show-signature",
    "--no-patch",
    "--no-color",
)
_EVERY_BRANCH = ("--branches", "--remotes", "--tags")

# Set inside hooks and by some tools: they would send us to another repository than PATH.
_REDIRECTING = (
    "GIT_DIR",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
)


@dataclass(frozen=True, slots=True)
class LoggedCommit:
    """One commit as it stands in the log.

    Attributes:
        hash: 40 hexadecimal digits (64 in a SHA-256 repository).
        parents: How many parents it has.
        address: The author's mail address, after the mailmap; may be empty.
        name: The author's name, after the mailmap; may be empty.
        authored: Author's time as git keeps it, "seconds offset"; empty if git cannot read it.
        committed: Committer's time, likewise.
        subject: First paragraph of the message on one line; may be empty.
    """

    hash: str
    parents: int
    address: str
    name: str
    authored: str
    committed: str
    subject: str


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository that was found readable.

    Attributes:
        path: As it was given.
        commits: How many commits `logged_commits` will yield.
        is_shallow: Its history was cut off when it was cloned.
    """

    path: Path
    commits: int
    is_shallow: bool


def open_repository(path: Path, *, every_branch: bool = False) -> Repository:
    """Look at a repository before its history is read. Only reads.

    Args:
        path: A folder inside a clone, or a bare repository.
        every_branch: Count what every branch and tag reaches, not only what is checked out.

    Raises:
        GitMissingError: There is no git.
        NotARepositoryError: There is no repository at `path`, or git will not open it.
        EmptyHistoryError: It has no commits.
        GitFailedError: Its commits cannot be counted.
    """
    if not path.is_dir():
        reason = "it is no folder" if path.exists() else "there is nothing there"
        raise NotARepositoryError(path, reason)
    shallow = _run(path, "rev-parse", "--is-shallow-repository")
    if shallow.returncode:
        raise NotARepositoryError(path, _reason(shallow.stderr))
    revisions = _revisions(path, every_branch=every_branch)
    if not revisions:
        raise EmptyHistoryError(path)
    counted = _run(path, "rev-list", "--count", *revisions, "--")
    if counted.returncode:
        raise GitFailedError(path, counted.returncode, _reason(counted.stderr))
    if not int(counted.stdout):
        raise EmptyHistoryError(path)
    return Repository(path, int(counted.stdout), is_shallow=shallow.stdout.strip() == b"true")


def logged_commits(repository: Repository, *, every_branch: bool = False) -> Iterator[LoggedCommit]:
    """Read the commits of a repository, newest first, each once, while git writes them.

    Args:
        repository: From `open_repository`.
        every_branch: As there.

    Raises:
        GitMissingError: There is no git.
        GitFailedError: Git ended with an error; what came before was yielded.
    """
    path = repository.path
    revisions = _revisions(path, every_branch=every_branch)
    with _output(path, *_LOG, *revisions, "--") as output:
        fields = _split(output)
        # One iterator seven times: it is dealt out in groups of seven.
        for digest, parents, *texts in zip(*[fields] * len(_FIELDS), strict=False):
            yield LoggedCommit(digest, len(parents.split()), *texts)


def configured_author(path: Path) -> str | None:
    """Give the mail address that commits made here now would carry, after the mailmap.

    None if no address is configured. Only reads.
    """
    configured = _run(path, "config", "user.email")
    address = _text(configured.stdout).strip()
    if configured.returncode or not address:
        return None
    mapped = _run(path, "check-mailmap", f"<{address}>")
    found = _text(mapped.stdout).rpartition("<")[2].rstrip(">\n")
    return found or address


def _revisions(path: Path, *, every_branch: bool) -> list[str]:
    # HEAD of a repository that was just made names a branch that does not exist yet.
    head = _run(path, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    revisions = [] if head.returncode else ["HEAD"]
    return [*revisions, *_EVERY_BRANCH] if every_branch else revisions


def _command(path: Path, arguments: Sequence[str]) -> list[str]:
    return ["git", "--no-pager", "-C", str(path), *arguments]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _REDIRECTING}
    return kept | {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}


def _run(path: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 - a fixed program, no shell
            _command(path, arguments), capture_output=True, check=False, env=_environment()
        )
    except FileNotFoundError as error:
        raise GitMissingError from error


@contextmanager
def _output(path: Path, *arguments: str) -> Iterator[IO[bytes]]:
    # Errors go to a file: a second pipe that nobody reads could fill up and stop git.
    with tempfile.TemporaryFile() as errors, _start(path, arguments, errors) as process:
        stdout = process.stdout
        if stdout is None:  # pragma: no cover - asked for a pipe, so there is one
            raise GitFailedError(path, -1, "no output")
        try:
            yield stdout
        except BaseException:
            process.kill()
            raise
        if process.wait():
            errors.seek(0)
            raise GitFailedError(path, process.returncode, _reason(errors.read()))


def _start(path: Path, arguments: Sequence[str], errors: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - a fixed program, no shell
            _command(path, arguments), stdout=subprocess.PIPE, stderr=errors, env=_environment()
        )
    except FileNotFoundError as error:
        raise GitMissingError from error


def _split(output: IO[bytes]) -> Iterator[str]:
    rest = b""
    while chunk := output.read(CHUNK_BYTES):
        *fields, rest = (rest + chunk).split(b"\0")
        yield from map(_text, fields)


def _text(value: bytes) -> str:
    # Old histories hold names in encodings nobody declared.
    return value.decode("utf-8", errors="replace")


def _reason(stderr: bytes) -> str:
    return " ".join(_text(stderr).split()).removeprefix("fatal: ")
