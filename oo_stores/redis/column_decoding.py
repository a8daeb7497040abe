"""Columns of stored values as Python ones: many values of one type cost little more than one.

What comes out is what `decoding` gives value by value. A column whose bytes are all alike is read
in one go; any other one is read that way.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
from feast.value_type import ValueType

from oo_stores.redis.decoding import (
    DOUBLE_SIZE,
    DOUBLE_TAG,
    decode,
    decoder_for,
    double_list_layout,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from oo_stores.redis.values import PlainValue

    Payloads = Sequence[bytes | None]
    """Stored values, at least one; None for one that is missing."""

ColumnDecoder: TypeAlias = "Callable[[Payloads], list[PlainValue]]"
"""Turns stored values into Python ones, in a list that nobody else has."""

_DOUBLE_TAGS = bytes((DOUBLE_TAG,))
_decode_double = decoder_for(ValueType.DOUBLE)


def column_decoder_for(value_type: ValueType) -> ColumnDecoder:
    """Return the function that reads columns of a declared type.

    Args:
        value_type: A feature's type, `field.dtype.to_value_type()`.
    """
    if value_type is ValueType.DOUBLE:
        return _decode_doubles
    if value_type is ValueType.DOUBLE_LIST:
        return _decode_double_lists
    decode_one = decoder_for(value_type)
    return lambda payloads: list(map(decode_one, payloads))


def _decode_doubles(payloads: Payloads) -> list[PlainValue]:
    if _are_all(payloads, DOUBLE_SIZE):
        joined, count = b"".join(cast("Sequence[bytes]", payloads)), len(payloads)
        if joined[::DOUBLE_SIZE] == _DOUBLE_TAGS * count:
            return list(_tagged_doubles(count).unpack(joined))
    return list(map(_decode_double, payloads))


@lru_cache(maxsize=256)
def _tagged_doubles(count: int) -> struct.Struct:
    return struct.Struct("<" + "xd" * count)


def _decode_double_lists(payloads: Payloads) -> list[PlainValue]:
    size = len(payloads[0] or b"")
    layout = double_list_layout(size)
    if layout is not None and _are_all(payloads, size):
        head, present = layout[0], cast("Sequence[bytes]", payloads)
        if {payload[: len(head)] for payload in present} == {head}:
            packed = np.frombuffer(b"".join(present), np.uint8).reshape(len(present), size)
            values = np.ascontiguousarray(packed[:, len(head) :]).view("<f8")
            return cast("list[PlainValue]", values.tolist())
    return list(map(decode, payloads))


def _are_all(payloads: Payloads, size: int) -> bool:
    try:
        return set(map(len, cast("Sequence[bytes]", payloads))) == {size}
    except TypeError:  # one is missing
        return False
