"""What a retrieval gives back: a query that has not run yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from feast.errors import SavedDatasetLocationAlreadyExists
from feast.infra.offline_stores.offline_store import RetrievalJob, RetrievalMetadata

from oo_stores.errors import SourceError
from oo_stores.sqlite.config import database_path, store_config
from oo_stores.sqlite.connection import quoted, writer
from oo_stores.sqlite.saved_dataset import SavedDatasetSQLiteStorage
from oo_stores.sqlite.table_schema import TableSchema
from oo_stores.sqlite.table_writer import create_table, insert_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pandas as pd
    from feast.on_demand_feature_view import OnDemandFeatureView
    from feast.repo_config import RepoConfig
    from feast.saved_dataset import SavedDatasetStorage


class SQLiteRetrievalJob(RetrievalJob):
    """A query over SQLite tables, run anew each time its result is asked for.

    Args:
        config: The repo's config.
        slices: Runs the query; gives its result slice by slice, at least one.
        metadata: What was asked for; None for pulls of a whole table.
        on_demand_feature_views: Views to compute from the result.
        full_feature_names: Whether columns are called `view__feature`.
    """

    def __init__(
        self,
        config: RepoConfig,
        slices: Callable[[], Iterator[pa.Table]],
        *,
        metadata: RetrievalMetadata | None = None,
        on_demand_feature_views: Sequence[OnDemandFeatureView] = (),
        full_feature_names: bool = False,
    ) -> None:
        super().__init__()
        self._config = config
        self._slices = slices
        self._metadata = metadata
        self._on_demand_feature_views = list(on_demand_feature_views)
        self._full_feature_names = full_feature_names

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
        """Run the query and yield its result slice by slice, on-demand features left out.

        There is at least one slice, maybe an empty one. The file is open as long as the iterator.
        """
        return self._slices()

    def _to_arrow_internal(self, timeout: int | None = None) -> pa.Table:  # noqa: ARG002  no server
        return pa.concat_tables(self._slices())

    def _to_df_internal(self, timeout: int | None = None) -> pd.DataFrame:
        frame: pd.DataFrame = self._to_arrow_internal(timeout=timeout).to_pandas()
        return frame

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
            timeout: Passed on to the query.

        Raises:
            SavedDatasetLocationAlreadyExists: The table exists and may not be replaced.
            SourceError: The storage is of another store.
        """
        if not isinstance(storage, SavedDatasetSQLiteStorage):
            raise SourceError(
                f"the SQLite offline store cannot write to a {type(storage).__name__}; give a "
                f"SavedDatasetSQLiteStorage"
            )
        path = database_path(self._config, storage.path)
        patience = store_config(self._config).busy_timeout_seconds
        result = self.to_arrow(timeout=timeout)
        with writer(path, busy_timeout_seconds=patience) as connection:
            if TableSchema.read(connection, storage.table) is not None:
                if not allow_overwrite:
                    raise SavedDatasetLocationAlreadyExists(f"{storage.table} in {path}")
                connection.execute(f"DROP TABLE {quoted(storage.table)}")
            create_table(connection, storage.table, result)
            schema = TableSchema.require(connection, storage.table, path)
            insert_rows(connection, schema, result)
