"""The tables that hold monitoring metrics: Feast's columns and keys, SQLite's cells."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from feast.monitoring.monitoring_utils import monitoring_table_meta

from oo_stores.errors import SourceError
from oo_stores.sqlite import types
from oo_stores.sqlite.connection import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oo_stores.sqlite.values.codec import Stored

Metrics: TypeAlias = dict[str, Any]
"""A row of metrics, or a job, as Feast passes it around: by Feast's column names."""

METRIC_TYPES: Final = ("feature", "feature_view", "feature_service", "job")
"""What Feast keeps. It does not document the fourth, which the pages of `feast ui` need."""

FEATURE: Final = METRIC_TYPES[0]

# Instants and dates are ISO-8601 texts, as Feast gives them back; histograms are JSON.
_DECLARED: Final = {
    **dict.fromkeys(("row_count", "null_count", "total_row_count"), types.BIGINT),
    **dict.fromkeys(("total_features", "total_feature_views", "features_with_nulls"), types.BIGINT),
    **dict.fromkeys(("null_rate", "avg_null_rate", "max_null_rate"), types.DOUBLE),
    **dict.fromkeys(("mean", "stddev", "min_val", "max_val"), types.DOUBLE),
    **dict.fromkeys(("p50", "p75", "p90", "p95", "p99"), types.DOUBLE),
    "is_baseline": types.BOOLEAN,
}


@dataclass(frozen=True, slots=True)
class MetricTable:
    """One of the four tables.

    Attributes:
        name: The table's name, as in Feast's other stores.
        columns: Its columns, in Feast's order.
        key: The columns that tell a row from another; a row of the same key replaces it.
    """

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]

    @property
    def create_statement(self) -> str:
        """The SQL that makes the table, if it is not there."""
        columns = [
            f"{quoted(name)} {_DECLARED.get(name, types.TEXT)}"
            f"{' NOT NULL' if name in self.key else ''}"
            for name in self.columns
        ]
        key = ", ".join(map(quoted, self.key))
        return (
            f"CREATE TABLE IF NOT EXISTS main.{quoted(self.name)}"
            f" ({', '.join(columns)}, PRIMARY KEY ({key})) WITHOUT ROWID"
        )

    @property
    def upsert_statement(self) -> str:
        """The SQL that writes a row of cells, in place of the one of its key."""
        holes = ", ".join("?" * len(self.columns))
        return f"INSERT OR REPLACE INTO main.{quoted(self.name)} VALUES ({holes})"  # noqa: S608  quoted

    def cells(self, metrics: Mapping[str, Any]) -> tuple[Stored, ...]:
        """Return a row as it is stored; what it lacks is null, what no column takes is left out.

        Raises:
            SourceError: It lacks a part of its key.
        """
        if lacking := [name for name in self.key if metrics.get(name) is None]:
            raise SourceError(
                f"a row of {self.name} lacks {', '.join(lacking)}; its key is "
                f"{', '.join(self.key)}, and each of them is needed"
            )
        return tuple(cell(name, metrics.get(name)) for name in self.columns)

    def require(self, names: Mapping[str, Any]) -> None:
        """Check that names to filter by are columns.

        Raises:
            SourceError: One of them is not; the message lists those there are.
        """
        if unknown := sorted(set(names) - set(self.columns)):
            raise SourceError(
                f"{self.name} cannot be filtered by {', '.join(unknown)}; it has: "
                f"{', '.join(self.columns)}"
            )


def metric_table(metric_type: str) -> MetricTable:
    """Return the table of a metric type.

    Raises:
        SourceError: Feast has no such type.

    >>> metric_table("job").key
    ('job_id',)
    """
    if metric_type not in METRIC_TYPES:
        raise SourceError(
            f"there are no monitoring metrics of type {metric_type!r}; the types are "
            f"{', '.join(METRIC_TYPES)}"
        )
    name, columns, key = monitoring_table_meta(metric_type)
    return MetricTable(name, tuple(columns), tuple(key))


def cell(name: str, value: Any) -> Stored:  # noqa: ANN401  whatever Feast computes
    """Return a value as its column holds it; a naive instant is UTC.

    >>> cell("metric_date", datetime(2024, 1, 2, 3, tzinfo=UTC)), cell("is_baseline", True)
    ('2024-01-02', 1)
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, datetime) and name != "metric_date":
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return value.isoformat()[: len("2024-01-02")]
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, dict | list):
        return json.dumps(value)
    stored: Stored = value
    return stored
