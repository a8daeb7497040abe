"""Where monitoring metrics are kept: tables of the offline store's own file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from feast.monitoring.monitoring_utils import normalize_monitoring_row

from oo_stores.sqlite.config import database_path, store_config
from oo_stores.sqlite.connection import quoted, reader, writer
from oo_stores.sqlite.monitoring.metric_tables import FEATURE, METRIC_TYPES, cell, metric_table
from oo_stores.sqlite.tables.table_schema import TableSchema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from feast.repo_config import RepoConfig

    from oo_stores.sqlite.monitoring.metric_tables import Metrics
    from oo_stores.sqlite.values.codec import Stored


@dataclass(frozen=True, slots=True)
class MetricStorage:
    """The monitoring metrics of one database file.

    Attributes:
        path: The file.
        busy_timeout_seconds: How long to wait for another writer.
    """

    path: Path
    busy_timeout_seconds: float

    @classmethod
    def of(cls, config: RepoConfig) -> MetricStorage:
        """Return the storage of a repo: the offline store's file, wherever its sources are."""
        return cls(database_path(config), store_config(config).busy_timeout_seconds)

    def ensure(self) -> None:
        """Make the tables that are not there.

        Where all are there nothing is written, so the pages of `feast ui` can be shown over a file
        that cannot be written.
        """
        if self._lacks(*METRIC_TYPES):
            with writer(self.path, busy_timeout_seconds=self.busy_timeout_seconds) as connection:
                for metric_type in METRIC_TYPES:
                    connection.execute(metric_table(metric_type).create_statement)

    def save(self, metric_type: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows, all of them or none; each replaces the earlier one of its key.

        Raises:
            SourceError: There is no such type, or a row lacks a part of its key.
        """
        table = metric_table(metric_type)
        stored = [table.cells(row) for row in rows]
        if stored:
            with writer(self.path, busy_timeout_seconds=self.busy_timeout_seconds) as connection:
                connection.execute(table.create_statement)
                connection.executemany(table.upsert_statement, stored)

    def query(
        self,
        metric_type: str,
        equal: Mapping[str, Any],
        start: date | None = None,
        end: date | None = None,
    ) -> list[Metrics]:
        """Return rows in the order of their dates, then of their keys; none if there is no table.

        Args:
            metric_type: One of `METRIC_TYPES`.
            equal: Values by column; None: any.
            start: The first metric date, inclusive; None: no lower end.
            end: The last metric date, inclusive; None: no upper end.

        Raises:
            SourceError: There is no such type, or a filter names no column of its table.
        """
        table = metric_table(metric_type)
        table.require(equal)
        if self._lacks(metric_type):
            return []
        conditions, values = _conditions(equal, start, end)
        columns = ", ".join(map(quoted, table.columns))
        order = ", ".join(map(quoted, ("metric_date", *table.key)))
        with reader(self.path, busy_timeout_seconds=self.busy_timeout_seconds) as connection:
            found = connection.execute(
                f"SELECT {columns} FROM main.{quoted(table.name)}"  # noqa: S608  quoted
                f" WHERE {conditions} ORDER BY {order}",
                values,
            ).fetchall()
        return [
            normalize_monitoring_row(dict(zip(table.columns, row, strict=True))) for row in found
        ]

    def clear_baseline(self, equal: Mapping[str, Any]) -> None:
        """Take the mark of a baseline from metrics of features; the metrics stay.

        Args:
            equal: Values by column; None: any.
        """
        if self._lacks(FEATURE):
            return
        conditions, values = _conditions({**equal, "is_baseline": True})
        with writer(self.path, busy_timeout_seconds=self.busy_timeout_seconds) as connection:
            connection.execute(
                f"UPDATE main.{quoted(metric_table(FEATURE).name)} SET is_baseline = 0"  # noqa: S608  quoted
                f" WHERE {conditions}",
                values,
            )

    def delete_before(self, project: str, data_source_type: str, first: date) -> int:
        """Delete metrics of features, views and services that are older than a day.

        Feast keeps them for ever. Jobs stay.

        Args:
            project: Of the metrics.
            data_source_type: `batch` or `log`.
            first: The first metric date that is kept.

        Returns:
            How many rows there were.
        """
        known = [metric_type for metric_type in METRIC_TYPES[:-1] if not self._lacks(metric_type)]
        values = (project, data_source_type, cell("metric_date", first))
        if not known:
            return 0
        with writer(self.path, busy_timeout_seconds=self.busy_timeout_seconds) as connection:
            return sum(
                connection.execute(
                    f"DELETE FROM main.{quoted(metric_table(metric_type).name)} "  # noqa: S608  quoted
                    "WHERE project_id = ? AND data_source_type = ? AND metric_date < ?",
                    values,
                ).rowcount
                for metric_type in known
            )

    def _lacks(self, *metric_types: str) -> bool:
        if not self.path.exists():
            return True
        with reader(self.path, busy_timeout_seconds=self.busy_timeout_seconds) as connection:
            return any(
                TableSchema.read(connection, metric_table(metric_type).name) is None
                for metric_type in metric_types
            )


def _conditions(
    equal: Mapping[str, Any], start: date | None = None, end: date | None = None
) -> tuple[str, list[Stored]]:
    """Return the SQL condition, and the values it binds."""
    tests = [(f"{quoted(name)} = ?", cell(name, value)) for name, value in equal.items()]
    tests.append(("metric_date >= ?", cell("metric_date", start)))
    tests.append(("metric_date <= ?", cell("metric_date", end)))
    used = [(test, value) for test, value in tests if value is not None]
    return " AND ".join(test for test, _ in used) or "TRUE", [value for _, value in used]
