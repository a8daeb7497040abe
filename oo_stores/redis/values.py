"""Feast's `Value` message, written without building it.

Building the messages of a row of twelve features costs more than ten times as much. What is
written is, byte for byte, what `Value.SerializeToString()` gives for the same value; field
numbers are taken from the message's own descriptor. Null is the empty message, as Feast stores
it; a zero, an empty text and an empty list are none of them null and are written.
"""

from __future__ import annotations

import operator
import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from feast.protos.feast.types.Value_pb2 import Value
from feast.type_map import python_values_to_proto_values
from feast.value_type import ValueType

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from numpy.typing import NDArray

PlainValue: TypeAlias = (
    "bool | int | float | str | bytes | datetime | Sequence[PlainValue] "
    "| Mapping[str, PlainValue] | NDArray[np.generic] | None"
)
"""What a feature may hold: a Python scalar or collection, a numpy array, or None for null.

Bytes are what a list of doubles may come as: packed little-endian Float64, taken as it is.
"""

Encoder: TypeAlias = Callable[[PlainValue], bytes]
"""Turns one value into a serialized `Value`; raises TypeError, ValueError or struct.error."""

NULL = b""
"""Feast's null: a `Value` with no field set."""

_VARINT, _FIXED64, _LENGTH = 0, 1, 2
_PACKED = b"\x0a"
"""Tag of field 1 with a length: the elements inside each list message."""
_INT64_MIN, _INT64_MAX, _UINT64_MASK = -(2**63), 2**63 - 1, 2**64 - 1
_DOUBLE_BYTES = 8
_FOUR_BYTES, _FIVE_BYTES, _SIX_BYTES = 1 << 21, 1 << 28, 1 << 35
"""The least numbers whose varints have so many bytes."""

_double = struct.Struct("<d")
_TAGGED_DOUBLE = np.dtype([("tag", "u1"), ("double", "<f8")])


def encoder_for(value_type: ValueType) -> Encoder:
    r"""Return the function that writes values of a type; None becomes null for each.

    Doubles, integers, texts, truth values and lists of the first three are written directly,
    every other type through Feast's own conversion.

    Args:
        value_type: A feature's type, `field.dtype.to_value_type()`.

    >>> encoder_for(ValueType.INT64)(5)
    b' \x05'
    """
    return _ENCODERS.get(value_type) or _through_feast(value_type)


def packed_doubles(column: NDArray[np.float64]) -> list[bytes]:
    """Return doubles as serialized `Value`s, packed in one piece and cut."""
    tagged = np.empty(len(column), dtype=_TAGGED_DOUBLE)
    tagged["tag"], tagged["double"] = _DOUBLE_TAG[0], column
    whole, size = tagged.tobytes(), _TAGGED_DOUBLE.itemsize
    return [whole[at : at + size] for at in range(0, len(whole), size)]


def packed_double_lists(column: Sequence[bytes]) -> list[bytes]:
    """Return lists of doubles that are packed already as serialized `Value`s.

    Raises:
        ValueError: One of them is no whole number of doubles.
    """
    heads = {}
    for size in set(map(len, column)):
        if size % _DOUBLE_BYTES:
            raise ValueError(f"packed doubles come in eights of bytes, not {size}")
        heads[size] = double_list_head(size)
    return [heads[len(elements)] + elements for elements in column]


def double_list_head(size_bytes: int) -> bytes:
    """Return what stands before the packed elements of a list of doubles."""
    return _list_head(_DOUBLE_LIST_TAG, size_bytes)


def varint(number: int) -> bytes:
    r"""Return an integer as a protobuf varint, a negative one in 64-bit two's complement.

    >>> varint(300)
    b'\xac\x02'
    """
    rest = number & _UINT64_MASK
    if rest < 0x80:  # noqa: PLR2004 - seven bits fit in one byte
        return _ONE_BYTE[rest]
    if _FOUR_BYTES <= rest < _FIVE_BYTES:  # the nanoseconds of most instants
        return bytes(
            (rest & 0x7F | 0x80, rest >> 7 & 0x7F | 0x80, rest >> 14 & 0x7F | 0x80, rest >> 21)
        )
    if _FIVE_BYTES <= rest < _SIX_BYTES:  # the seconds of all instants from 1978 to 3058
        return bytes(
            (
                rest & 0x7F | 0x80,
                rest >> 7 & 0x7F | 0x80,
                rest >> 14 & 0x7F | 0x80,
                rest >> 21 & 0x7F | 0x80,
                rest >> 28,
            )
        )
    output = bytearray()
    while rest > 0x7F:  # noqa: PLR2004 - the same seven bits
        output.append(rest & 0x7F | 0x80)
        rest >>= 7
    output.append(rest)
    return bytes(output)


def _tag(field: str, wire_type: int) -> bytes:
    return varint(Value.DESCRIPTOR.fields_by_name[field].number << 3 | wire_type)


_ONE_BYTE = [bytes((number,)) for number in range(0x80)]
_DOUBLE_TAG = _tag("double_val", _FIXED64)
_INT64_TAG = _tag("int64_val", _VARINT)
_STRING_TAG = _tag("string_val", _LENGTH)
_FALSE, _TRUE = (_tag("bool_val", _VARINT) + varint(truth) for truth in (0, 1))
_DOUBLE_LIST_TAG = _tag("double_list_val", _LENGTH)
_INT64_LIST_TAG = _tag("int64_list_val", _LENGTH)
_STRING_LIST_TAG = _tag("string_list_val", _LENGTH)


def _encode_double(value: PlainValue) -> bytes:
    return NULL if value is None else _DOUBLE_TAG + _double.pack(value)


def _encode_int64(value: PlainValue) -> bytes:
    return NULL if value is None else _INT64_TAG + _int64_varint(value)


def _encode_string(value: PlainValue) -> bytes:
    return NULL if value is None else _STRING_TAG + _sized_text(value)


def _encode_bool(value: PlainValue) -> bytes:
    if value is None:
        return NULL
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"a truth value is needed, not {type(value).__name__}")
    return _TRUE if value else _FALSE


def _encode_double_list(value: PlainValue) -> bytes:
    if value is None:
        return NULL
    elements = _double_bytes(value)
    return _list_head(_DOUBLE_LIST_TAG, len(elements)) + elements


def _encode_int64_list(value: PlainValue) -> bytes:
    if value is None:
        return NULL
    elements = b"".join(map(_int64_varint, _elements(value)))
    return _list_head(_INT64_LIST_TAG, len(elements)) + elements


def _encode_string_list(value: PlainValue) -> bytes:
    if value is None:
        return NULL
    elements = b"".join([_PACKED + _sized_text(text) for text in _elements(value)])
    return _STRING_LIST_TAG + _sized(elements)


def _double_bytes(value: PlainValue) -> bytes:
    """Return doubles packed little-endian; an array or packed bytes cost one copy at most."""
    if isinstance(value, bytes):
        if len(value) % _DOUBLE_BYTES:
            raise ValueError(f"packed doubles come in eights of bytes, not {len(value)}")
        return value
    if isinstance(value, np.ndarray):
        if value.ndim != 1:
            raise ValueError(f"a list has one dimension, not {value.ndim}")
        return value.astype("<f8", casting="safe", copy=False).tobytes()
    elements = _elements(value)
    return struct.pack(f"<{len(elements)}d", *elements)


def _elements(value: PlainValue) -> Sequence[PlainValue]:
    # A text is a sequence of texts to Python: "ab" must not become ["a", "b"].
    if isinstance(value, np.ndarray):
        listed: list[PlainValue] = value.tolist()
        return listed
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return value
    raise TypeError(f"a sequence is needed, not {type(value).__name__}")


def _int64_varint(value: PlainValue) -> bytes:
    number = operator.index(value)  # type: ignore[arg-type]  # refuses what is no integer
    if not _INT64_MIN <= number <= _INT64_MAX:
        raise ValueError(f"{number} is outside 64 bits")
    return varint(number)


def _sized_text(value: PlainValue) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"a text is needed, not {type(value).__name__}")
    return _sized(value.encode())


def _sized(content: bytes) -> bytes:
    size = len(content)
    return (_ONE_BYTE[size] if size < len(_ONE_BYTE) else varint(size)) + content


@lru_cache(maxsize=256)
def _list_head(tag: bytes, size_bytes: int) -> bytes:
    """Return what stands before a list's packed elements; the same for each row of a view."""
    if not size_bytes:
        return tag + varint(0)  # protobuf leaves out a packed field without elements
    inner = _PACKED + varint(size_bytes)
    return tag + varint(len(inner) + size_bytes) + inner


def _through_feast(value_type: ValueType) -> Encoder:
    def encode(value: PlainValue) -> bytes:
        if value is None:
            return NULL
        payload: bytes = python_values_to_proto_values([value], value_type)[0].SerializeToString()
        return payload

    return encode


_ENCODERS: dict[ValueType, Encoder] = {
    ValueType.DOUBLE: _encode_double,
    ValueType.INT64: _encode_int64,
    ValueType.STRING: _encode_string,
    ValueType.BOOL: _encode_bool,
    ValueType.DOUBLE_LIST: _encode_double_list,
    ValueType.INT64_LIST: _encode_int64_list,
    ValueType.STRING_LIST: _encode_string_list,
}
