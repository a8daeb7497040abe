"""A Feast repo as a user writes it: a yaml, a file of definitions, and tables."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import parquet
from support.sqlite_repo import KEY, NOON

from oo_stores.sqlite import write_table

if TYPE_CHECKING:
    from pathlib import Path

YAML = """
project: shop
provider: local
registry: data/registry.db
online_store: {type: sqlite, path: data/online.db}
offline_store: {type: oo_stores.sqlite.SQLiteOfflineStore, path: data/features.db}
entity_key_serialization_version: 3
"""

DEFINITIONS = """
from datetime import timedelta

from feast import Entity, FeatureService, FeatureView, Field, FileSource, PushSource, RequestSource
from feast.feature_logging import LoggingConfig
from feast.on_demand_feature_view import on_demand_feature_view
from feast.types import Float64
from feast.value_type import ValueType

from oo_stores.sqlite import SQLiteLoggingDestination, SQLiteSource

user = Entity(name="user", join_keys=["user_id"], value_type=ValueType.STRING)
score = SQLiteSource(
    table="score",
    timestamp_field="event_timestamp",
    created_timestamp_column="created_timestamp",
    owner="us",
)
# No schema: `feast apply` reads it from the table.
scores = FeatureView(name="scores", entities=[user], source=score, ttl=timedelta(days=30))
pushed = PushSource(name="pushed", batch_source=score)
served = SQLiteSource(name="saved", table="saved", timestamp_field="event_timestamp")
# Another store's source, which this one leaves alone.
visits = FeatureView(
    name="visits",
    entities=[user],
    source=FileSource(name="visit", path="data/visit.parquet", timestamp_field="event_timestamp"),
)
asked = RequestSource(name="asked", schema=[Field(name="factor", dtype=Float64)])


@on_demand_feature_view(
    sources=[scores, asked], schema=[Field(name="scaled", dtype=Float64)], mode="python"
)
def scaled(inputs):
    pairs = zip(inputs["score"], inputs["factor"])
    return {"scaled": [None if s is None else s * factor for s, factor in pairs]}


service = FeatureService(
    name="served",
    features=[scores],
    logging_config=LoggingConfig(destination=SQLiteLoggingDestination(table="served")),
)
"""


def write_stock_repo(folder: Path) -> None:
    """Write the repo, with one row a day and user from NOON on, for three days and two users."""
    (folder / "data").mkdir(parents=True)
    (folder / "feature_store.yaml").write_text(YAML, encoding="utf-8")
    (folder / "definitions.py").write_text(DEFINITIONS, encoding="utf-8")
    days = [NOON + timedelta(days=number) for number in range(3) for _ in "ab"]
    instants = pa.array(days, pa.timestamp("us", tz="UTC"))
    rows = pa.table(
        {
            "user_id": ["a", "b"] * 3,
            "event_timestamp": instants,
            "created_timestamp": instants,
            "score": [1.0, 2.0, 3.0, 4.0, 5.0, None],
            "recent": [[1, 2], [], None, [3], [4], [5]],
        }
    )
    write_table(folder / "data" / "features.db", "score", rows, KEY)
    visits = rows.select(["user_id", "event_timestamp"]).append_column("pages", [[1] * 6])
    parquet.write_table(visits, folder / "data" / "visit.parquet")
