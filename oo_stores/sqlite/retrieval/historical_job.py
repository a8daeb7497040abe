"""From Feast's request for historical features to a job that joins them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import pandas as pd
from feast.errors import RequestDataNotFoundInEntityDfException
from feast.infra.offline_stores.offline_store import RetrievalMetadata
from feast.on_demand_feature_view import OnDemandFeatureView

from oo_stores.errors import SourceError
from oo_stores.sqlite.config import database_path, store_config
from oo_stores.sqlite.retrieval.entity_query import rows_of_query
from oo_stores.sqlite.retrieval.entity_range import date_range, rows_of_range
from oo_stores.sqlite.retrieval.entity_rows import DEFAULT_TIME_COLUMN, EntityRows
from oo_stores.sqlite.retrieval.point_in_time import joined
from oo_stores.sqlite.retrieval.retrieval_job import SQLiteRetrievalJob
from oo_stores.sqlite.retrieval.stray_times import refuse_stray_times
from oo_stores.sqlite.retrieval.view_joins import batch_source, join_key_names, view_joins
from oo_stores.sqlite.sql_text.job_sql import joined_sql
from oo_stores.sqlite.tables.instants import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    import pyarrow as pa
    from feast import FeatureView
    from feast.infra.registry.base_registry import BaseRegistry
    from feast.repo_config import RepoConfig

    from oo_stores.sqlite.retrieval.point_in_time import ViewJoin

# Feast computes with both ends, also of a result without rows.
_NO_TIMES: Final = (EPOCH, EPOCH)


class HistoricalRequest:
    """What Feast asks with, but for the entity rows.

    Args:
        config: The repo's config.
        views: The views of the references, in the projection asked for.
        feature_refs: `view:feature`, on-demand views included.
        registry: Where on-demand views are looked up.
        project: The project.
        full_feature_names: Whether feature columns are called `view__feature`.
        only_created_by_then: Whether only values created by a row's time count.
    """

    def __init__(  # noqa: PLR0913  what Feast asks with
        self,
        config: RepoConfig,
        views: Sequence[FeatureView],
        feature_refs: list[str],
        registry: BaseRegistry,
        project: str,
        *,
        full_feature_names: bool,
        only_created_by_then: bool,
    ) -> None:
        self._config = config
        self._views = views
        self._feature_refs = feature_refs
        self._on_demand = OnDemandFeatureView.get_requested_odfvs(feature_refs, project, registry)
        self._full_feature_names = full_feature_names
        self._only_created_by_then = only_created_by_then
        self._patience = store_config(config).busy_timeout_seconds

    def over_rows(self, entity_df: pd.DataFrame | str) -> SQLiteRetrievalJob:
        """Return a job over entity rows: a DataFrame, or a query on the views' database.

        A query runs on the file that all views read, if it is one, else on the store's own. It runs
        now: the timeout of the job counts for the join alone.

        Raises:
            RequestDataNotFoundInEntityDfException: They lack a column that an on-demand view needs.
            SourceError: They are neither, or cannot be read.
            OfflineStoreError: A file or table is not there or cannot be read.
        """
        if isinstance(entity_df, pd.DataFrame):
            rows, query = EntityRows.from_frame(entity_df), None
        elif isinstance(entity_df, str):
            query = (self._query_path(), entity_df)
            rows = rows_of_query(*query, self._patience)
        else:
            raise SourceError(
                f"entity rows are a pandas DataFrame or a SQL query, not "
                f"{type(entity_df).__name__}; make one of it, or give start_date and end_date"
            )
        joins = self._joins(rows.table.column_names)
        return self._job(rows, joins, rows.time_range() or _NO_TIMES, query)

    def over_range(self, start: datetime | None, end: datetime | None) -> SQLiteRetrievalJob:
        """Return a job over the entities that have a value in a range; see `rows_of_range`.

        Raises:
            RequestDataNotFoundInEntityDfException: An on-demand view needs request data.
            OfflineStoreError: A file or table is not there or cannot be read.
        """
        joins = self._joins([*join_key_names(self._views), DEFAULT_TIME_COLUMN])
        ends = date_range(self._views, start, end)
        return self._job(rows_of_range(joins, ends, self._patience), joins, ends)

    def _joins(self, entity_columns: Sequence[str]) -> list[ViewJoin]:
        self._require_request_data(entity_columns)
        return view_joins(
            self._config,
            self._views,
            self._feature_refs,
            entity_columns,
            full_feature_names=self._full_feature_names,
            only_created_by_then=self._only_created_by_then,
        )

    def _require_request_data(self, entity_columns: Iterable[str]) -> None:
        known = set(entity_columns)
        for view in self._on_demand:
            for name in view.get_request_data_schema():
                if name not in known:
                    raise RequestDataNotFoundInEntityDfException(name, view.name)  # type: ignore[no-untyped-call]

    def _query_path(self) -> Path:
        paths = {
            database_path(
                self._config, batch_source(view.batch_source, f"feature view {view.name!r}").path
            )
            for view in self._views
        }
        return paths.pop() if len(paths) == 1 else database_path(self._config)

    def _job(
        self,
        rows: EntityRows,
        joins: Sequence[ViewJoin],
        ends: tuple[datetime, datetime],
        query: tuple[Path, str] | None = None,
    ) -> SQLiteRetrievalJob:
        return SQLiteRetrievalJob(
            self._config,
            partial(_joined, rows, joins, self._patience),
            metadata=RetrievalMetadata(
                features=self._feature_refs,
                keys=[name for name in rows.table.column_names if name != rows.time_column],
                min_event_timestamp=ends[0],
                max_event_timestamp=ends[1],
            ),
            on_demand_feature_views=self._on_demand,
            full_feature_names=self._full_feature_names,
            sql=partial(joined_sql, rows, joins, self._patience, query),
        )


def _joined(
    rows: EntityRows, joins: Sequence[ViewJoin], busy_timeout_seconds: float
) -> Iterator[pa.Table]:
    """Yield what `joined` yields; then refuse what its seeks passed by."""
    yield from joined(rows, joins, busy_timeout_seconds)
    refuse_stray_times(rows, joins, busy_timeout_seconds)
