"""What a retrieval gives back: a query that has not run yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from feast.infra.offline_stores.offline_store import RetrievalJob, RetrievalMetadata

from oo_stores.errors import SourceError, UnsupportedError
from oo_stores.sqlite.config import database_path, store_config
from oo_stores.sqlite.deadline import deadline, watched
from oo_stores.sqlite.retrieval.on_demand import with_on_demand
from oo_stores.sqlite.writing.result_table import ResultTable
from oo_stores.sqlite.writing.saved_dataset import SavedDatasetSQLiteStorage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pandas as pd
    from feast.on_demand_feature_view import OnDemandFeatureView
    from feast.repo_config import RepoConfig
    from feast.saved_dataset import SavedDatasetStorage, ValidationReference


class SQLiteRetrievalJob(RetrievalJob):
    """A query over SQLite tables, run anew each time its result is asked for.

    Args:
        config: The repo's config.
        slices: Runs the query; gives its result slice by slice, at least one.
        metadata: What was asked for; None for pulls of a whole table.
        on_demand_feature_views: Views to compute from the result.
        full_feature_names: Whether columns are called `view__feature`.
        sql: Gives the one SELECT that says the same; None: there is none.
    """

    def __init__(  # noqa: PLR0913  what a job is made of
        self,
        config: RepoConfig,
        slices: Callable[[], Iterator[pa.Table]],
        *,
        metadata: RetrievalMetadata | None = None,
        on_demand_feature_views: Sequence[OnDemandFeatureView] = (),
        full_feature_names: bool = False,
        sql: Callable[[], str] | None = None,
    ) -> None:
        super().__init__()
        self._config = config
        self._slices = slices
        self._metadata = metadata
        self._on_demand_feature_views = list(on_demand_feature_views)
        self._full_feature_names = full_feature_names
        self._sql = sql

    @property
    def full_feature_names(self) -> bool:
        """Whether columns are called `view__feature`."""
        return self._full_feature_names

    @property
    def on_demand_feature_views(self) -> list[OnDemandFeatureView]:
        """The views that Feast computes from the result."""
        return self._on_demand_feature_views

    @property
    def metadata(self) -> RetrievalMetadata | None:
        """What was asked for."""
        return self._metadata

    def slices(self) -> Iterator[pa.Table]:
        """Run the query and yield its result slice by slice, on-demand features included.

        There is at least one slice, maybe an empty one. The file is open as long as the iterator.
        All columns but the on-demand features have one type in all slices; Feast takes the types of
        those from the values, here of the slice.
        """
        return map(self._with_on_demand, self._slices())

    def to_arrow(
        self,
        validation_reference: ValidationReference | None = None,
        timeout: int | None = None,
    ) -> pa.Table:
        """Run the query and return its result, on-demand features included.

        On-demand functions see some thousand rows at a time; see `with_on_demand`.

        Args:
            validation_reference: A profile that the result must meet.
            timeout: How many seconds it may take; None: as long as it takes.

        Raises:
            ValidationFailed: The result does not meet the profile.
            QueryTimeoutError: It took longer than the timeout.
            OfflineStoreError: A file, table or column is not there or cannot be read.
        """
        return _WithOnDemand(self).to_arrow(validation_reference, timeout)

    def to_df(
        self,
        validation_reference: ValidationReference | None = None,
        timeout: int | None = None,
    ) -> pd.DataFrame:
        """Run the query and return its result as a DataFrame of its own; see `to_arrow`."""
        return _frame([self.to_arrow(validation_reference, timeout)])

    def whole(self, timeout: int | None = None) -> pa.Table:
        """Run the query and return its result, on-demand features included, unvalidated."""
        with deadline(timeout):
            return self._with_on_demand(self._to_arrow_internal())

    def _with_on_demand(self, table: pa.Table) -> pa.Table:
        return with_on_demand(
            table,
            self._on_demand_feature_views,
            self._metadata.features if self._metadata else (),
            full_feature_names=self._full_feature_names,
        )

    def to_sql(self) -> str:
        """Return one SELECT over the job's file that gives its rows, on-demand features left out.

        It needs nothing but the file, and gives values as they are stored (instants are integers).

        Raises:
            UnsupportedError: There is none; the message says why and what to do.
            OfflineStoreError: The file or a table is not there or cannot be read.
        """
        if self._sql is None:
            raise UnsupportedError(
                "no single SELECT gives this job's rows; keep them with persist and select from "
                "that table"
            )
        return self._sql()

    def to_remote_storage(self) -> list[str]:
        """Refuse: the result is on this machine.

        Raises:
            UnsupportedError: Always.
        """
        raise UnsupportedError(
            "the SQLite offline store exports to no remote storage; write the result to a file, "
            "slice by slice (slices), or keep it in a table (persist)"
        )

    def _to_arrow_internal(self, timeout: int | None = None) -> pa.Table:
        with deadline(timeout):
            return pa.concat_tables(watched(self._slices()))

    def _to_df_internal(self, timeout: int | None = None) -> pd.DataFrame:
        return _frame([self._to_arrow_internal(timeout=timeout)])

    def persist(
        self,
        storage: SavedDatasetStorage,
        allow_overwrite: bool | None = False,  # noqa: FBT001, FBT002  Feast's signature
        timeout: int | None = None,
    ) -> None:
        """Run the query and keep its result, on-demand features included, in a table.

        Args:
            storage: The table.
            allow_overwrite: Whether a table of that name may be replaced.
            timeout: How many seconds it may take; None: as long as it takes.

        Raises:
            SavedDatasetLocationAlreadyExists: The table exists and may not be replaced.
            SourceError: The storage is of another store.
            QueryTimeoutError: It took longer than the timeout; nothing was written.
        """
        if not isinstance(storage, SavedDatasetSQLiteStorage):
            raise SourceError(
                f"the SQLite offline store cannot write to a {type(storage).__name__}; give a "
                f"SavedDatasetSQLiteStorage"
            )
        path = database_path(self._config, storage.path)
        patience = store_config(self._config).busy_timeout_seconds
        target = ResultTable(path, storage.table, bool(allow_overwrite), patience)
        with deadline(timeout):
            target.write(watched(self.slices()), self._metadata.keys if self._metadata else None)


class _WithOnDemand(RetrievalJob):
    """A job as Feast's `to_arrow` is to see it: with its on-demand features, and none to add.

    So Feast still counts, logs and validates, but computes nothing over the whole table.
    """

    def __init__(self, job: SQLiteRetrievalJob) -> None:
        super().__init__()
        self._job = job

    @property
    def full_feature_names(self) -> bool:
        return self._job.full_feature_names

    @property
    def on_demand_feature_views(self) -> list[OnDemandFeatureView]:
        return []

    @property
    def metadata(self) -> RetrievalMetadata | None:
        return self._job.metadata

    def _to_arrow_internal(self, timeout: int | None = None) -> pa.Table:
        return self._job.whole(timeout)


def _frame(only: list[pa.Table]) -> pd.DataFrame:
    """Return a table as a DataFrame, and free its columns on the way.

    Args:
        only: The table, in a list that gives it up: nothing else may hold it.
    """
    frame: pd.DataFrame = only.pop().to_pandas(self_destruct=True)
    return frame
