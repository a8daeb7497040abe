"""A Feast repo as a user writes it, with monitoring switched on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from support.sqlite_monitoring import DAY, orders
from support.sqlite_repo import NOON

from oo_stores.sqlite import write_table

if TYPE_CHECKING:
    from pathlib import Path

ORDERS = 40
LOGS = 6

YAML = """
project: shop
provider: local
registry: data/registry.db
online_store: {type: sqlite, path: data/online.db}
offline_store: {type: oo_stores.sqlite.SQLiteOfflineStore, path: data/features.db}
entity_key_serialization_version: 3
data_quality_monitoring: {auto_baseline: false}
"""

DEFINITIONS = """
from feast import Entity, FeatureService, FeatureView, Field
from feast.feature_logging import LoggingConfig
from feast.types import Array, Bool, Float64, Int64, String
from feast.value_type import ValueType

from oo_stores.sqlite import SQLiteLoggingDestination, SQLiteSource

user = Entity(name="user", join_keys=["user_id"], value_type=ValueType.STRING)
schema = [
    Field(name="user_id", dtype=String),
    Field(name="price", dtype=Float64),
    Field(name="items", dtype=Int64),
    Field(name="city", dtype=String),
    Field(name="paid", dtype=Bool),
    Field(name="weights", dtype=Array(Float64)),
    Field(name="words", dtype=Array(String)),
]
orders = FeatureView(
    name="orders",
    entities=[user],
    schema=schema,
    source=SQLiteSource(table="orders", timestamp_field="event_timestamp"),
)
refunds = FeatureView(
    name="refunds",
    entities=[user],
    schema=schema[:2],
    source=SQLiteSource(table="refunds", timestamp_field="event_timestamp"),
)
service = FeatureService(
    name="checkout",
    features=[orders[["price", "city"]]],
    logging_config=LoggingConfig(destination=SQLiteLoggingDestination(table="served")),
)
"""


def write_monitored_repo(folder: Path) -> None:
    """Write the repo with orders and logs; the table of refunds is not there yet."""
    (folder / "data").mkdir(parents=True)
    (folder / "feature_store.yaml").write_text(YAML, encoding="utf-8")
    (folder / "definitions.py").write_text(DEFINITIONS, encoding="utf-8")
    write_table(folder / "data" / "features.db", "orders", orders(ORDERS))
    write_table(folder / "data" / "features.db", "served", _logs())


def _logs() -> pa.Table:
    """Return logs of the service, a day apart, the last at noon."""
    instants = [NOON - DAY * number for number in range(LOGS)]
    return pa.table(
        {
            "user_id": pa.array([f"u{number}" for number in range(LOGS)]),
            "orders__price": pa.array([float(number) for number in range(LOGS)]),
            "orders__city": pa.array(["ulm"] * LOGS),
            "__log_timestamp": pa.array(instants, pa.timestamp("us", tz="UTC")),
        }
    )
