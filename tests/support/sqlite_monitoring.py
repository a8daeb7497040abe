"""A table of a shop's orders, and Feast's monitoring asked for its metrics."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from support.sqlite_repo import DATABASE, NOON, project

from oo_stores.sqlite import SQLiteOfflineStore, SQLiteSource, write_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

DAY = timedelta(days=1)
FEATURES = (
    ("price", "numeric"),
    ("items", "numeric"),
    ("city", "categorical"),
    ("paid", "categorical"),
    ("weights", "numeric"),
    ("words", "categorical"),
)
"""As Feast asks: lists by the type of their elements."""


def orders(count: int) -> pa.Table:
    """Return orders a day apart, the last at noon: numbers, categories, lists, a null in five."""
    numbers = range(count)
    instants = [NOON - DAY * (count - 1 - number) for number in numbers]
    columns: dict[str, tuple[list[Any], pa.DataType]] = {
        "price": ([number * 1.5 for number in numbers], pa.float64()),
        "items": ([number % 4 for number in numbers], pa.int64()),
        "city": ([("ulm", "bonn", "ulm")[number % 3] for number in numbers], pa.string()),
        "paid": ([number % 3 > 0 for number in numbers], pa.bool_()),
        "weights": ([[0.5] * (number % 3) for number in numbers], pa.list_(pa.float64())),
        "words": ([["so"] * (number % 2) for number in numbers], pa.list_(pa.string())),
    }
    return pa.table(
        {
            "user_id": pa.array([f"u{number}" for number in numbers], pa.string()),
            "event_timestamp": pa.array(instants, pa.timestamp("us", tz="UTC")),
            **{name: _with_nulls(values, kind) for name, (values, kind) in columns.items()},
        }
    )


def _with_nulls(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    return pa.array([None if n % 5 == 4 else value for n, value in enumerate(values)], kind)


def order_source(**changes: Any) -> SQLiteSource:  # noqa: ANN401  any of the source's arguments
    """Return the source of the table `orders`."""
    arguments: dict[str, Any] = {"table": "orders", "timestamp_field": "event_timestamp"}
    return SQLiteSource(**arguments | changes)


def metrics(
    folder: Path,
    features: Sequence[tuple[str, str]],
    source: SQLiteSource | None = None,
    ends: tuple[datetime | None, datetime | None] = (None, None),
) -> Mapping[str, Mapping[str, Any]]:
    """Return metrics of features by their names, as the store gives them to Feast."""
    found = SQLiteOfflineStore.compute_monitoring_metrics(
        project(folder).config,
        source or order_source(),
        list(features),
        "event_timestamp",
        *ends,
    )
    return {row["feature_name"]: row for row in found}


def write_column(folder: Path, values: pa.Array) -> None:
    """Write a table `orders` of one feature, `value`, beside the event time."""
    instants = pa.array([NOON] * len(values), pa.timestamp("us", tz="UTC"))
    write_table(
        folder / DATABASE, "orders", pa.table({"event_timestamp": instants, "value": values})
    )
