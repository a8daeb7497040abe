"""The `offline_store` section of `feature_store.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from feast.repo_config import FeastConfigBaseModel
from pydantic import Field, field_validator

from oo_stores.settings import resolve, resolve_path
from oo_stores.sqlite.connection import DEFAULT_BUSY_TIMEOUT_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from feast.repo_config import RepoConfig

DEFAULT_PATH = "data/offline.db"


class SQLiteOfflineStoreConfig(FeastConfigBaseModel):
    """Where the tables are, and how patient readers and writers are.

    Attributes:
        type: The offline store's type selector.
        path: The SQLite file. `${NAME}` and `${NAME:-fallback}` are resolved from the environment
            (see `oo_stores.settings`); a relative path is taken from the folder of the yaml.
        busy_timeout_seconds: How long to wait for another writer.
    """

    type: Literal["oo_stores.sqlite.SQLiteOfflineStore"] = "oo_stores.sqlite.SQLiteOfflineStore"
    path: str = DEFAULT_PATH
    busy_timeout_seconds: float = Field(default=DEFAULT_BUSY_TIMEOUT_SECONDS, ge=0)

    @field_validator("path", mode="before")
    @classmethod
    def _resolve_path(cls, value: str | None) -> str:
        return resolve(value, default=DEFAULT_PATH)


# Feast looks the store's class up in the module of its config's class.
SQLiteOfflineStoreConfig.__module__ = "oo_stores.sqlite"


def store_config(config: RepoConfig) -> SQLiteOfflineStoreConfig:
    """Return the store's own section of a repo's config.

    A repo whose offline store is another one may still hold our sources; they then take our
    defaults.
    """
    section = config.offline_store
    return section if isinstance(section, SQLiteOfflineStoreConfig) else SQLiteOfflineStoreConfig()


def database_path(config: RepoConfig, own_path: str | None = None) -> Path:
    """Return the file that a source reads: its own, else the store's.

    Args:
        config: The repo's config; relative paths are taken from its folder.
        own_path: The source's own path, in the words of the yaml; None or empty: the store's.
    """
    path = resolve(own_path, default=store_config(config).path)
    return resolve_path(path, folder=config.repo_path)
