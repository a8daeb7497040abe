"""What is wrong with the database, its tables, and backups of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oo_profile.errors.kinds import ProfileError, Terminal, Transient

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class DatabaseError(Transient, ProfileError):
    """SQLite refuses the file; what it says is chained and repeated."""

    def __init__(self, path: Path, error: Exception) -> None:
        self.path = path
        super().__init__(f"SQLite refuses {path}: {error}")


class NoDatabaseError(DatabaseError):
    """There is no file yet with signals and history."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # Not by the base's words: nothing is refused.
        ProfileError.__init__(
            self,
            f"there is no database at {path}: `oo run` makes it, `oo publish FILE` sends signals",
        )


class DatabaseInUseError(DatabaseError):
    """Somebody has the database open, and nobody may."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        ProfileError.__init__(
            self,
            f"{path} is in use ({reason}): stop the builder and whatever else has it open, and "
            "try again. Nothing was changed",
        )


class BackupError(Transient, ProfileError):
    """A backup cannot be made, or is not whole; the database and older backups are as before."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path} is no good backup: {reason}")


class RestoreError(Terminal, ProfileError):
    """A backup cannot be put in the place of the database, which is as before."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path} cannot be restored: {reason}")


class SchemaError(Terminal, ProfileError):
    """The tables of the file are not those that this program works with."""


class DefinitionChangedError(SchemaError):
    """A state view is declared otherwise than when its table was filled."""

    def __init__(
        self, view: str, filled: Mapping[str, object], declared: Mapping[str, object]
    ) -> None:
        self.view = view
        self.filled = dict(filled)
        self.declared = dict(declared)
        parts = [
            f"{name} was {filled.get(name)} and is {value}"
            for name, value in declared.items()
            if filled.get(name) != value
        ]
        super().__init__(
            f"table {view} was filled by another definition of its view: {'; '.join(parts)}. The "
            f"two must not mix: run `oo rebuild --view {view}`, then start the builder"
        )


class CheckpointError(SchemaError):
    """Signals that were pruned would be needed to compute a view by another definition."""

    def __init__(self, view: str, users: int) -> None:
        self.view = view
        self.users = users
        super().__init__(
            f"old signals of {users} users were pruned, and the states of {view} that stand for "
            "them were made by another definition. With --drop-checkpoints the view is rebuilt "
            "from the signals that are left, and forgets what was before"
        )


class UnreadableStateError(Terminal, ProfileError, ValueError):
    """A stored state cannot be read; nothing was changed.

    Attributes:
        view: The state view, which is the name of its table.
        user_id: Whose state it is; not in the text, which goes into logs.
    """

    def __init__(self, view: str, user_id: str, error: Exception) -> None:
        self.view = view
        self.user_id = user_id
        super().__init__(
            f"a state in table {view} cannot be read, as if somebody else had written it "
            f"({type(error).__name__}: {error}): `oo verify --all` names the user, and "
            "`oo rebuild --user` computes his history anew from his signals"
        )


class WorkerDiedError(Transient, ProfileError):
    """A process that replays has ended by itself, or somebody has ended it."""

    def __init__(self, returncode: int) -> None:
        self.returncode = returncode
        super().__init__(
            f"a process that replays signals has ended with code {returncode}; users before stay "
            "rebuilt: run the command again"
        )


class DisagreementError(Terminal, ProfileError):
    """Two ways to one number differ, or signals were lost: a fault of ours."""
