"""Feast's Redis online store, with settings from the environment and a fast way to write."""

# A service in the registry may be logged to SQLite: Feast reads it with the class of its logging
# destination, which it finds only if that was imported, and a process that serves needs no other.
import oo_stores.sqlite.writing.logging_destination  # noqa: F401
from oo_stores.redis.columns import OnlineColumns, PackedRows
from oo_stores.redis.config import RedisOnlineStoreConfig
from oo_stores.redis.fill_mark import FillMark
from oo_stores.redis.notes import Notes
from oo_stores.redis.repairs import Replacement
from oo_stores.redis.rows import OnlineRow
from oo_stores.redis.store import RedisOnlineStore
from oo_stores.redis.stored_rows import StoredRow

__all__ = [
    "FillMark",
    "Notes",
    "OnlineColumns",
    "OnlineRow",
    "PackedRows",
    "RedisOnlineStore",
    "RedisOnlineStoreConfig",
    "Replacement",
    "StoredRow",
]
