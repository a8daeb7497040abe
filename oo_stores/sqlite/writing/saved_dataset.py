"""Where results of retrievals are kept: a table of their own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from feast.protos.feast.core.DataSource_pb2 import DataSource as DataSourceProto
from feast.saved_dataset import _DATA_SOURCE_TO_SAVED_DATASET_STORAGE, SavedDatasetStorage

from oo_stores.errors import SourceError
from oo_stores.sqlite.source import SQLiteSource

if TYPE_CHECKING:
    from feast.data_source import DataSource
    from feast.protos.feast.core.SavedDataset_pb2 import (
        SavedDatasetStorage as SavedDatasetStorageProto,
    )

_TIME_COLUMN = "event_timestamp"


class StoredResultSource(SQLiteSource):
    """A table that the store itself wrote, which is read back as it is."""


class SavedDatasetSQLiteStorage(SavedDatasetStorage):
    """A table that holds a saved dataset.

    Args:
        table: The table's name; it is made when the dataset is saved.
        path: A file of its own, in place of the offline store's; see `SQLiteSource`.

    Raises:
        SourceError: The table has no name.
    """

    _proto_attr_name = "custom_storage"

    def __init__(self, table: str, path: str | None = None) -> None:
        if not table:
            raise SourceError("a SavedDatasetSQLiteStorage needs the name of a table; it is empty")
        self.table = table
        self.path = path or ""

    @staticmethod
    def from_proto(storage_proto: SavedDatasetStorageProto) -> SavedDatasetSQLiteStorage:
        """Return the storage that a registry entry describes."""
        options = json.loads(storage_proto.custom_storage.configuration)
        return SavedDatasetSQLiteStorage(options["table"], options["path"])

    def to_proto(self) -> SavedDatasetStorageProto:
        """Return the registry entry, which names this class: several share its field."""
        options = json.dumps({"table": self.table, "path": self.path}).encode()
        return self._custom_storage_proto(
            DataSourceProto.CustomSourceOptions(configuration=options)
        )

    def to_data_source(self) -> DataSource:
        """Return the source that reads the dataset back."""
        return StoredResultSource(table=self.table, path=self.path, timestamp_field=_TIME_COLUMN)

    @staticmethod
    def from_data_source(data_source: DataSource) -> SavedDatasetSQLiteStorage:
        """Return the storage over the table that a source reads.

        Raises:
            SourceError: The source is of another store.
        """
        if not isinstance(data_source, SQLiteSource) or data_source.query:
            kind = "query" if isinstance(data_source, SQLiteSource) else type(data_source).__name__
            raise SourceError(f"a {kind} has no table in SQLite; give a SQLiteSource of a table")
        return SavedDatasetSQLiteStorage(data_source.table, data_source.path)


# The registry records the class's path; this one outlives a move of the module.
SavedDatasetSQLiteStorage.__module__ = "oo_stores.sqlite"

# Feast has no other way to say which storage belongs to a source.
for _source in (SQLiteSource, StoredResultSource):
    _DATA_SOURCE_TO_SAVED_DATASET_STORAGE[_source.__name__] = (
        "oo_stores.sqlite.SavedDatasetSQLiteStorage"
    )
