"""Feast's offline store over SQLite: a thin adapter over the modules beside it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from oo_stores.sqlite.config import database_path, store_config
from oo_stores.sqlite.connection import writer
from oo_stores.sqlite.monitoring import SQLiteMonitoring
from oo_stores.sqlite.retrieval.historical_job import HistoricalRequest
from oo_stores.sqlite.retrieval.pull import all_rows, newest_rows
from oo_stores.sqlite.retrieval.pull_job import pull_job
from oo_stores.sqlite.retrieval.view_joins import batch_source
from oo_stores.sqlite.source import stored_name
from oo_stores.sqlite.tables.seek import SeekColumns
from oo_stores.sqlite.writing.logged_features import write_logs
from oo_stores.sqlite.writing.logging_destination import log_table
from oo_stores.sqlite.writing.table_writer import insert_rows
from oo_stores.sqlite.writing.written_columns import written_rows, written_schema

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa
    from feast.data_source import DataSource
    from feast.feature_logging import LoggingConfig, LoggingSource
    from feast.feature_view import FeatureView
    from feast.infra.registry.base_registry import BaseRegistry
    from feast.repo_config import RepoConfig

    from oo_stores.sqlite.retrieval.retrieval_job import SQLiteRetrievalJob

_PANDAS_INDEX = re.compile(r"__index_level_\d+__")


class SQLiteOfflineStore(SQLiteMonitoring):
    """Reads and writes feature values in SQLite tables.

    A point-in-time join is one index seek for each entity row and view, so its cost is that of the
    rows asked for, not of the history behind them.
    """

    supports_filter_by_created_timestamp = True

    @staticmethod
    def get_historical_features(  # noqa: PLR0913, PLR0917  Feast's signature
        config: RepoConfig,
        feature_views: list[FeatureView],
        feature_refs: list[str],
        entity_df: pd.DataFrame | str | None,
        registry: BaseRegistry,
        project: str,
        full_feature_names: bool = False,  # noqa: FBT001, FBT002  Feast's signature
        *,
        filter_by_created_timestamp: bool = False,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
    ) -> SQLiteRetrievalJob:
        """Return a job that joins features to entity rows as they were at each row's time.

        All rows come back in their order, with nulls where nothing is known. A value counts if it
        is not later than the row's time and not older than the view's TTL, both ends inclusive; of
        several the newest, and of those with one event time the one created last.

        Args:
            config: The repo's config.
            feature_views: The views of the references.
            feature_refs: `view:feature`, on-demand views included.
            entity_df: The entity rows: a DataFrame, or a SELECT on the one file that all views
                read, else on the store's own; None: one row for each entity that has a value in
                the range, at the time of its newest one.
            registry: Where on-demand views are looked up.
            project: The project.
            full_feature_names: Whether feature columns are called `view__feature`.
            filter_by_created_timestamp: Whether only values created by the row's time count.
            start_date: The first event time of the range, inclusive (naive: UTC); if missing, the
                end less the longest TTL of the views, or less 30 days if none has one.
            end_date: The last event time of the range, inclusive; if missing, now.

        Raises:
            RequestDataNotFoundInEntityDfException: The rows lack what an on-demand view needs.
            SourceError: The entity rows are neither of both, or cannot be read.
            OfflineStoreError: A file or table is not there or cannot be read.
        """
        request = HistoricalRequest(
            config,
            feature_views,
            feature_refs,
            registry,
            project,
            full_feature_names=full_feature_names,
            only_created_by_then=filter_by_created_timestamp,
        )
        if entity_df is None:
            return request.over_range(start_date, end_date)
        return request.over_rows(entity_df)

    @staticmethod
    def pull_latest_from_table_or_query(  # noqa: PLR0913, PLR0917  Feast's signature
        config: RepoConfig,
        data_source: DataSource,
        join_key_columns: list[str],
        feature_name_columns: list[str],
        timestamp_field: str,
        created_timestamp_column: str | None,
        start_date: datetime,
        end_date: datetime,
    ) -> SQLiteRetrievalJob:
        """Return a job that reads each key's newest row of the range, both ends inclusive.

        Columns are named as in the table. Without join keys there is one row, under Feast's key
        for views without entities. No features: all columns.
        """
        columns = SeekColumns(
            tuple(join_key_columns), timestamp_field, created_timestamp_column or None
        )
        ends = (start_date, end_date)
        return pull_job(config, data_source, columns, feature_name_columns, ends, newest_rows)

    @staticmethod
    def pull_all_from_table_or_query(  # noqa: PLR0913, PLR0917  Feast's signature
        config: RepoConfig,
        data_source: DataSource,
        join_key_columns: list[str],
        feature_name_columns: list[str],
        timestamp_field: str,
        created_timestamp_column: str | None = None,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
    ) -> SQLiteRetrievalJob:
        """Return a job that reads all rows of the range, both ends inclusive.

        Columns are named as in the table. No features: all columns.
        """
        columns = SeekColumns(
            tuple(join_key_columns), timestamp_field, created_timestamp_column or None
        )
        ends = (start_date, end_date)
        return pull_job(config, data_source, columns, feature_name_columns, ends, all_rows)

    @staticmethod
    def offline_write_batch(
        config: RepoConfig,
        feature_view: FeatureView,
        table: pa.Table,
        progress: Callable[[int], Any] | None,
    ) -> None:
        """Write rows to a view's table, all of them or none.

        A row with the primary key of an earlier one replaces it, so a batch that is sent again
        changes nothing.

        Args:
            config: The repo's config.
            feature_view: The view.
            table: The rows: exactly the table's columns, under their mapped names.
            progress: Called with the number of rows written since the last call.

        Raises:
            ValueError: The columns are not those of the table.
            SourceError: The view reads a query or a SQL view.
            ValueTypeError: A value that a column cannot hold.
        """
        source = batch_source(feature_view.batch_source, f"feature view {feature_view.name!r}")
        path = database_path(config, source.path)
        patience = store_config(config).busy_timeout_seconds
        with writer(path, busy_timeout_seconds=patience) as connection:
            relation = source.with_times(connection, path)
            schema = written_schema(connection, relation, path)
            names = {
                name: stored_name(name, source.field_mapping, schema.columns)
                for name in table.column_names
                if name in schema.columns or not _PANDAS_INDEX.fullmatch(name)
            }
            if sorted(names.values()) != sorted(schema.columns):
                raise ValueError(
                    f"table {source.table!r} has the columns {list(schema.columns)}, the rows have "
                    f"{table.column_names}; they must be the same"
                )
            rows = table.select(list(names)).rename_columns(list(names.values()))
            insert_rows(connection, schema, written_rows(rows, relation, schema), progress)

    @staticmethod
    def write_logged_features(
        config: RepoConfig,
        data: pa.Table | Path,
        source: LoggingSource,
        logging_config: LoggingConfig,
        registry: BaseRegistry,
    ) -> None:
        """Add logs of a feature service to its table, all of them or none.

        Args:
            config: The repo's config.
            data: The logs, or a folder of parquet files that holds them.
            source: What the service logs.
            logging_config: The table, a `SQLiteLoggingDestination`.
            registry: Where the service's views are looked up.

        Raises:
            FileNotFoundError: There is no such folder.
            SourceError: The destination is of another store, or its table holds something else.
            ValueTypeError: A value that a column cannot hold.
        """
        into = log_table(config, logging_config.destination, source, registry)
        write_logs(into, data, store_config(config).busy_timeout_seconds)
