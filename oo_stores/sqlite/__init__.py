"""SQLite offline store for Feast.

`feature_store.yaml`:

    offline_store:
      type: oo_stores.sqlite.SQLiteOfflineStore
      path: ${MY_DATABASE:-data/features.db}

The names below are loaded on first use, because `import feast` takes seconds and whoever only
writes tables (`oo_stores.sqlite.types` has the declared column types) does not need it. Feast finds
the store and its config as attributes of this module.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oo_stores.sqlite.config import SQLiteOfflineStoreConfig
    from oo_stores.sqlite.offline_store import SQLiteOfflineStore
    from oo_stores.sqlite.retrieval.retrieval_job import SQLiteRetrievalJob
    from oo_stores.sqlite.source import SQLiteSource
    from oo_stores.sqlite.writing.logging_destination import SQLiteLoggingDestination
    from oo_stores.sqlite.writing.saved_dataset import SavedDatasetSQLiteStorage
    from oo_stores.sqlite.writing.table_writer import write_table

__all__ = [
    "SQLiteLoggingDestination",
    "SQLiteOfflineStore",
    "SQLiteOfflineStoreConfig",
    "SQLiteRetrievalJob",
    "SQLiteSource",
    "SavedDatasetSQLiteStorage",
    "write_table",
]

_HOMES = {
    "SQLiteLoggingDestination": "writing.logging_destination",
    "SQLiteOfflineStore": "offline_store",
    "SQLiteOfflineStoreConfig": "config",
    "SQLiteRetrievalJob": "retrieval.retrieval_job",
    "SQLiteSource": "source",
    "SavedDatasetSQLiteStorage": "writing.saved_dataset",
    "write_table": "writing.table_writer",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "SQLiteOfflineStoreConfig":
        # Feast finds these classes among those imported when it reads a registry. Whatever it
        # reads, it has asked for the config first, since `feature_store.yaml` names that.
        for found_if_imported in ("SQLiteLoggingDestination", "SavedDatasetSQLiteStorage"):
            import_module(f"{__name__}.{_HOMES[found_if_imported]}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
