"""Metrics of a data source: its rows of a time range, and the newest of its events."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from oo_stores.errors import DatabaseMissingError, TableMissingError
from oo_stores.sqlite.config import database_path, store_config
from oo_stores.sqlite.connection import reader
from oo_stores.sqlite.monitoring.column_metrics import column_metrics, measurable
from oo_stores.sqlite.monitoring.column_spool import spooled
from oo_stores.sqlite.monitoring.newest_event import newest_event
from oo_stores.sqlite.retrieval.pull import all_rows
from oo_stores.sqlite.retrieval.pull_job import pull_job
from oo_stores.sqlite.retrieval.view_joins import batch_source
from oo_stores.sqlite.source import stored_name
from oo_stores.sqlite.tables.seek import SeekColumns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from feast.data_source import DataSource
    from feast.repo_config import RepoConfig

    from oo_stores.sqlite.monitoring.column_metrics import HistogramSizes
    from oo_stores.sqlite.monitoring.metric_tables import Metrics
    from oo_stores.sqlite.retrieval.pull import Pull
    from oo_stores.sqlite.source import SQLiteSource

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MonitoredSource:
    """A source as monitoring reads it.

    Attributes:
        config: The repo's config.
        source: The source, or a push source over it.
        timestamp: The column of event times, by its mapped or its raw name.
    """

    config: RepoConfig
    source: DataSource
    timestamp: str

    def metrics(
        self,
        features: Sequence[tuple[str, str]],
        ends: tuple[datetime | None, datetime | None],
        sizes: HistogramSizes,
    ) -> list[Metrics]:
        """Return the metrics of features, in their order.

        A feature whose column is missing is left out, with a warning. A file or table that is not
        there yet has no metrics, with a warning too.

        Args:
            features: Name, mapped or raw, and type (`numeric` or `categorical`) of each.
            ends: First and last event time, both inclusive; None: no such end.
            sizes: How much a histogram tells.

        Raises:
            SourceError: The source is of another store.
            OfflineStoreError: The file cannot be read.
        """
        table = self._columns()
        columns = self._measured(features, table)
        if not columns:
            return []
        names = list(dict.fromkeys(columns.values()))
        parts = self._slices(all_rows, names, table, ends)
        with spooled(measurable(part, names) for part in parts) as rows:
            return [
                column_metrics(feature, kind, rows, columns[feature], sizes)
                for feature, kind in features
                if feature in columns
            ]

    def newest(self) -> datetime | None:
        """Return the newest event time, aware and in UTC; None if there is no row or no table.

        It is rounded up to microseconds, so that a range which ends there has all rows.
        """
        table = self._columns()
        if not table:
            return None
        (part,) = self._slices(newest_event, (self.timestamp,), table)
        newest = part.column(0)[0]
        if not newest.is_valid:
            return None
        rounded = pc.ceil_temporal(newest, unit="microsecond").cast(pa.timestamp("us", tz="UTC"))
        instant: datetime = rounded.as_py()
        return instant.astimezone(UTC)

    def _slices(
        self,
        read: Callable[[Pull, float], Iterator[pa.Table]],
        names: Sequence[str],
        table: Sequence[str],
        ends: tuple[datetime | None, datetime | None] = (None, None),
    ) -> Iterator[pa.Table]:
        columns = SeekColumns((), self._stored(self.timestamp, table), None)
        return pull_job(self.config, self.source, columns, names, ends, read).slices()

    def _columns(self) -> Sequence[str]:
        """Return the columns of what the source reads; none, with a warning, if it is not there."""
        source = self._batch_source
        path = database_path(self.config, source.path)
        patience = store_config(self.config).busy_timeout_seconds
        try:
            with reader(path, busy_timeout_seconds=patience) as connection:
                return list(source.relation().declared(connection, path).columns)
        except (DatabaseMissingError, TableMissingError) as error:
            _logger.warning("%s has nothing to monitor yet: %s", source.name, error)
            return []

    def _measured(
        self, features: Sequence[tuple[str, str]], table: Sequence[str]
    ) -> Mapping[str, str]:
        """Return what the table calls the features, those left out that it lacks."""
        columns = {feature: self._stored(feature, table) for feature, _ in features}
        lacking = [feature for feature, column in columns.items() if column not in table]
        if table and lacking:
            _logger.warning(
                "%s has no columns for %s, which are not monitored; it has: %s",
                self._batch_source.name,
                ", ".join(lacking),
                ", ".join(table),
            )
        return {feature: column for feature, column in columns.items() if feature not in lacking}

    def _stored(self, name: str, table: Sequence[str]) -> str:
        return stored_name(name, self._batch_source.field_mapping, table)

    @property
    def _batch_source(self) -> SQLiteSource:
        return batch_source(self.source, f"the monitoring of {self.source.name!r}")
