"""Where a feature service's logs go: a table of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feast.feature_logging import LOG_TIMESTAMP_FIELD, LoggingDestination
from feast.protos.feast.core.FeatureService_pb2 import LoggingConfig as LoggingConfigProto

from oo_stores.errors import SourceError
from oo_stores.sqlite.config import database_path
from oo_stores.sqlite.writing.logged_features import LogTable
from oo_stores.sqlite.writing.saved_dataset import StoredResultSource

if TYPE_CHECKING:
    from feast.data_source import DataSource
    from feast.feature_logging import LoggingSource
    from feast.infra.registry.base_registry import BaseRegistry
    from feast.repo_config import RepoConfig


class SQLiteLoggingDestination(LoggingDestination):
    """A table that takes the logs of a feature service.

    It is made when the first logs are written, with an index on their time, and gets a column more
    when the service gets a feature more.

    Args:
        table: The table's name; not one that holds anything else.
        path: A file of its own, in place of the offline store's; see `SQLiteSource`.

    Raises:
        SourceError: The table has no name.

    >>> SQLiteLoggingDestination(table="served").to_data_source().timestamp_field
    '__log_timestamp'
    """

    # Feast finds the class of a registry entry by this word, among the classes imported so far.
    _proto_kind = "oo_stores.sqlite"

    def __init__(self, *, table: str, path: str | None = None) -> None:
        if not table:
            raise SourceError("a SQLiteLoggingDestination needs the name of a table; it is empty")
        self.table = table
        self.path = path or ""

    @classmethod
    def from_proto(cls, config_proto: LoggingConfigProto) -> SQLiteLoggingDestination:
        """Return the destination that a registry entry describes."""
        options = config_proto.custom_destination.config
        return cls(table=options["table"], path=options["path"])

    def to_proto(self) -> LoggingConfigProto:
        """Return the registry entry."""
        return LoggingConfigProto(
            custom_destination=LoggingConfigProto.CustomDestination(
                kind=self._proto_kind, config={"table": self.table, "path": self.path}
            )
        )

    def to_data_source(self) -> DataSource:
        """Return the source that reads the logs back."""
        return StoredResultSource(
            table=self.table, path=self.path, timestamp_field=LOG_TIMESTAMP_FIELD
        )


def log_table(
    config: RepoConfig,
    destination: LoggingDestination,
    source: LoggingSource,
    registry: BaseRegistry,
) -> LogTable:
    """Return the table that takes a service's logs, with the columns that it logs now.

    Raises:
        SourceError: The destination is of another store.
    """
    if not isinstance(destination, SQLiteLoggingDestination):
        raise SourceError(
            f"the SQLite offline store cannot write logs to a {type(destination).__name__}; give "
            f"the feature service a SQLiteLoggingDestination"
        )
    return LogTable(
        path=database_path(config, destination.path),
        table=destination.table,
        schema=source.get_schema(registry),
        timestamp=source.get_log_timestamp_column(),
    )
