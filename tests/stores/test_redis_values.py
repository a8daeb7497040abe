"""A value's bytes are those that protobuf itself writes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
from feast.protos.feast.types.Value_pb2 import Value
from feast.type_map import python_values_to_proto_values
from feast.value_type import ValueType
from hypothesis import given, settings
from hypothesis import strategies as st

from oo_stores.redis.decoding import decode
from oo_stores.redis.values import NULL, PlainValue, encoder_for, varint

if TYPE_CHECKING:
    from collections.abc import Sequence

INT64 = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS: dict[str, tuple[ValueType, st.SearchStrategy[PlainValue]]] = {
    "double_val": (ValueType.DOUBLE, st.floats()),
    "int64_val": (ValueType.INT64, INT64),
    "string_val": (ValueType.STRING, TEXT),
    "bool_val": (ValueType.BOOL, st.booleans()),
}
LISTS: dict[str, tuple[ValueType, st.SearchStrategy[list[PlainValue]]]] = {
    "double_list_val": (ValueType.DOUBLE_LIST, st.lists(st.floats())),
    "int64_list_val": (ValueType.INT64_LIST, st.lists(INT64)),
    "string_list_val": (ValueType.STRING_LIST, st.lists(TEXT)),
}


def scalar_message(field: str, value: PlainValue) -> Value:
    """Build protobuf's own message of a scalar."""
    message = Value()
    setattr(message, field, value)
    return message


def list_message(field: str, elements: Sequence[object]) -> Value:
    """Build protobuf's own message of a list."""
    message = Value()
    getattr(message, field).SetInParent()
    getattr(message, field).val.extend(elements)
    return message


@pytest.mark.parametrize("field", SCALARS)
@given(data=st.data())
@settings(deadline=None)
def test_a_scalar_is_written_as_protobuf_writes_it(field: str, data: st.DataObject) -> None:
    """Every double, integer, text and truth value gives protobuf's bytes, zeros included."""
    value_type, values = SCALARS[field]
    value = data.draw(values)
    assert encoder_for(value_type)(value) == scalar_message(field, value).SerializeToString()


@pytest.mark.parametrize("field", LISTS)
@given(data=st.data())
@settings(deadline=None)
def test_a_list_is_written_as_protobuf_writes_it(field: str, data: st.DataObject) -> None:
    """Every list of doubles, integers and texts gives protobuf's bytes, the empty one included."""
    value_type, values = LISTS[field]
    value = data.draw(values)
    assert encoder_for(value_type)(value) == list_message(field, value).SerializeToString()


@pytest.mark.parametrize("field", [*SCALARS, *LISTS])
@given(data=st.data())
@settings(deadline=None)
def test_what_was_written_is_read_back(field: str, data: st.DataObject) -> None:
    """Decoding gives the value that was encoded."""
    value_type, values = {**SCALARS, **LISTS}[field]
    value = data.draw(values)
    decoded = decode(encoder_for(value_type)(value))
    # By repr, since NaN differs from itself and -0.0 equals 0.0.
    assert repr(decoded) == repr(value)


@given(value=st.integers(-(2**63), 2**63 - 1), small=st.integers(-300, 300))
@settings(deadline=None)
def test_a_varint_is_sixty_four_bits_wide(value: int, small: int) -> None:
    """Both signs and both ends of 64 bits are written as protobuf writes them."""
    for number in (value, small):
        assert b" " + varint(number) == Value(int64_val=number).SerializeToString()


@pytest.mark.parametrize("value_type", [ValueType.DOUBLE, ValueType.STRING_LIST, ValueType.FLOAT])
def test_none_is_feasts_null(value_type: ValueType) -> None:
    """None becomes the empty message, which is what Feast stores for it, and comes back as None."""
    assert encoder_for(value_type)(None) == NULL == Value().SerializeToString()
    assert decode(NULL) is None
    assert decode(None) is None


@pytest.mark.parametrize(
    "packed",
    [
        np.array([1.5, -0.0, np.nan]),
        np.array([1.5, -0.0, np.nan], dtype=">f8"),
        np.array([1.5, 9.0, -0.0, 9.0, np.nan, 9.0])[::2],
        np.array([1.5, -0.0, np.nan]).tobytes(),
        (1.5, -0.0, np.nan),
    ],
    ids=["array", "big-endian", "strided", "packed", "tuple"],
)
def test_doubles_come_in_any_packing(packed: PlainValue) -> None:
    """Arrays of either byte order, strided ones, packed bytes and tuples are one list."""
    expected = list_message("double_list_val", [1.5, -0.0, np.nan]).SerializeToString()
    assert encoder_for(ValueType.DOUBLE_LIST)(packed) == expected


@pytest.mark.parametrize("value", [[1, 2], np.array([1, 2]), np.array([1, 2], dtype=np.int32)])
def test_integers_come_as_list_or_array(value: PlainValue) -> None:
    """An array of integers is the list of its elements."""
    expected = list_message("int64_list_val", [1, 2]).SerializeToString()
    assert encoder_for(ValueType.INT64_LIST)(value) == expected


@pytest.mark.parametrize(
    ("value_type", "value"),
    [
        (ValueType.FLOAT, 0.1),
        (ValueType.INT32, -5),
        (ValueType.BYTES, b"\x00\xff"),
        (ValueType.BOOL_LIST, [True, False]),
        (ValueType.JSON, '{"a": 1}'),
    ],
)
def test_other_types_go_through_feast(value_type: ValueType, value: PlainValue) -> None:
    """A type without an encoder of its own is written as Feast writes it."""
    expected = python_values_to_proto_values([value], value_type)[0].SerializeToString()
    assert encoder_for(value_type)(value) == expected
    assert expected != NULL


@pytest.mark.parametrize(
    ("value_type", "value"),
    [
        (ValueType.DOUBLE, "1.5"),
        (ValueType.INT64, 1.5),
        (ValueType.INT64, 2**63),
        (ValueType.INT64, -(2**63) - 1),
        (ValueType.STRING, 5),
        (ValueType.STRING, "\ud800"),
        (ValueType.BOOL, 1),
        (ValueType.DOUBLE_LIST, "12345678"),
        (ValueType.DOUBLE_LIST, b"1234567"),
        (ValueType.DOUBLE_LIST, np.zeros((2, 2))),
        (ValueType.DOUBLE_LIST, np.array(["a"])),
        (ValueType.DOUBLE_LIST, [1.0, None]),
        (ValueType.INT64_LIST, [1.5]),
        (ValueType.STRING_LIST, "ab"),
    ],
)
def test_a_value_of_another_type_is_refused(value_type: ValueType, value: PlainValue) -> None:
    """What the type cannot hold is refused, never cut, rounded or taken apart."""
    with pytest.raises((TypeError, ValueError, struct.error)):
        encoder_for(value_type)(value)
