"""Feast's Redis online store, with settings from the environment and a fast way to write."""

from oo_stores.redis.columns import OnlineColumns
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
    "RedisOnlineStore",
    "RedisOnlineStoreConfig",
    "Replacement",
    "StoredRow",
]
