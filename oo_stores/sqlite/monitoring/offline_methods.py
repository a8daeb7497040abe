"""The part of Feast's offline store that its monitoring calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from feast.infra.offline_stores.offline_store import OfflineStore

from oo_stores.sqlite.monitoring.column_metrics import HistogramSizes
from oo_stores.sqlite.monitoring.source_metrics import MonitoredSource
from oo_stores.sqlite.monitoring.storage import MetricStorage

if TYPE_CHECKING:
    from datetime import date, datetime

    from feast.data_source import DataSource
    from feast.repo_config import RepoConfig

    from oo_stores.sqlite.monitoring.metric_tables import Metrics


class SQLiteMonitoring(OfflineStore):
    """What `feast monitor run` and the monitoring page of `feast ui` need of an offline store."""

    @staticmethod
    def compute_monitoring_metrics(  # noqa: PLR0913, PLR0917  Feast's signature
        config: RepoConfig,
        data_source: DataSource,
        feature_columns: list[tuple[str, str]],
        timestamp_field: str,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        histogram_bins: int = 20,
        top_n: int = 10,
    ) -> list[Metrics]:
        """Return metrics of features over the rows of a range, in the order of the features.

        Rows are read once, into a temporary file; then memory is that of one column at a time, and
        of the distinct values of a categorical one. Lists are measured by their lengths.

        Args:
            config: The repo's config.
            data_source: The table's source.
            feature_columns: Name and type of each feature, `numeric` or `categorical`.
            timestamp_field: The column of event times.
            start_date: The first event time, inclusive; None: no lower end.
            end_date: The last event time, inclusive; None: no upper end.
            histogram_bins: How many bins a histogram of numbers has.
            top_n: How many values a histogram of categories names.

        Raises:
            SourceError: The source is of another store, or there is to be no bin or no value.
            OfflineStoreError: The file cannot be read.
        """
        return MonitoredSource(config, data_source, timestamp_field).metrics(
            feature_columns, (start_date, end_date), HistogramSizes(histogram_bins, top_n)
        )

    @staticmethod
    def get_monitoring_max_timestamp(
        config: RepoConfig, data_source: DataSource, timestamp_field: str
    ) -> datetime | None:
        """Return the newest event time, aware and in UTC; None if there is no row or no table."""
        return MonitoredSource(config, data_source, timestamp_field).newest()

    @staticmethod
    def ensure_monitoring_tables(config: RepoConfig) -> None:
        """Make the tables of metrics in the offline store's file, if they are not there."""
        MetricStorage.of(config).ensure()

    @staticmethod
    def save_monitoring_metrics(
        config: RepoConfig, metric_type: str, metrics: list[Metrics]
    ) -> None:
        """Write metrics, all of them or none; each row replaces the earlier one of its key.

        Args:
            config: The repo's config.
            metric_type: `feature`, `feature_view`, `feature_service` or `job`.
            metrics: Rows by Feast's column names.

        Raises:
            SourceError: There is no such type, or a row lacks a part of its key.
        """
        MetricStorage.of(config).save(metric_type, metrics)

    @staticmethod
    def query_monitoring_metrics(  # noqa: PLR0913, PLR0917  Feast's signature
        config: RepoConfig,
        project: str,
        metric_type: str,
        filters: dict[str, Any] | None = None,
        start_date: date | None = None,
        end_date: date | None = None,
    ) -> list[Metrics]:
        """Return metrics in the order of their dates; dates and instants are ISO-8601 texts.

        Args:
            config: The repo's config.
            project: The project; empty: all.
            metric_type: `feature`, `feature_view`, `feature_service` or `job`.
            filters: Values by column; None: any.
            start_date: The first metric date, inclusive; None: no lower end.
            end_date: The last metric date, inclusive; None: no upper end.

        Raises:
            SourceError: There is no such type, or a filter names no column.
        """
        equal = {"project_id": project or None, **(filters or {})}
        return MetricStorage.of(config).query(metric_type, equal, start_date, end_date)

    @staticmethod
    def clear_monitoring_baseline(
        config: RepoConfig,
        project: str,
        feature_view_name: str | None = None,
        feature_name: str | None = None,
        data_source_type: str | None = None,
    ) -> None:
        """Take the mark of a baseline from metrics of features; None: of all of them."""
        equal = {
            "project_id": project,
            "feature_view_name": feature_view_name,
            "feature_name": feature_name,
            "data_source_type": data_source_type,
        }
        MetricStorage.of(config).clear_baseline(equal)
