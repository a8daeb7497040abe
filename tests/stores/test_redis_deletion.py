"""Deleting takes what was named, and nothing of other views, entities or projects."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from feast import Entity, FeatureView, Field, FileSource
from feast.types import String
from feast.value_type import ValueType
from support.redis_repo import make_project

from oo_stores.redis import OnlineRow
from oo_stores.redis.keys import key_encoder
from oo_stores.redis.rounds import ROWS_PER_ROUND_TRIP

if TYPE_CHECKING:
    from pathlib import Path

    from support.redis_repo import Project

pytestmark = pytest.mark.live


@pytest.fixture
def project(tmp_path: Path, redis_address: str) -> Project:
    """Give a project whose name other projects' names end with."""
    return make_project(tmp_path / "shop", redis_address, name="shop")


@pytest.fixture
def other(tmp_path: Path, redis_address: str) -> Project:
    """Give another project, on the same Redis, whose name ends the same."""
    return make_project(tmp_path / "workshop", redis_address, name="workshop")


def fill(project: Project, users: int = 1) -> None:
    """Write two views of some users, and a view of a shop."""
    habit, mood, stock = (project.view(name) for name in ("habit", "mood", "stock"))
    rows = [OnlineRow({"user_id": f"u{n}"}, {}, 1, 1) for n in range(users)]
    project.online.write_views(
        project.config,
        [
            *((habit, replace(row, values={"city": "Bern"})) for row in rows),
            *((mood, replace(row, values={"joy": 0.5})) for row in rows),
            (stock, OnlineRow({"shop_id": 1}, {"items": 7}, 1, 1)),
        ],
    )


def test_a_view_goes_with_all_its_fields(project: Project) -> None:
    """Features, event and created time of a deleted view go; its neighbours' stay."""
    fill(project, users=ROWS_PER_ROUND_TRIP + 1)
    project.online.delete_table(project.config, project.view("habit"))
    assert project.read("habit", {"user_id": "u0"})["city"] is None
    assert project.read("mood", {"user_id": "u0"}) == {"joy": 0.5}
    assert project.read("stock", {"shop_id": 1}) == {"items": 7}
    fields = {field for fields in project.redis.hashes().values() for field in fields}
    assert not {b"_ts:habit", b"_created:habit"} & fields
    assert {b"_ts:mood", b"_created:mood"} <= fields


def test_an_entitys_last_view_takes_the_key_along(project: Project) -> None:
    """No empty remains stay, not even fields of features that the view once had."""
    fill(project)
    project.redis.put(project.redis.keys()[0], b"of a former feature", b"x")
    for name in ("habit", "mood", "stock"):
        project.online.delete_table(project.config, project.view(name))
    assert project.redis.keys() == []


def test_a_project_whose_name_ends_the_same_is_untouched(project: Project, other: Project) -> None:
    """Deleting a view, and all entities, of `shop` leaves everything of `workshop`."""
    fill(other)
    before = other.redis.hashes()
    fill(project)
    project.online.delete_table(project.config, project.view("habit"))
    views = [project.view(name) for name in ("habit", "mood", "stock")]
    project.online.teardown(project.config, views, [])
    assert other.redis.hashes() == before


def test_lengths_in_a_key_are_no_wildcards(project: Project) -> None:
    """A join key of 42 letters, whose length is the byte of `*`, is looked for literally."""
    name = "k" * ord("*")
    join_keys = [name], ["k" * ord("?")], ["k" * ord("[")], ["k" * ord("\\")]
    for keys in join_keys:
        encode = key_encoder(keyed_by(keys), project.config)
        project.redis.put(encode(dict.fromkeys(keys, "u")), b"field", b"x")
    assert len(project.redis.keys()) == 4
    for left, keys in enumerate(reversed(join_keys)):
        project.online.delete_entity_values(project.config, keys)
        assert len(project.redis.keys()) == 3 - left


def keyed_by(join_keys: list[str]) -> FeatureView:
    """Build a view with these join keys."""
    return FeatureView(
        name="any",
        entities=[Entity(name=k, join_keys=[k], value_type=ValueType.STRING) for k in join_keys],
        schema=[Field(name=key, dtype=String) for key in join_keys],
        source=FileSource(path="unused.parquet", timestamp_field="at"),
    )


def test_deleting_nothing_is_no_error(project: Project) -> None:
    """A view without any rows is deleted, and other keys stay."""
    project.redis.client.set("somebody else's", "x")
    project.online.delete_table(project.config, project.view("habit"))
    project.online.delete_entity_values(project.config, ["user_id"])
    assert project.redis.keys() == [b"somebody else's"]
