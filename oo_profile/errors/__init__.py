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
├── UnreadableStateError     a stored state is none
├── WorkerDiedError          a process that replays has ended
├── NoRedisError             nobody answers at the address of Redis
├── NotAppliedError          the registry lacks what the code declares
├── DisagreementError        two ways to one number differ, or signals were lost
├── ApplyError               Feast or a check refuses the definitions
├── UnknownNameError         a service or feature that there is not
├── UnknownUserError         a user without any signal
├── UnknownRejectionError    a rejected message that there is not
├── NotForgottenError        a person who is to return and was not forgotten
├── StepError                a step of the bandit's rollout that is not taken
│   ├── StepTakenError       somebody has taken another one meanwhile
│   └── GateClosedError      the log does not allow it
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
├── LearnedStateError        what another bandit has learned is not taken in
├── SignalFileError          a file of signals cannot be read or written
│   └── SignalLineError      a line of it is no signal
└── InputError               no signals can be made of what was given
    ├── GitMissingError      the program git is not installed
    ├── NotARepositoryError  a path is in no git repository that may be read
    ├── EmptyHistoryError    a repository has no commits yet
    ├── GitFailedError       git gave up while it was read
    ├── InputLineError       a line of a file is not what such files hold
    │   ├── WorkLogError         a row of a work log is no task
    │   └── TipDecisionsError    a line of a file of tip decisions is none
    ├── BacktestDataError    no part of a backtest finds its data
    └── SimulationError      a population that cannot be simulated

`Transient` and `Terminal` are mixed in: doing the same again may help, or cannot. A module a theme.
"""

from oo_profile.errors.database import (
    BackupError,
    CheckpointError,
    DatabaseError,
    DatabaseInUseError,
    DefinitionChangedError,
    DisagreementError,
    NoDatabaseError,
    RestoreError,
    SchemaError,
    UnreadableStateError,
    WorkerDiedError,
)
from oo_profile.errors.definition import (
    ApplyError,
    MissingColumnsError,
    NotAppliedError,
    TrainingError,
)
from oo_profile.errors.environment import (
    AddressBusyError,
    NoRedisError,
    PortBusyError,
    RepoNotFoundError,
    ServerBinaryError,
    ServerDiedError,
    ServerError,
    ServerSilentError,
    SettingsError,
)
from oo_profile.errors.inputs import (
    BacktestDataError,
    EmptyHistoryError,
    GitFailedError,
    GitMissingError,
    InputError,
    InputLineError,
    NotARepositoryError,
    SimulationError,
    TipDecisionsError,
    WorkLogError,
)
from oo_profile.errors.kinds import ProfileError, Terminal, Transient
from oo_profile.errors.learned import LearnedStateError
from oo_profile.errors.lookup import (
    NotForgottenError,
    UnknownNameError,
    UnknownRejectionError,
    UnknownUserError,
)
from oo_profile.errors.publishing import (
    BatchRefusedError,
    PublishError,
    PublishStoppedError,
    SignalFileError,
    SignalLineError,
)
from oo_profile.errors.rollout import GateClosedError, StepError, StepTakenError
from oo_profile.errors.stream import (
    NatsLoginError,
    NatsTlsError,
    NoNatsError,
    NotPermittedError,
    StreamError,
    StreamMismatchError,
    StreamRefusedError,
)

__all__ = [
    "AddressBusyError",
    "ApplyError",
    "BacktestDataError",
    "BackupError",
    "BatchRefusedError",
    "CheckpointError",
    "DatabaseError",
    "DatabaseInUseError",
    "DefinitionChangedError",
    "DisagreementError",
    "EmptyHistoryError",
    "GateClosedError",
    "GitFailedError",
    "GitMissingError",
    "InputError",
    "InputLineError",
    "LearnedStateError",
    "MissingColumnsError",
    "NatsLoginError",
    "NatsTlsError",
    "NoDatabaseError",
    "NoNatsError",
    "NoRedisError",
    "NotARepositoryError",
    "NotAppliedError",
    "NotForgottenError",
    "NotPermittedError",
    "PortBusyError",
    "ProfileError",
    "PublishError",
    "PublishStoppedError",
    "RepoNotFoundError",
    "RestoreError",
    "SchemaError",
    "ServerBinaryError",
    "ServerDiedError",
    "ServerError",
    "ServerSilentError",
    "SettingsError",
    "SignalFileError",
    "SignalLineError",
    "SimulationError",
    "StepError",
    "StepTakenError",
    "StreamError",
    "StreamMismatchError",
    "StreamRefusedError",
    "Terminal",
    "TipDecisionsError",
    "TrainingError",
    "Transient",
    "UnknownNameError",
    "UnknownRejectionError",
    "UnknownUserError",
    "UnreadableStateError",
    "WorkLogError",
    "WorkerDiedError",
]
