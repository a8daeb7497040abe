"""Feast's `Value` and `Timestamp` messages as Python values, read without building them.

What comes out is what `feast_value_type_to_python_type` gives for the parsed message. A message
that Feast's writers make holds one field: its first byte tells which, and where that field fills
the message to its last byte, the common types are read directly. Everything else, rare types and
unusual bytes alike, is left to protobuf and Feast.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from itertools import repeat
from typing import TYPE_CHECKING, TypeAlias

from feast.protos.feast.types.Value_pb2 import (
    DoubleList,
    Int32List,
    Int64List,
    StringList,
    Value,
)
from feast.type_map import feast_value_type_to_python_type
from feast.value_type import ValueType
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]  # no stubs

if TYPE_CHECKING:
    from collections.abc import Callable

    from oo_stores.redis.values import PlainValue

Decoder: TypeAlias = "Callable[[bytes | None], PlainValue]"
"""Turns one stored value into a Python one; None for null and for a missing one."""

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_CONTINUED = 0x80
_LAST_VARINT_BYTE = 10
_INT32_MAX, _INT64_MAX = 2**31 - 1, 2**63 - 1
_DOUBLE_BYTES = 8
DOUBLE_SIZE, _FLOAT_SIZE, _BOOL_SIZE = 1 + 8, 1 + 4, 1 + 1
_SHORTEST_HEAD = 4  # tag and length, of the message and of its packed values
_MICROSECONDS = 1_000_000
_NANOSECONDS_PER_MICROSECOND = 1_000

_double = struct.Struct("<d").unpack_from
_float = struct.Struct("<f").unpack_from
_parse = Value.FromString
_parse_timestamp = Timestamp.FromString

_HINTED = frozenset(
    {
        ValueType.UUID,
        ValueType.TIME_UUID,
        ValueType.UUID_LIST,
        ValueType.TIME_UUID_LIST,
        ValueType.UUID_SET,
        ValueType.TIME_UUID_SET,
    }
)
"""Types whose values Feast once stored as texts, and still reads as what was declared."""

_SCALARS = frozenset(
    {
        ValueType.STRING,
        ValueType.BYTES,
        ValueType.INT32,
        ValueType.INT64,
        ValueType.FLOAT,
        ValueType.DOUBLE,
        ValueType.BOOL,
        ValueType.UNIX_TIMESTAMP,
    }
)


def decode(payload: bytes | None) -> PlainValue:
    r"""Return the Python value of a serialized `Value`; None for null and for a missing one.

    Raises:
        google.protobuf.message.DecodeError: The bytes are no `Value`.

    >>> decode(b" \x05")
    5
    """
    if not payload:
        return None
    read = _READERS.get(payload[0])
    return read(payload) if read is not None else _through_feast(payload)


def decoder_for(value_type: ValueType) -> Decoder:
    """Return the function that reads values of a declared type.

    Args:
        value_type: A feature's type, `field.dtype.to_value_type()`.
    """
    if value_type is ValueType.DOUBLE:
        return _decode_double
    if value_type not in _HINTED:
        return decode

    def read(payload: bytes | None) -> PlainValue:
        return _through_feast(payload, value_type) if payload else None

    return read


def is_scalar(value_type: ValueType) -> bool:
    """Tell whether values of a type cannot be changed, so that rows may share one."""
    return value_type in _SCALARS


def micros_of(payload: bytes) -> int:
    r"""Return a serialized `Timestamp` as microseconds since the epoch, rounded down.

    >>> micros_of(b"\x08\x01\x10\xe8\x07")
    1000001
    """
    instant = _parse_timestamp(payload)
    whole: int = instant.seconds * _MICROSECONDS
    part: int = instant.nanos // _NANOSECONDS_PER_MICROSECOND
    return whole + part


@lru_cache(maxsize=1024)
def double_list_layout(size: int) -> tuple[bytes, struct.Struct] | None:
    r"""Return what a message of a size begins with if it is a list of doubles, and what follows.

    >>> head, doubles = double_list_layout(20)
    >>> head, doubles.size
    (b'z\x12\n\x10', 16)
    """
    for head in range(_SHORTEST_HEAD, _SHORTEST_HEAD + 2 * _LAST_VARINT_BYTE):
        count, rest = divmod(size - head, _DOUBLE_BYTES)
        if count > 0 and not rest:
            payload = Value(double_list_val=DoubleList(val=repeat(0.0, count))).SerializeToString()
            if len(payload) == size:
                return payload[:head], struct.Struct(f"<{count}d")
    return None


def _through_feast(payload: bytes, value_type: ValueType | None = None) -> PlainValue:
    value: PlainValue = feast_value_type_to_python_type(_parse(payload), value_type)
    return value


def _decode_double(payload: bytes | None) -> PlainValue:
    # Most features are doubles: this spares them the look at what else they could be.
    if payload and payload[0] == DOUBLE_TAG and len(payload) == DOUBLE_SIZE:
        value: float = _double(payload, 1)[0]
        return value
    return decode(payload)


def _read_double(payload: bytes) -> PlainValue:
    if len(payload) != DOUBLE_SIZE:
        return _through_feast(payload)
    value: float = _double(payload, 1)[0]
    return value


def _read_float(payload: bytes) -> PlainValue:
    if len(payload) != _FLOAT_SIZE:
        return _through_feast(payload)
    value: float = _float(payload, 1)[0]
    return value


def _read_bool(payload: bytes) -> PlainValue:
    if len(payload) != _BOOL_SIZE or payload[1] > 1:
        return _through_feast(payload)
    return payload[1] == 1


def _read_int(payload: bytes, largest: int) -> PlainValue:
    number = payload[1] if len(payload) > 1 else _CONTINUED
    if number >= _CONTINUED:
        number, end = _varint(payload, 1)
        if end != len(payload) or end > _LAST_VARINT_BYTE:  # ten bytes of digits: a negative one
            return _through_feast(payload)
    elif len(payload) > 2:  # noqa: PLR2004 - the tag, and a number of one byte
        return _through_feast(payload)
    return number if number <= largest else _through_feast(payload)


def _read_int64(payload: bytes) -> PlainValue:
    return _read_int(payload, _INT64_MAX)


def _read_int32(payload: bytes) -> PlainValue:
    return _read_int(payload, _INT32_MAX)


def _read_string(payload: bytes) -> PlainValue:
    start = _content(payload)
    return str(payload[start:], "utf-8") if start else _through_feast(payload)


def _read_bytes(payload: bytes) -> PlainValue:
    start = _content(payload)
    return payload[start:] if start else _through_feast(payload)


def _read_double_list(payload: bytes) -> PlainValue:
    layout = double_list_layout(len(payload))
    if layout is not None and payload.startswith(layout[0]):
        return list(layout[1].unpack_from(payload, len(layout[0])))
    start = _content(payload)
    if not start:
        return _through_feast(payload)
    return [] if start == len(payload) else _through_feast(payload)


def _list_reader(
    parse: Callable[[bytes], Int64List | Int32List | StringList],
) -> Callable[[bytes], PlainValue]:
    def read(payload: bytes) -> PlainValue:
        start = _content(payload)
        return list(parse(payload[start:]).val) if start else _through_feast(payload)

    return read


def _content(payload: bytes) -> int:
    """Return where the content of a message's only field begins; 0 if it holds anything else."""
    if len(payload) > 1 and payload[1] == len(payload) - 2 < _CONTINUED:
        return 2
    size, start = _varint(payload, 1)
    return start if start + size == len(payload) else 0


def _varint(payload: bytes, position: int) -> tuple[int, int]:
    """Return a varint and the position after it, beyond the end if it is cut off."""
    number = shift = 0
    for end in range(position, len(payload)):
        byte = payload[end]
        number |= (byte & 0x7F) << shift
        if byte < _CONTINUED:
            return number, end + 1
        shift += 7
    return number, len(payload) + 1


def _tag(field: str, wire_type: int) -> int:
    tag: int = Value.DESCRIPTOR.fields_by_name[field].number << 3 | wire_type
    return tag


DOUBLE_TAG = _tag("double_val", _FIXED64)

# Tags of one byte, as all are up to field 15.
_READERS: dict[int, Callable[[bytes], PlainValue]] = {
    DOUBLE_TAG: _read_double,
    _tag("float_val", _FIXED32): _read_float,
    _tag("int64_val", _VARINT): _read_int64,
    _tag("int32_val", _VARINT): _read_int32,
    _tag("bool_val", _VARINT): _read_bool,
    _tag("string_val", _LENGTH): _read_string,
    _tag("bytes_val", _LENGTH): _read_bytes,
    _tag("double_list_val", _LENGTH): _read_double_list,
    _tag("int64_list_val", _LENGTH): _list_reader(Int64List.FromString),
    _tag("int32_list_val", _LENGTH): _list_reader(Int32List.FromString),
    _tag("string_list_val", _LENGTH): _list_reader(StringList.FromString),
}
