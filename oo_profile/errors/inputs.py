"""Why no signals can be made of what was given."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from oo_profile.errors.kinds import ProfileError, Terminal

if TYPE_CHECKING:
    from pathlib import Path


class InputError(Terminal, ProfileError):
    """No signals can be made of what was given."""


class GitMissingError(InputError):
    """The program git is not installed."""

    def __init__(self) -> None:
        super().__init__("no git on PATH: install it (`apt install git`, `brew install git`)")


class NotARepositoryError(InputError):
    """A path is in no git repository that may be read."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(
            f"{path} is in no git repository that can be read ({reason}): "
            "give the folder of a clone; a copy without its .git has no history"
        )


class EmptyHistoryError(InputError):
    """A repository has no commits yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"{path} is a git repository without a commit on the branch checked out: "
            "commit something, check out a branch that has commits, or leave it out"
        )


class GitFailedError(InputError):
    """Git gave up while a history was read."""

    def __init__(self, path: Path, returncode: int, reason: str) -> None:
        self.path = path
        self.returncode = returncode
        self.reason = reason
        super().__init__(
            f"git ended with code {returncode} while reading {path} "
            f"({reason or 'no reason given'}). "
            f"Run `git -C {path} fsck` to see whether the repository is whole"
        )


class InputLineError(InputError, ValueError):
    """A file cannot be read, or a line of it is not what such files hold.

    Attributes:
        form: What such a file holds, in words.
        line: Number of the line, from 1; None if it is about the whole file.
    """

    form: ClassVar[str]

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        self.path = path
        self.line = line
        self.reason = reason
        where = str(path) if line is None else f"{path}:{line}"
        super().__init__(f"{where}: {reason}; {self.form}")


class WorkLogError(InputLineError):
    """A work log cannot be read, or a row of it is no task."""

    form = (
        "a work log is a CSV with the columns user_id, task_id, category, created_at, completed_at"
    )


class TipDecisionsError(InputLineError):
    """A file of tip decisions cannot be read, or a line of it is none."""

    form = (
        "a decision is a JSON line as in heartsteps_decisions.jsonl.gz, whose README says what "
        "each field means"
    )


class BacktestDataError(InputError):
    """No part of a backtest finds its data."""

    def __init__(self, folder: Path, names: tuple[str, ...]) -> None:
        self.folder = folder
        self.names = names
        super().__init__(f"{folder} has none of {', '.join(names)}: name their folder with --data")


class SimulationError(InputError, ValueError):
    """A population that cannot be simulated."""

    def __init__(self, field: str, value: object, allowed: str) -> None:
        self.field = field
        self.value = value
        self.allowed = allowed
        super().__init__(f"{field} is {value!r}, it must be {allowed}")
