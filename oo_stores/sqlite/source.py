"""The data source of feature views whose values are in a SQLite table."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from feast.data_source import DataSource
from feast.protos.feast.core.DataSource_pb2 import DataSource as DataSourceProto
from feast.type_map import pa_to_feast_value_type

from oo_stores.errors import SourceError
from oo_stores.sqlite.codec import arrow_type
from oo_stores.sqlite.config import database_path, store_config
from oo_stores.sqlite.connection import quoted, reader
from oo_stores.sqlite.table_schema import TableSchema
from oo_stores.sqlite.types import column_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from feast.repo_config import RepoConfig
    from feast.value_type import ValueType

_logger = logging.getLogger(__name__)


class SQLiteSource(DataSource):
    """A table, or a SQL view, of a SQLite file.

    The file and the table may come into being after `feast apply`, as long as the feature view
    declares its schema.

    Args:
        table: The table's name; if not given, the source's name.
        name: The source's name, unique in the project; if not given, the table's.
        path: A file of its own, in place of the offline store's; `${NAME}` and
            `${NAME:-fallback}` are resolved from the environment where the source is used, and a
            relative path is taken from the folder of `feature_store.yaml`.
        timestamp_field: The column of event times; declared `TIMESTAMP_US` or one of its kin.
        created_timestamp_column: The column of created times: of rows with one event time the
            later created counts.
        field_mapping: From column names to the names that feature views use.
        description: What the table holds, for people.
        tags: Anything else, by name.
        owner: Who looks after it.

    Raises:
        SourceError: Neither table nor name, or no timestamp_field, is given.
    """

    def __init__(  # noqa: PLR0913  Feast's own set of arguments
        self,
        *,
        table: str | None = None,
        name: str | None = None,
        path: str | None = None,
        timestamp_field: str | None = None,
        created_timestamp_column: str | None = None,
        field_mapping: dict[str, str] | None = None,
        description: str | None = "",
        tags: dict[str, str] | None = None,
        owner: str | None = "",
    ) -> None:
        if not (table or name):
            raise SourceError("a SQLiteSource needs a table, or a name that is the table's")
        self._table = table or name or ""
        self._path = path or ""
        if not timestamp_field:
            raise SourceError(
                f"SQLiteSource {name or table!r} has no timestamp_field; name the column of event "
                f"times (Feast cannot infer it for a plugin's source)"
            )
        super().__init__(
            name=name or self._table,
            timestamp_field=timestamp_field,
            created_timestamp_column=created_timestamp_column,
            field_mapping=field_mapping,
            description=description,
            tags=tags,
            owner=owner,
        )

    @property
    def table(self) -> str:
        """The table's name."""
        return self._table

    @property
    def path(self) -> str:
        """The source's own file as given; empty: the offline store's."""
        return self._path

    def __hash__(self) -> int:
        return hash((self.name, self.timestamp_field, self._table, self._path))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, SQLiteSource)
            and bool(super().__eq__(other))  # type: ignore[no-untyped-call]
            and (self._table, self._path) == (other._table, other._path)
        )

    def source_type(self) -> DataSourceProto.SourceType.ValueType:
        """Return Feast's kind of source for plugins."""
        return DataSourceProto.CUSTOM_SOURCE

    @staticmethod
    def from_proto(data_source: DataSourceProto) -> SQLiteSource:
        """Return the source that a registry entry describes."""
        options = json.loads(data_source.custom_options.configuration)
        return SQLiteSource(
            name=data_source.name,
            table=options["table"],
            path=options["path"],
            timestamp_field=data_source.timestamp_field,
            created_timestamp_column=data_source.created_timestamp_column,
            field_mapping=dict(data_source.field_mapping),
            description=data_source.description,
            tags=dict(data_source.tags),
            owner=data_source.owner,
        )

    def _to_proto_impl(self) -> DataSourceProto:
        options = json.dumps({"table": self._table, "path": self._path})
        return DataSourceProto(
            name=self.name,
            type=DataSourceProto.CUSTOM_SOURCE,
            data_source_class_type="oo_stores.sqlite.SQLiteSource",
            custom_options=DataSourceProto.CustomSourceOptions(configuration=options.encode()),
            timestamp_field=self.timestamp_field,
            created_timestamp_column=self.created_timestamp_column,
            field_mapping=self.field_mapping,
            description=self.description,
            tags=self.tags,
            owner=self.owner,
        )

    def validate(self, config: RepoConfig) -> None:
        """Check that the table, if there is one yet, has the columns that the source names.

        Raises:
            ColumnMissingError: The table lacks the event time's or created time's column.
            ValueTypeError: Such a column does not say how its instants are stored.
            OfflineStoreError: The file cannot be read.
        """
        path = database_path(config, self._path)
        schema = self._schema(config)
        if schema is None:
            # Before there is a file nothing has a table, and saying so for each would be noise.
            if path.exists():
                _logger.info(
                    "%s has no table %r yet; it is read once it is there", path, self._table
                )
            return
        for column in filter(None, (self.timestamp_field, self.created_timestamp_column)):
            schema.instant_kind(stored_name(column, self.field_mapping, schema.columns))

    def get_table_column_names_and_types(self, config: RepoConfig) -> Iterable[tuple[str, str]]:
        """Return the table's columns as they are called there, with their declared types.

        Raises:
            DatabaseMissingError: There is no file.
            TableMissingError: There is no table.
        """
        path = database_path(config, self._path)
        with reader(path, busy_timeout_seconds=_patience(config)) as connection:
            return list(TableSchema.require(connection, self._table, path).columns.items())

    @staticmethod
    def source_datatype_to_feast_value_type() -> Callable[[str], ValueType]:
        """Return the function from a declared column type to Feast's value type."""
        return _feast_value_type

    def get_table_query_string(self) -> str:
        """Return the table's name as SQL takes it."""
        return quoted(self._table)

    def _schema(self, config: RepoConfig) -> TableSchema | None:
        path = database_path(config, self._path)
        if not path.exists():
            return None
        with reader(path, busy_timeout_seconds=_patience(config)) as connection:
            return TableSchema.read(connection, self._table)


def stored_name(name: str, field_mapping: Mapping[str, str], columns: Iterable[str]) -> str:
    """Return what the table calls a field that a feature view knows by its mapped name.

    A mapping may name a column that the table lacks; it then does nothing.

    >>> stored_name("speed", {"v": "speed"}, ["v"]), stored_name("speed", {"v": "speed"}, ["speed"])
    ('v', 'speed')
    """
    known = set(columns)
    for raw, mapped in field_mapping.items():
        if mapped == name and raw in known:
            return raw
    return name


def _patience(config: RepoConfig) -> float:
    return store_config(config).busy_timeout_seconds


def _feast_value_type(declared: str) -> ValueType:
    return pa_to_feast_value_type(str(arrow_type(column_type(declared))))
