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
    from oo_stores.sqlite.retrieval_job import SQLiteRetrievalJob
    from oo_stores.sqlite.saved_dataset import SavedDatasetSQLiteStorage
    from oo_stores.sqlite.source import SQLiteSource
    from oo_stores.sqlite.table_writer import write_table

__all__ = [
    "SQLiteOfflineStore",
    "SQLiteOfflineStoreConfig",
    "SQLiteRetrievalJob",
    "SQLiteSource",
    "SavedDatasetSQLiteStorage",
    "write_table",
]

_HOMES = {
    "SQLiteOfflineStore": "offline_store",
    "SQLiteOfflineStoreConfig": "config",
    "SQLiteRetrievalJob": "retrieval_job",
    "SQLiteSource": "source",
    "SavedDatasetSQLiteStorage": "saved_dataset",
    "write_table": "table_writer",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
