"""Errors of the stores.

StoreError
├── OfflineStoreError
│   ├── DatabaseMissingError    (FileNotFoundError) no file where the path points
│   ├── DatabaseReadOnlyError   (PermissionError)   a write to a file that cannot be written
│   ├── DatabaseLockedError     (TimeoutError)      another writer held the file for too long
│   ├── DatabaseCorruptError                        the file is not a sound SQLite database
│   ├── TableMissingError       (LookupError)       the file has no such table
│   ├── ColumnMissingError      (LookupError)       the table has no such column
│   ├── SourceError             (ValueError)        a source or its arguments make no sense
│   ├── ValueTypeError          (TypeError)         a value or type that a column cannot hold
│   ├── QueryError              (ValueError)        SQL text that is no SELECT or does not run
│   ├── QueryTimeoutError       (TimeoutError)      a query ran longer than its job's timeout
│   └── UnsupportedError        (NotImplementedError) what a job of SQLite cannot give
├── OnlineStoreError
│   ├── ConnectionStringError   (ValueError)        no address of a Redis
│   ├── EntityKeyError          (ValueError)        join keys that name no entity of the view
│   ├── UnknownFeatureError     (LookupError)       the view has no such feature
│   ├── FeatureValueError       (TypeError)         a value that its feature's type cannot hold
│   ├── RequestDataError        (TypeError)         request data that its column cannot hold
│   ├── OnDemandOutputError     (ValueError)        an on-demand function's answer of wrong length
│   └── OnlineServerError                           Redis did not do what it was asked
│       ├── ServerUnavailableError (ConnectionError) nobody answers, or nobody who can yet
│       ├── ServerTimeoutError  (TimeoutError)      no answer within the time-out
│       ├── ServerDeniedError   (PermissionError)   user, password or rights are wrong
│       ├── ServerFullError                         its memory is full and it evicts nothing
│       ├── ServerReadOnlyError (PermissionError)   it takes no writes: a replica
│       └── ServerAnswerError                       any other error that it answers with
└── RegistryFileError
    ├── RegistryMissingError    (FileNotFoundError) no registry where the path points
    └── RegistryCorruptError    (ValueError)        the file is no whole registry

A message says what was refused, the value, what is allowed and what to do next.
"""

from __future__ import annotations

from typing import ClassVar


class StoreError(Exception):
    """Base of every error that a store raises on its own."""


class OfflineStoreError(StoreError):
    """Base of the offline store's errors."""


class DatabaseMissingError(OfflineStoreError, FileNotFoundError):
    """There is no database file where the path points."""


class DatabaseReadOnlyError(OfflineStoreError, PermissionError):
    """The database file, or its folder, cannot be written."""


class DatabaseLockedError(OfflineStoreError, TimeoutError):
    """Another writer held the database for longer than the busy timeout."""


class DatabaseCorruptError(OfflineStoreError):
    """The file is not a SQLite database, or is damaged."""


class TableMissingError(OfflineStoreError, LookupError):
    """The database has no such table."""


class ColumnMissingError(OfflineStoreError, LookupError):
    """The table has no such column."""


class SourceError(OfflineStoreError, ValueError):
    """A data source, or an argument of its, makes no sense."""


class ValueTypeError(OfflineStoreError, TypeError):
    """A value, or a type, that a column cannot hold."""


class QueryError(OfflineStoreError, ValueError):
    """SQL text that is not one SELECT, or that SQLite cannot run."""


class QueryTimeoutError(OfflineStoreError, TimeoutError):
    """A query ran longer than the timeout that its job was given."""


class UnsupportedError(OfflineStoreError, NotImplementedError):
    """What Feast's interface knows and a job over SQLite files cannot give."""


class OnlineStoreError(StoreError):
    """Base of the online store's errors."""


class ConnectionStringError(OnlineStoreError, ValueError):
    """The connection string names no Redis."""


class EntityKeyError(OnlineStoreError, ValueError):
    """Join keys do not name an entity of the view."""

    def __init__(self, view: str, reason: str) -> None:
        super().__init__(f"This is no entity of {view}: {reason}")
        self.view = view


class UnknownFeatureError(OnlineStoreError, LookupError):
    """A row holds a feature that its view lacks."""

    def __init__(self, view: str, feature: str, known: list[str]) -> None:
        super().__init__(f"{view} has no feature {feature!r}; it has {known}. Run feast apply?")
        self.view = view
        self.feature = feature


class FeatureValueError(OnlineStoreError, TypeError):
    """A feature's type cannot hold the value."""

    def __init__(self, view: str, feature: str, value: object, reason: object) -> None:
        super().__init__(f"{view}:{feature} cannot hold {value!r}: {reason}")
        self.view = view
        self.feature = feature
        self.value = value


class RequestDataError(OnlineStoreError, TypeError):
    """A value of the request is not of its column's type, and no cast gives it exactly."""

    def __init__(self, column: str, value: object, allowed: str) -> None:
        super().__init__(
            f"{column!r} was given {value!r} ({type(value).__name__}); it takes {allowed}."
        )
        self.column = column
        self.value = value
        self.allowed = allowed


class OnDemandOutputError(OnlineStoreError, ValueError):
    """An on-demand function returned a column that has not one value for each row."""

    def __init__(self, view: str, feature: str, values: int, rows: int) -> None:
        super().__init__(
            f"The function of {view} returned {values} values of {feature!r} for {rows} rows; "
            "return a list with one value for each row."
        )
        self.view = view
        self.feature = feature


class OnlineServerError(OnlineStoreError):
    """Redis did not do what it was asked; the error of its client is the cause.

    Args:
        server: Where Redis was looked for, without passwords.
        reason: What the client says.
    """

    fact: ClassVar[str] = "failed"
    advice: ClassVar[str] = "See its log."

    def __init__(self, server: str, reason: str) -> None:
        super().__init__(f"{server} {self.fact}: {reason.rstrip('.')}. {self.advice}")
        self.server = server
        self.reason = reason


class ServerUnavailableError(OnlineServerError, ConnectionError):
    """Nobody answers at the address, or nobody who can serve requests yet."""

    fact = "is not available"
    advice = "Start it, or correct connection_string; nothing else needs a restart."


class ServerTimeoutError(OnlineServerError, TimeoutError):
    """There was no answer within the time-out; a write may have been done or not."""

    fact = "did not answer in time"
    advice = "See whether it is overloaded, or raise read_timeout_seconds of the online store."


class ServerDeniedError(OnlineServerError, PermissionError):
    """The server refuses the user, the password or the command."""

    fact = "denied access"
    advice = "Correct username and password in connection_string, or the user's rights."


class ServerFullError(OnlineServerError):
    """The server has reached its maxmemory and evicts nothing, so it takes no writes."""

    fact = "is full"
    advice = "Raise its maxmemory, or set key_ttl_seconds so that old keys expire."


class ServerReadOnlyError(OnlineServerError, PermissionError):
    """The server takes no writes: it is a replica, or cannot save."""

    fact = "takes no writes"
    advice = "Point connection_string at the primary, or use redis_type: redis_sentinel."


class ServerAnswerError(OnlineServerError):
    """The server answered with an error that has no class of its own here."""

    fact = "answered with an error"


class RegistryFileError(StoreError):
    """Base of the registry store's errors."""


class RegistryMissingError(RegistryFileError, FileNotFoundError):
    """There is no registry where the path points."""


class RegistryCorruptError(RegistryFileError, ValueError):
    """The file is not a whole registry."""
