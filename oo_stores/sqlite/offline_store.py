"""Feast's offline store over SQLite: a thin adapter over the modules beside it."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
from feast.infra.offline_stores.offline_store import OfflineStore, RetrievalMetadata
from feast.on_demand_feature_view import OnDemandFeatureView

from oo_stores.errors import SourceError
from oo_stores.sqlite.config import database_path, store_config
from oo_stores.sqlite.connection import writer
from oo_stores.sqlite.entity_rows import EntityRows
from oo_stores.sqlite.point_in_time import joined
from oo_stores.sqlite.pull import all_rows, newest_rows
from oo_stores.sqlite.pull_job import pull_job
from oo_stores.sqlite.retrieval_job import SQLiteRetrievalJob
from oo_stores.sqlite.seek import SeekColumns
from oo_stores.sqlite.source import stored_name
from oo_stores.sqlite.table_schema import TableSchema
from oo_stores.sqlite.table_writer import insert_rows
from oo_stores.sqlite.view_joins import batch_source, view_joins

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import pyarrow as pa
    from feast.data_source import DataSource
    from feast.feature_view import FeatureView
    from feast.infra.registry.base_registry import BaseRegistry
    from feast.repo_config import RepoConfig

_PANDAS_INDEX = re.compile(r"__index_level_\d+__")


class SQLiteOfflineStore(OfflineStore):
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
            entity_df: The entity rows: a DataFrame.
            registry: Where on-demand views are looked up.
            project: The project.
            full_feature_names: Whether feature columns are called `view__feature`.
            filter_by_created_timestamp: Whether only values created by the row's time count.
            start_date: Feast's start of a range without entity rows.
            end_date: Feast's end of such a range.

        Raises:
            SourceError: The entity rows are no DataFrame, or cannot be read.
            OfflineStoreError: A file or table is not there or cannot be read.
        """
        rows = _entity_rows(entity_df, start_date, end_date)
        joins = view_joins(
            config,
            feature_views,
            feature_refs,
            rows.table.column_names,
            full_feature_names=full_feature_names,
            only_created_by_then=filter_by_created_timestamp,
        )
        first, last = rows.time_range() or (None, None)
        return SQLiteRetrievalJob(
            config,
            partial(joined, rows, joins, store_config(config).busy_timeout_seconds),
            metadata=RetrievalMetadata(
                features=feature_refs,
                keys=[name for name in rows.table.column_names if name != rows.time_column],
                min_event_timestamp=first,
                max_event_timestamp=last,
            ),
            on_demand_feature_views=OnDemandFeatureView.get_requested_odfvs(
                feature_refs, project, registry
            ),
            full_feature_names=full_feature_names,
        )

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
            ValueTypeError: A value that a column cannot hold.
        """
        source = batch_source(feature_view.batch_source, f"feature view {feature_view.name!r}")
        path = database_path(config, source.path)
        patience = store_config(config).busy_timeout_seconds
        with writer(path, busy_timeout_seconds=patience) as connection:
            schema = TableSchema.require(connection, source.table, path)
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
            insert_rows(connection, schema, rows, progress)


def _entity_rows(
    entity_df: pd.DataFrame | str | None, start_date: datetime | None, end_date: datetime | None
) -> EntityRows:
    if isinstance(entity_df, pd.DataFrame):
        return EntityRows.from_frame(entity_df)
    raise SourceError(
        f"entity rows are a pandas DataFrame, not {type(entity_df).__name__} "
        f"(start_date={start_date}, end_date={end_date}); get the rows first, for example "
        f"with pandas.read_sql"
    )
