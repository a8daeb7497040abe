"""The key of Feast's entity message is Feast's own, byte for byte."""

from __future__ import annotations

import pytest
from feast import RepoConfig
from feast.feature_view import DUMMY_ENTITY_ID
from feast.infra.key_encoding_utils import serialize_entity_key
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from hypothesis import given
from hypothesis import strategies as st

from oo_stores.redis.entity_keys import EntityKeys

values = st.one_of(
    st.builds(Value, string_val=st.text(max_size=200)),
    st.builds(Value, int64_val=st.integers(-(2**63), 2**63 - 1)),
    st.builds(Value, int32_val=st.integers(-(2**31), 2**31 - 1)),
    st.builds(Value, bytes_val=st.binary(max_size=9)),
    st.builds(Value, unix_timestamp_val=st.integers(-(2**63), 2**63 - 1)),
)


@given(st.dictionaries(st.text(min_size=1, max_size=9), values, min_size=1, max_size=3))
def test_an_entity_has_feasts_key(entity: dict[str, Value]) -> None:
    """Any number of join keys of any type that Feast takes gives its bytes, then the project."""
    config = RepoConfig(
        project="shöp", provider="local", registry="r.db", entity_key_serialization_version=3
    )
    key = EntityKey(join_keys=list(entity), entity_values=list(entity.values()))
    expected = serialize_entity_key(key, 3) + "shöp".encode()
    encode = EntityKeys(config).encode
    assert (encode(key), encode(key)) == (expected, expected)


def test_a_row_without_entity_has_the_key_that_is_read() -> None:
    """Feast's empty key of a view without entities is that of the entity it reads by."""
    config = RepoConfig(
        project="shop", provider="local", registry="r.db", entity_key_serialization_version=3
    )
    named = EntityKey(join_keys=[DUMMY_ENTITY_ID], entity_values=[Value(string_val="")])
    expected = serialize_entity_key(named, 3) + b"shop"
    assert EntityKeys(config).encode(EntityKey()) == expected
    assert EntityKeys(config).encode(named) == expected


def test_a_value_that_is_no_key_is_refused() -> None:
    """A join key without a value is refused as Feast refuses it."""
    config = RepoConfig(project="shop", provider="local", registry="r.db")
    key = EntityKey(join_keys=["user_id"], entity_values=[Value()])
    with pytest.raises(ValueError, match="not supported"):
        EntityKeys(config).encode(key)
