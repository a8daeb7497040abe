"""The data source of feature views whose values are in a SQLite table."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from feast.data_source import DataSource
from feast.protos.feast.core.DataSource_pb2 import DataSource as DataSourceProto
from feast.value_type import ValueType

from oo_stores.errors import SourceError, TableMissingError
from oo_stores.sqlite.config import database_path, store_config
from oo_stores.sqlite.connection import quoted, reader
from oo_stores.sqlite.tables.read_options import ReadOptions
from oo_stores.sqlite.tables.relation import Relation
from oo_stores.sqlite.tables.table_schema import TableSchema
from oo_stores.sqlite.tables.time_columns import check_instants
from oo_stores.sqlite.types import column_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path
    from sqlite3 import Connection

    from feast.repo_config import RepoConfig

_logger = logging.getLogger(__name__)


class SQLiteSource(DataSource):
    """A table, a SQL view or a query of a SQLite file.

    The file and the table may come into being after `feast apply`, as long as the feature view
    declares its schema. A query, like a SQL view, is read anew by each retrieval, into a temporary
    copy that has an index: a table is faster, and the only one that can be written.

    Args:
        table: The table's or SQL view's name; if neither it nor a query is given, the source's.
        name: The source's name, unique in the project; if not given, the table's.
        query: A SELECT in place of a table; it may begin with white space and end with `;`.
        path: A file of its own, in place of the offline store's; `${NAME}` and
            `${NAME:-fallback}` are resolved from the environment where the source is used, and a
            relative path is taken from the folder of `feature_store.yaml`.
        timestamp_field: The column of event times.
        created_timestamp_column: The column of created times: of rows with one event time the
            later created counts.
        timestamp_format: How these two columns hold instants: one word of
            `oo_stores.sqlite.tables.time_formats` for both, or one for each. Not needed if they are
            declared `TIMESTAMP_US` or one of its kin; else it is told from all of their values
            at each retrieval, which says so, or refuses what is not clear.
        column_types: Types of columns that declare none, such as a query's expressions, in the
            words of `oo_stores.sqlite.types`; by the table's names. If not given they are told
            from all of their values.
        field_mapping: From column names to the names that feature views use.
        description: What the table holds, for people.
        tags: Anything else, by name.
        owner: Who looks after it.

    Raises:
        SourceError: Not one of table and query is given, or no name or timestamp_field; a format
            or type that there is not, or of a column that it cannot be stated of.
    """

    def __init__(  # noqa: PLR0913  Feast's own set of arguments
        self,
        *,
        table: str | None = None,
        name: str | None = None,
        query: str | None = None,
        path: str | None = None,
        timestamp_field: str | None = None,
        created_timestamp_column: str | None = None,
        timestamp_format: str | Mapping[str, str] | None = None,
        column_types: Mapping[str, str] | None = None,
        field_mapping: dict[str, str] | None = None,
        description: str | None = "",
        tags: dict[str, str] | None = None,
        owner: str | None = "",
    ) -> None:
        self._read = ReadOptions.checked(table, query, name, path)
        if not timestamp_field:
            raise SourceError(
                f"SQLiteSource {name or table!r} has no timestamp_field; name the column of event "
                f"times (Feast cannot infer it for a plugin's source)"
            )
        super().__init__(
            name=name or self._read.table,
            timestamp_field=timestamp_field,
            created_timestamp_column=created_timestamp_column,
            field_mapping=field_mapping,
            description=description,
            tags=tags,
            owner=owner,
        )
        times = list(filter(None, (timestamp_field, created_timestamp_column)))
        self._read = self._read.stating(
            self.name, times, self.field_mapping, timestamp_format, column_types
        )

    @property
    def table(self) -> str:
        """The table's name; empty for a query."""
        return self._read.table

    @property
    def query(self) -> str:
        """The query; empty for a table."""
        return self._read.query

    @property
    def path(self) -> str:
        """The source's own file as given; empty: the offline store's."""
        return self._read.path

    @property
    def timestamp_format(self) -> dict[str, str]:
        """How the columns of times are stated to hold instants, for those that are."""
        return dict(self._read.timestamp_format)

    @property
    def column_types(self) -> dict[str, str]:
        """The stated types of columns."""
        return dict(self._read.column_types)

    def __hash__(self) -> int:
        return hash((self.name, self.timestamp_field, self._read))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, SQLiteSource)
            and bool(super().__eq__(other))  # type: ignore[no-untyped-call]
            and self._read == other._read
        )

    def source_type(self) -> DataSourceProto.SourceType.ValueType:
        """Return Feast's kind of source for plugins."""
        return DataSourceProto.CUSTOM_SOURCE

    @staticmethod
    def from_proto(data_source: DataSourceProto) -> SQLiteSource:
        """Return the source that a registry entry describes."""
        return SQLiteSource(
            name=data_source.name,
            **json.loads(data_source.custom_options.configuration),
            timestamp_field=data_source.timestamp_field,
            created_timestamp_column=data_source.created_timestamp_column,
            field_mapping=dict(data_source.field_mapping),
            description=data_source.description,
            tags=dict(data_source.tags),
            owner=data_source.owner,
        )

    def _to_proto_impl(self) -> DataSourceProto:
        options = json.dumps(self._read.given())
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

    def relation(self, instants: Iterable[str] = ()) -> Relation:
        """Return what to read, with what is stated about it.

        Args:
            instants: The columns that are read as instants, by the table's names.
        """
        columns = tuple(instants)
        stated = {self.field_mapping.get(c, c): word for c, word in self._read.timestamp_format}
        formats = {column: stated.get(self.field_mapping.get(column, column)) for column in columns}
        return Relation(
            name=self.table or self.name,
            query=self.query,
            instants=columns,
            formats=tuple((column, word) for column, word in formats.items() if word),
            types=self._read.column_types,
        )

    def validate(self, config: RepoConfig) -> None:
        """Check that the table, if there is one yet, is what the source says.

        All instants are looked at: each must be of the stated or told format.

        Raises:
            ColumnMissingError: The table lacks a column that the source names.
            ValueTypeError: A column of times is of no clear format, or a value not of it.
            QueryError: The query is refused, or does not run.
            OfflineStoreError: The file cannot be read.
        """
        path = database_path(config, self.path)
        if not path.exists():
            # Before there is a file nothing has a table, and saying so for each would be noise.
            return
        try:
            with reader(path, busy_timeout_seconds=_patience(config)) as connection:
                relation = self.with_times(connection, path)
                schema = TableSchema.require(connection, relation, path)
                check_instants(connection, schema, relation.instants, path)
        except TableMissingError:
            what = f"table {self.table!r}" if self.table else f"table that {self.name!r} reads"
            _logger.info("%s has no %s yet; it is read once it is there", path, what)

    def get_table_column_names_and_types(self, config: RepoConfig) -> Iterable[tuple[str, str]]:
        """Return the columns as they are called there, with their types.

        A column without a declared type, for example a query's expression, has that of its values.

        Raises:
            DatabaseMissingError: There is no file.
            TableMissingError: There is no table.
            ValueTypeError: How a column of times holds instants is not clear.
        """
        path = database_path(config, self.path)
        with reader(path, busy_timeout_seconds=_patience(config)) as connection:
            schema = TableSchema.require(connection, self.with_times(connection, path), path)
            return list(schema.columns.items())

    @staticmethod
    def source_datatype_to_feast_value_type() -> Callable[[str], ValueType]:
        """Return the function from a declared column type to Feast's value type."""
        return _feast_value_type

    def get_table_query_string(self) -> str:
        """Return what stands behind FROM: the table's name, or the query in parentheses."""
        return quoted(self.table) if self.table else f"({self.query.strip().rstrip(';')}\n)"

    def with_times(self, connection: Connection, path: Path) -> Relation:
        """Return what to read, with the source's own columns of times as instants.

        Args:
            connection: An open connection.
            path: Its file.

        Raises:
            OfflineStoreError: There is no such table, or the query does not run.
        """
        columns = self.relation().declared(connection, path).columns
        return self.relation(self._times(columns))

    def _times(self, columns: Iterable[str]) -> list[str]:
        times = filter(None, (self.timestamp_field, self.created_timestamp_column))
        return [stored_name(column, self.field_mapping, columns) for column in times]


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
    return ValueType[column_type(declared).feast]
