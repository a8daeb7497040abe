"""Small Feast projects whose offline store is ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from feast import Entity, FeatureStore, FeatureView, Field, RepoConfig
from feast.types import FeastType, Float64, String
from feast.value_type import ValueType

from oo_stores.sqlite import SQLiteSource, write_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from feast.infra.offline_stores.offline_store import RetrievalJob, RetrievalMetadata

NOON = datetime(2024, 1, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)

DATABASE = "features.db"
KEY = ("user_id", "event_timestamp", "created_timestamp")
USER = Entity(name="user", join_keys=["user_id"], value_type=ValueType.STRING)

Row = tuple[str, datetime, datetime, float]
"""User, event time, created time, score."""


def project(folder: Path, **offline: object) -> FeatureStore:
    """Return a project without any definitions; its database is `features.db` in the folder."""
    return FeatureStore(
        config=RepoConfig(
            project="shop",
            provider="local",
            registry=str(folder / "registry.db"),
            online_store={"type": "sqlite", "path": str(folder / "online.db")},
            offline_store={
                "type": "oo_stores.sqlite.SQLiteOfflineStore",
                "path": DATABASE,
                **offline,
            },
            repo_path=folder,
        )
    )


def score_source(**changes: Any) -> SQLiteSource:  # noqa: ANN401  any of the source's arguments
    """Return the source of the table `score`."""
    arguments: dict[str, Any] = {
        "table": "score",
        "timestamp_field": "event_timestamp",
        "created_timestamp_column": "created_timestamp",
    }
    return SQLiteSource(**arguments | changes)


def score_view(source: SQLiteSource | None = None, **changes: Any) -> FeatureView:  # noqa: ANN401  any of the view's arguments
    """Return a view of one feature, `score`, of users."""
    arguments: dict[str, Any] = {
        "name": "scores",
        "entities": [USER],
        "schema": fields(user_id=String, score=Float64),
        "source": source or score_source(),
        "ttl": timedelta(0),
    }
    return FeatureView(**arguments | changes)


def fields(**types: FeastType) -> list[Field]:
    """Return a schema."""
    return [Field(name=name, dtype=dtype) for name, dtype in types.items()]


def score_rows(rows: Sequence[Row]) -> pa.Table:
    """Return rows as a table `score` holds them."""
    users, events, created, scores = zip(*rows, strict=True) if rows else ((), (), (), ())
    instant = pa.timestamp("us", tz="UTC")
    return pa.table(
        {
            "user_id": pa.array(users, pa.string()),
            "event_timestamp": pa.array(events, instant),
            "created_timestamp": pa.array(created, instant),
            "score": pa.array(scores, pa.float64()),
        }
    )


def write_scores(folder: Path, rows: Sequence[Row], key: Sequence[str] | None = KEY) -> None:
    """Write rows into the table `score` of the project's database."""
    write_table(folder / DATABASE, "score", score_rows(rows), key)


def scores_project(
    folder: Path,
    rows: Sequence[Row],
    key: Sequence[str] | None = KEY,
    **view: Any,  # noqa: ANN401  any of the view's arguments
) -> FeatureStore:
    """Return an applied project over the table `score` with these rows."""
    write_scores(folder, rows, key)
    store = project(folder)
    store.apply([USER, score_view(**view)])
    return store


def scores(store: FeatureStore, entity_rows: pd.DataFrame, **options: Any) -> list[float | None]:  # noqa: ANN401  any of Feast's options
    """Return the feature `score` of entity rows, None where there is none."""
    job = store.get_historical_features(entity_rows, features=["scores:score"], **options)
    found: list[float | None] = job.to_arrow().column("score").to_pylist()
    return found


def answer(job: Any) -> Mapping[str, list[Any]]:  # noqa: ANN401  Feast's base class has no types
    """Return a job's result, column by column."""
    columns: Mapping[str, list[Any]] = job.to_arrow().to_pydict()
    return columns


def asked_of(job: RetrievalJob) -> RetrievalMetadata:
    """Return what a job of historical features was asked for."""
    assert job.metadata is not None
    return job.metadata
