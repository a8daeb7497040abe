"""Stored values come out as Feast reads them, whichever bytes they are."""

from __future__ import annotations

from typing import Any

import pytest
from feast.protos.feast.types.Value_pb2 import (
    BoolList,
    DoubleList,
    FloatList,
    Int32List,
    Int64List,
    StringList,
    Value,
)
from feast.type_map import feast_value_type_to_python_type
from feast.value_type import ValueType
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # no stubs
from hypothesis import example, given
from hypothesis import strategies as st

from oo_stores.redis.decoding import decode, decoder_for, micros_of
from oo_stores.redis.rows import timestamp

INT32 = st.integers(-(2**31), 2**31 - 1)
INT64 = st.integers(-(2**63), 2**63 - 1)
DOUBLE = st.floats(width=64)
FLOAT = st.floats(width=32)
TEXT = st.text(st.characters(codec="utf-8"), max_size=300)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "double_val": DOUBLE,
    "float_val": FLOAT,
    "int64_val": INT64,
    "int32_val": INT32,
    "bool_val": st.booleans(),
    "string_val": TEXT,
    "bytes_val": st.binary(max_size=300),
    "unix_timestamp_val": st.integers(0, 2**33),
    "uuid_val": st.uuids().map(str),
    "double_list_val": st.lists(DOUBLE).map(lambda v: DoubleList(val=v)),
    "float_list_val": st.lists(FLOAT).map(lambda v: FloatList(val=v)),
    "int64_list_val": st.lists(INT64).map(lambda v: Int64List(val=v)),
    "int32_list_val": st.lists(INT32).map(lambda v: Int32List(val=v)),
    "bool_list_val": st.lists(st.booleans()).map(lambda v: BoolList(val=v)),
    "string_list_val": st.lists(TEXT, max_size=5).map(lambda v: StringList(val=v)),
}
VALUES: st.SearchStrategy[Value] = st.one_of(
    [st.builds(Value, **{field: strategy}) for field, strategy in FIELDS.items()]
)


def shown(value: object) -> str:
    """Return a value with its type, NaN and the sign of zero included."""
    return f"{type(value).__name__} {value!r}"


@given(VALUES)
def test_a_value_is_what_feast_reads(value: Value) -> None:
    """Value and Python type are those of Feast's own conversion."""
    expected = feast_value_type_to_python_type(value)
    for read in (decode, decoder_for(ValueType.DOUBLE)):
        assert shown(read(value.SerializeToString())) == shown(expected)


@given(st.lists(VALUES.map(lambda v: v.SerializeToString()), min_size=2, max_size=3).map(b"".join))
@example(b"\x29")
@example(b"\x20\x80")
@example(b"\x12\x05abc")
@example(b"\x7a\x03\x0a\x01\x00")
@example(b"\x82\x01\x00")
def test_unusual_bytes_are_what_protobuf_makes_of_them(payload: bytes) -> None:
    """Of several fields the last counts, as in protobuf, and what is no message is refused."""
    try:
        expected = feast_value_type_to_python_type(Value.FromString(payload))
    except DecodeError:
        with pytest.raises(DecodeError):
            decode(payload)
    else:
        assert shown(decode(payload)) == shown(expected)


@pytest.mark.parametrize("payload", [None, b""])
def test_null_and_missing_are_none(payload: bytes | None) -> None:
    """Neither a stored null nor a field that a hash lacks has a value."""
    assert decode(payload) is None
    assert decoder_for(ValueType.DOUBLE)(payload) is None
    assert decoder_for(ValueType.UUID)(payload) is None


def test_a_declared_type_helps_to_read_old_texts() -> None:
    """A UUID that was once stored as a text is read as a UUID."""
    text = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
    payload = Value(string_val=text).SerializeToString()
    assert shown(decoder_for(ValueType.UUID)(payload)) == f"UUID UUID('{text}')"


@given(st.integers(-(10**16), 10**17))
def test_event_times_are_exact_to_the_microsecond(instant_us: int) -> None:
    """Feast's own field for event times loses nothing of ours."""
    assert micros_of(timestamp(instant_us)) == instant_us
