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
│   └── ValueTypeError          (TypeError)         a value or type that a column cannot hold
├── OnlineStoreError
│   ├── ConnectionStringError   (ValueError)        no address of a Redis
│   ├── EntityKeyError          (ValueError)        join keys that name no entity of the view
│   ├── UnknownFeatureError     (LookupError)       the view has no such feature
│   └── FeatureValueError       (TypeError)         a value that its feature's type cannot hold
└── RegistryFileError
    ├── RegistryMissingError    (FileNotFoundError) no registry where the path points
    └── RegistryCorruptError    (ValueError)        the file is no whole registry

A message says what was refused, the value, what is allowed and what to do next.
"""

from __future__ import annotations


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


class RegistryFileError(StoreError):
    """Base of the registry store's errors."""


class RegistryMissingError(RegistryFileError, FileNotFoundError):
    """There is no registry where the path points."""


class RegistryCorruptError(RegistryFileError, ValueError):
    """The file is not a whole registry."""
