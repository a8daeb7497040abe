"""A feature service whose served values are logged to SQLite."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
from feast import FeatureService
from feast.feature_logging import FeatureServiceLoggingSource, LoggingConfig
from support.sqlite_repo import NOON

from oo_stores.sqlite import SQLiteLoggingDestination

if TYPE_CHECKING:
    from feast import FeatureStore, FeatureView
    from feast.infra.offline_stores.offline_store import RetrievalJob

PRESENT, NOT_FOUND = 1, 2  # Feast's statuses of a served value
DAY = timedelta(days=1)


def logged_service(
    *views: FeatureView, table: str = "served", path: str | None = None
) -> FeatureService:
    """Return a service over these views, logged to a table."""
    destination = SQLiteLoggingDestination(table=table, path=path)
    return FeatureService(
        name="served", features=list(views), logging_config=LoggingConfig(destination=destination)
    )


def log_schema(store: FeatureStore) -> pa.Schema:
    """Return the columns that Feast logs for the service, in its order."""
    source = FeatureServiceLoggingSource(store.get_feature_service("served"), store.project)
    return source.get_schema(store.registry)


def served_logs(schema: pa.Schema, count: int, at: datetime = NOON) -> pa.Table:
    """Return logs as a feature server writes them, a second apart; every other value is missing."""
    return pa.table(
        {field.name: pa.array(_column(field, count, at), field.type) for field in schema}
    )


def _column(field: pa.Field, count: int, at: datetime) -> list[object]:
    name = str(field.name)
    system: dict[str, list[object]] = {
        "__request_id": [f"{at.timestamp():.0f}-{number}" for number in range(count)],
        "__log_date": [at.date()] * count,
        "__log_timestamp": [at + timedelta(seconds=number) for number in range(count)],
    }
    if name in system:
        return system[name]
    if name.endswith("__status"):
        return [NOT_FOUND if number % 2 else PRESENT for number in range(count)]
    if name.endswith("__timestamp"):
        return [datetime(2024, 1, 1, tzinfo=UTC)] * count
    return [None if number % 2 else _value(field.type, number) for number in range(count)]


def _value(kind: pa.DataType, number: int) -> object:
    if pa.types.is_list(kind):
        return [_value(kind.value_type, number)]
    return f"text {number}" if pa.types.is_string(kind) else number


def logs_between(store: FeatureStore, start: datetime, end: datetime) -> RetrievalJob:
    """Return Feast's own job that reads a service's logs of a time range."""
    # The only way to the logs that does not also validate them.
    return store._get_provider().retrieve_feature_service_logs(  # noqa: SLF001
        feature_service=store.get_feature_service("served"),
        start_date=start,
        end_date=end,
        config=store.config,
        registry=store.registry,
    )
