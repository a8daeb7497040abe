"""The Redis key of an entity is Feast's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from feast import Entity, FeatureView, Field, FileSource, RepoConfig
from feast.infra.online_stores.helpers import _redis_key
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.types import FeastType, Float64, Int32, Int64, String, UnixTimestamp
from feast.value_type import ValueType
from hypothesis import given, settings
from hypothesis import strategies as st

from oo_stores.errors import EntityKeyError
from oo_stores.redis.keys import key_encoder

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG = RepoConfig(project="shop", registry="unused.db", provider="local")
VALUES: dict[str, tuple[FeastType, st.SearchStrategy[str | int]]] = {
    "string_val": (String, st.text(st.characters(exclude_categories=["Cs"]))),
    "int64_val": (Int64, st.integers(-(2**63), 2**63 - 1)),
    "int32_val": (Int32, st.integers(-(2**31), 2**31 - 1)),
}


def view_of(join_keys: Mapping[str, FeastType]) -> FeatureView:
    """Build a view with these join keys."""
    schema = [Field(name=name, dtype=dtype) for name, dtype in join_keys.items()]
    return FeatureView(
        name="habit",
        entities=[
            Entity(name=f"of_{name}", join_keys=[name], value_type=ValueType.UNKNOWN)
            for name in join_keys
        ],
        schema=[*schema, Field(name="visits", dtype=Float64)],
        source=FileSource(path="unused.parquet", timestamp_field="at"),
    )


def message(field: str, value: str | int) -> Value:
    """Build protobuf's own message of a value."""
    built = Value()
    setattr(built, field, value)
    return built


def feasts_key(values: Mapping[str, Value]) -> bytes:
    """Return the key that Feast itself writes."""
    key = EntityKey(join_keys=list(values), entity_values=list(values.values()))
    return _redis_key(CONFIG.project, key, CONFIG.entity_key_serialization_version)


@given(data=st.data())
@settings(deadline=None)
def test_any_entity_has_feasts_key(data: st.DataObject) -> None:
    """One to three join keys, of any names, types and values, give the key that Feast gives."""
    names = data.draw(
        st.lists(st.text("abcxyz_é", min_size=1), min_size=1, max_size=3, unique=True)
    )
    kinds = {name: data.draw(st.sampled_from(list(VALUES))) for name in names}
    values = {name: data.draw(VALUES[kind][1]) for name, kind in kinds.items()}
    encode = key_encoder(view_of({name: VALUES[kind][0] for name, kind in kinds.items()}), CONFIG)
    expected = feasts_key({name: message(kind, values[name]) for name, kind in kinds.items()})
    assert encode(values) == expected


@pytest.mark.filterwarnings("ignore:.*[Ss]erialization.*")
@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("value", ["u1", 5, -5])
def test_older_serializations_are_feasts_too(version: int, value: str | int) -> None:
    """A key of an older version, which Feast still reads, is written as Feast writes it."""
    config = RepoConfig(
        project="shop", registry="r.db", provider="local", entity_key_serialization_version=version
    )
    proto = Value(string_val=value) if isinstance(value, str) else Value(int64_val=value)
    key = EntityKey(join_keys=["user_id"], entity_values=[proto])
    dtype = String if isinstance(value, str) else Int64
    encode = key_encoder(view_of({"user_id": dtype}), config)
    assert encode({"user_id": value}) == _redis_key("shop", key, version)


def test_a_value_is_cast_to_the_declared_type() -> None:
    """5 and "5" are one customer, whichever of the two types the view declares."""
    for dtype, value in ((String, "5"), (Int64, 5), (Int32, 5)):
        encode = key_encoder(view_of({"customer": dtype}), CONFIG)
        assert encode({"customer": 5}) == encode({"customer": "5"}) == encode({"customer": value})


@pytest.mark.parametrize(
    "join_keys",
    [{}, {"user": "u"}, {"shop_id": 1, "user_id": 2}, {"shop_id": "one"}, {"shop_id": 2**63}],
)
def test_join_keys_that_do_not_fit_are_refused(join_keys: dict[str, str | int]) -> None:
    """Missing, foreign and surplus keys, and values that the type cannot hold, name the view."""
    encode = key_encoder(view_of({"shop_id": Int64}), CONFIG)
    with pytest.raises(EntityKeyError, match="This is no entity of habit: ") as caught:
        encode(join_keys)
    assert caught.value.view == "habit"
    assert str(join_keys) in str(caught.value)


def test_a_type_that_plain_rows_cannot_key_is_refused() -> None:
    """A view keyed by another type names the key, its type and the way that is left."""
    with pytest.raises(EntityKeyError, match=r"'since'.*write_to_online_store"):
        key_encoder(view_of({"since": UnixTimestamp}), CONFIG)


def test_a_view_that_was_not_applied_is_refused() -> None:
    """Without types for its join keys, a view's entities have no key yet."""
    entity = Entity(name="user", join_keys=["user_id"], value_type=ValueType.STRING)
    view = FeatureView(name="habit", entities=[entity], source=None, schema=[])
    with pytest.raises(EntityKeyError, match="Take the view as applied"):
        key_encoder(view, CONFIG)
