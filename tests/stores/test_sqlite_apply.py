"""What `feast apply` asks of a source: to survive the registry, to be valid, to have a schema."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pandas as pd
import pytest
import yaml
from feast import Entity
from feast.data_source import DataSource
from feast.types import Float64
from feast.value_type import ValueType
from support.sqlite_repo import (
    DATABASE,
    NOON,
    USER,
    fields,
    project,
    score_source,
    score_view,
    scores,
    write_scores,
)

from oo_stores.errors import ColumnMissingError, SourceError, TableMissingError, ValueTypeError
from oo_stores.sqlite import SQLiteOfflineStoreConfig, SQLiteSource

if TYPE_CHECKING:
    from pathlib import Path

    from feast.feature_view import FeatureView

ASKED = pd.DataFrame({"user_id": ["a"], "event_timestamp": [NOON]})


def test_a_source_survives_the_registry() -> None:
    """Every argument of a source comes back from its registry entry."""
    source = SQLiteSource(
        table="score",
        name="scores of users",
        path="${ELSEWHERE:-other.db}",
        timestamp_field="ts",
        created_timestamp_column="made",
        field_mapping={"v": "score"},
        description="what users scored",
        tags={"source": "app"},
        owner="someone@example.org",
    )
    back = DataSource.from_proto(source.to_proto())
    assert back == source
    assert (back.table, back.path, back.field_mapping) == (
        source.table,
        source.path,
        {"v": "score"},
    )
    assert (back.description, back.tags, back.owner) == (
        source.description,
        source.tags,
        source.owner,
    )
    assert back != SQLiteSource(table="score", name=source.name, timestamp_field="ts")


def test_a_source_needs_a_timestamp_field() -> None:
    """Feast cannot infer it for a plugin's source, so it is asked for at once."""
    with pytest.raises(SourceError, match="'score' has no timestamp_field"):
        SQLiteSource(table="score")
    with pytest.raises(SourceError, match="needs a table"):
        SQLiteSource(timestamp_field="ts")


def test_a_sources_name_and_table_stand_in_for_each_other() -> None:
    """Either is enough."""
    by_table = SQLiteSource(table="score", timestamp_field="ts")
    by_name = SQLiteSource(name="score", timestamp_field="ts")
    assert by_table == by_name
    assert (by_name.table, by_table.name) == ("score", "score")


def test_the_schema_is_inferred_from_a_table(tmp_path: Path) -> None:
    """A view without a schema gets the table's columns, under their mapped names."""
    write_scores(tmp_path, [("a", NOON, NOON, 1.0)])
    store = project(tmp_path)
    source = score_source(field_mapping={"score": "points"})
    store.apply([USER, score_view(source, schema=None)])
    view = store.get_feature_view("scores")
    assert [(field.name, field.dtype.to_value_type()) for field in view.features] == [
        ("points", ValueType.DOUBLE)
    ]


def test_a_schema_cannot_be_inferred_from_nothing(tmp_path: Path) -> None:
    """Without a table and schema, apply says which table it misses; nothing is applied."""
    write_scores(tmp_path, [])
    store = project(tmp_path)
    with pytest.raises(TableMissingError, match="no table 'mood'; it has: score"):
        store.apply([USER, score_view(score_source(table="mood"), schema=None)])
    assert store.list_feature_views() == []


def test_columns_and_types_go_by_the_tables_names(tmp_path: Path) -> None:
    """Raw names come back with their declared types; a column that nobody can write is left out."""
    write_scores(tmp_path, [("a", NOON, NOON, 1.0)])
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("ALTER TABLE score ADD COLUMN twice AS (score * 2)")
    columns = score_source().get_table_column_names_and_types(project(tmp_path).config)
    assert list(columns) == [
        ("user_id", "TEXT"),
        ("event_timestamp", "TIMESTAMP_US"),
        ("created_timestamp", "TIMESTAMP_US"),
        ("score", "DOUBLE"),
    ]


def test_validation_accepts_what_is_not_there_yet(tmp_path: Path) -> None:
    """Neither a missing file nor a missing table is an error, and no file is made."""
    config = project(tmp_path).config
    score_source().validate(config)
    assert not (tmp_path / DATABASE).exists()
    write_scores(tmp_path, [])
    score_source(table="mood").validate(config)


def test_a_missing_table_is_told_once_there_is_a_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A fresh clone hears nothing; beside other tables the one that is missing may be a slip."""
    (tmp_path / "repo").mkdir()
    config = project(tmp_path / "repo", path=f"../{DATABASE}").config
    caplog.set_level("INFO", "oo_stores")
    score_source(table="mood").validate(config)
    assert caplog.messages == []
    write_scores(tmp_path, [])
    score_source(table="mood").validate(config)
    assert caplog.messages == [
        f"{tmp_path / DATABASE} has no table 'mood' yet; it is read once it is there"
    ]


def test_validation_refuses_columns_that_make_no_sense(tmp_path: Path) -> None:
    """A missing column, or one that does not say how instants are stored, is named."""
    config = project(tmp_path).config
    write_scores(tmp_path, [("a", NOON, NOON, 1.0)])
    with pytest.raises(
        ColumnMissingError, match="no column 'ts'; it has: user_id, event_timestamp"
    ):
        score_source(timestamp_field="ts").validate(config)
    with pytest.raises(ValueTypeError, match=r"'score' \(declared 'DOUBLE'\).*TIMESTAMP_US"):
        score_source(timestamp_field="score").validate(config)


def test_a_source_may_have_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source's path beats the store's, and is resolved from the environment at each use."""
    write_scores(tmp_path, [("a", NOON, NOON, 1.0)])
    write_scores(tmp_path / "other", [("a", NOON, NOON, 2.0)])
    store = project(tmp_path)
    source = score_source(path=f"${{ELSEWHERE:-{DATABASE}}}")
    store.apply([USER, score_view(source)])
    assert scores(store, ASKED) == [1.0]
    monkeypatch.setenv("ELSEWHERE", f"other/{DATABASE}")
    assert scores(store, ASKED) == [2.0]


@pytest.mark.parametrize(
    ("given", "environment", "resolved"),
    [
        ("${DB}", None, "data/offline.db"),
        ("${DB}", "/srv/x.db", "/srv/x.db"),
        ("${DB:-data/y.db}", None, "data/y.db"),
        ("${DB:-data/y.db}", "", "data/y.db"),
        ("${DB:-data/y.db}", "/srv/x.db", "/srv/x.db"),
        ("data/z.db", "/srv/x.db", "data/z.db"),
        (None, None, "data/offline.db"),
    ],
)
def test_the_path_is_environments_then_yamls_then_default(
    monkeypatch: pytest.MonkeyPatch, given: str | None, environment: str | None, resolved: str
) -> None:
    """The yaml names the variable; the config survives a round through YAML."""
    monkeypatch.delenv("DB", raising=False)
    if environment is not None:
        monkeypatch.setenv("DB", environment)
    config = SQLiteOfflineStoreConfig.model_validate({"path": given})
    assert config.path == resolved
    dumped = yaml.safe_load(yaml.safe_dump(config.model_dump(by_alias=True)))
    assert SQLiteOfflineStoreConfig(**dumped) == config


def test_a_declared_key_type_is_enough_for_apply(tmp_path: Path) -> None:
    """A fresh clone applies when the entity has a value type, with the key in no schema."""
    store = project(tmp_path)
    view: FeatureView = score_view(schema=fields(score=Float64))
    user = Entity(name="user", join_keys=["user_id"], value_type=ValueType.STRING)
    store.apply([user, view])
    assert [column.name for column in store.get_feature_view("scores").entity_columns] == [
        "user_id"
    ]
