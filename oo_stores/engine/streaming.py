"""Feast's local engine, which for plain views reads, converts and writes slice by slice."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import pyarrow as pa
from feast.infra.common.materialization_job import MaterializationJobStatus
from feast.infra.compute_engines.dag.context import ColumnInfo
from feast.infra.compute_engines.local.compute import LocalComputeEngine
from feast.infra.compute_engines.local.job import LocalMaterializationJob
from feast.utils import _convert_arrow_to_proto, _get_column_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from feast import FeatureView
    from feast.data_source import DataSource
    from feast.infra.common.materialization_job import MaterializationTask
    from feast.infra.compute_engines.dag.context import ExecutionContext
    from feast.infra.offline_stores.offline_store import RetrievalJob
    from feast.infra.registry.base_registry import BaseRegistry

    Progress = Callable[[int], object]

BATCH_ROWS = 10_000
"""Rows converted and written at a time, where `online_write_batch_size` is not set."""


@runtime_checkable
class SupportsSlices(Protocol):
    """A retrieval job that need not hold its whole result."""

    def slices(self) -> Iterator[pa.Table]:
        """Run the query and yield its result in pieces."""


class StreamingEngine(LocalComputeEngine):
    """Materializes views without ever holding all their rows.

    A plain view's rows are pulled from the offline store in slices where its jobs have them
    (`SupportsSlices`), else as one Arrow table, and are then converted and written in batches;
    so what is held beside the store's own result is one batch. Only the newest row of each entity
    is asked for, whatever `pull_latest_features` says: the rest would be thrown away.

    Views that are transformed, aggregated, filtered, validated or made from other views go
    through Feast's local engine, which needs all rows at once; so do historical features.
    """

    def _materialize_one(
        self,
        registry: BaseRegistry,
        task: MaterializationTask,
        **kwargs: Any,  # noqa: ANN401  Feast's signature
    ) -> LocalMaterializationJob:
        source = task.feature_view.batch_source
        if source is None or not _is_plain(task.feature_view):
            return super()._materialize_one(registry, task, **kwargs)
        context = self.get_execution_context(registry, task)
        with contextlib.ExitStack() as stack:
            # The number of rows is known when they have been read: the bar counts.
            bar = stack.enter_context(task.tqdm_builder(0)) if task.tqdm_builder else None
            progress = bar.update if bar else _ignore
            for batch in self._batches(context, task, source):
                self._write(context, task.feature_view, batch, progress)
        return LocalMaterializationJob(
            job_id=f"{task.feature_view.name}-{task.start_time}-{task.end_time}",
            status=MaterializationJobStatus.SUCCEEDED,
        )

    def _batches(
        self, context: ExecutionContext, task: MaterializationTask, source: DataSource
    ) -> Iterator[pa.RecordBatch]:
        columns = _columns(context, task.feature_view, source)
        rows = self.repo_config.materialization_config.online_write_batch_size or BATCH_ROWS
        mapping = columns.field_mapping or {}
        for part in _slices(self._pull(columns, task, source)):
            renamed = part.rename_columns([mapping.get(name, name) for name in part.column_names])
            yield from renamed.combine_chunks().to_batches(max_chunksize=rows)

    def _pull(
        self, columns: ColumnInfo, task: MaterializationTask, source: DataSource
    ) -> RetrievalJob:
        pull = (
            self.offline_store.pull_latest_from_table_or_query
            if task.only_latest
            else self.offline_store.pull_all_from_table_or_query
        )
        return pull(
            config=self.repo_config,
            data_source=source,
            join_key_columns=columns.join_keys,
            feature_name_columns=columns.feature_cols,
            timestamp_field=columns.ts_col,
            created_timestamp_column=columns.created_ts_col,
            start_date=task.start_time,
            end_date=task.end_time,
        )

    def _write(
        self,
        context: ExecutionContext,
        view: FeatureView,
        batch: pa.RecordBatch,
        progress: Progress,
    ) -> None:
        if view.online:
            key_types = {key.name: key.dtype.to_value_type() for key in view.entity_columns}
            rows = _convert_arrow_to_proto(batch, view, key_types)
            context.online_store.online_write_batch(self.repo_config, view, rows, progress)
        if view.offline:
            context.offline_store.offline_write_batch(
                self.repo_config, view, pa.Table.from_batches([batch]), _ignore
            )


def _is_plain(view: FeatureView) -> bool:
    """Say whether a view's rows are those of its source as they are."""
    return not (
        view.source_views
        or getattr(view, "feature_transformation", None)
        or getattr(view, "aggregations", None)
        or getattr(view, "filter", None)
        or getattr(view, "enable_validation", False)
    )


def _columns(context: ExecutionContext, view: FeatureView, source: DataSource) -> ColumnInfo:
    """Return what the source calls a view's columns, and what the view calls them."""
    join_keys, features, event_time, created_time = _get_column_names(view, context.entity_defs)
    return ColumnInfo(
        join_keys=join_keys,
        feature_cols=features,
        ts_col=event_time,
        created_ts_col=created_time,
        # Not that of a stream source, which Feast's local engine takes: it is not what is read.
        field_mapping=source.field_mapping,
    )


def _slices(job: RetrievalJob) -> Iterable[pa.Table]:
    return job.slices() if isinstance(job, SupportsSlices) else [job.to_arrow()]


def _ignore(rows: int) -> None:
    """Tell nobody."""
