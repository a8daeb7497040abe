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

from oo_stores.redis.age import live_rows
from oo_stores.redis.column_decoding import column_decoder_for
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


DOUBLES = st.builds(Value, double_val=DOUBLE)
LISTS = st.lists(DOUBLE, min_size=3, max_size=3).map(
    lambda v: Value(double_list_val=DoubleList(val=v))
)
COLUMNS = st.one_of([st.lists(kind, min_size=1, max_size=4) for kind in (DOUBLES, LISTS, VALUES)])
NULLS = st.sampled_from([None, b""])


@pytest.mark.parametrize(
    "value_type", [ValueType.DOUBLE, ValueType.DOUBLE_LIST, ValueType.STRING, ValueType.UNKNOWN]
)
@given(COLUMNS, NULLS)
@example([Value(string_val="7 bytes")], None)  # as long as a double
@example([Value(int64_val=n) for n in (2**62, 2**49, 2**56)], b"")  # together as long as three
@example([Value(string_val="x" * 26), Value(double_list_val=DoubleList(val=[1.0] * 3))], b"")
@example([Value(double_list_val=DoubleList(val=[1.0] * 3)), Value(string_val="x" * 26)], b"")
def test_a_column_is_its_values_one_by_one(
    value_type: ValueType, values: list[Value], null: bytes | None
) -> None:
    """Whatever a column is declared to be, it reads as its values do, nulls among them."""
    payloads = [value.SerializeToString() for value in values]
    read_one, read_many = decoder_for(value_type), column_decoder_for(value_type)
    for column in (payloads, [*payloads, null]):
        assert list(map(shown, read_many(column))) == [shown(read_one(p)) for p in column]


def test_two_fields_in_one_message_are_not_two_rows() -> None:
    """Bytes that together look like a column of doubles are told by the sizes of its rows."""
    twice = Value(double_val=1.0).SerializeToString() + Value(double_val=2.0).SerializeToString()
    assert column_decoder_for(ValueType.DOUBLE)([twice, b""]) == [2.0, None]


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


INSTANTS = st.one_of(st.integers(-(10**16), 10**17), st.integers(10**15, 10**15 + 3_000_000))


@given(st.lists(st.none() | INSTANTS, min_size=1, max_size=4), INSTANTS)
@example([10**15, 10**15 - 1, 268_435_456_000_000, 1_000_000, None], 10**15)
def test_a_row_live_rows_from_its_instant_on(instants_us: list[int | None], since_us: int) -> None:
    """Event times are compared to the microsecond, and what is not there is not live."""
    stored = [None if instant is None else timestamp(instant) for instant in instants_us]
    expected = [instant is not None and instant >= since_us for instant in instants_us]
    assert live_rows(stored, since_us) == expected
