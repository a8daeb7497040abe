"""What a request brings, as columns: entity values for keys, request data for functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from feast.infra.key_encoding_utils import _serialize_val
from feast.protos.feast.types.Value_pb2 import RepeatedValue, Value
from feast.type_map import feast_value_type_to_python_type, python_values_to_proto_values
from feast.value_type import ValueType

from oo_stores.errors import RequestDataError
from oo_stores.redis.keys import sized

if TYPE_CHECKING:
    from collections.abc import Hashable

    from oo_stores.redis.plan.model import JoinKeyPlan
    from oo_stores.redis.values import PlainValue

RequestColumns: TypeAlias = "dict[str, Sequence[Any]]"
"""A request's values by name, all columns of one length."""

# What types a column's values have is asked as a set: 50 rows take a microsecond.
_FLOATS, _INTEGERS, _TEXTS = {float}, {int}, {str}
_INTEGER_LIMITS = {ValueType.INT32: 2**31, ValueType.INT64: 2**63}

Cast: TypeAlias = Callable[[str, Sequence[Any]], "list[PlainValue]"]
"""Turns a column of request data into its declared type; raises RequestDataError."""


class UncoveredRequestError(Exception):
    """The plan does not cover this request: Feast's own path answers it, or refuses it."""


@dataclass(slots=True)  # not frozen, which would cost a request more than its key
class EntityColumn:
    """Join keys of a request's rows, never changed.

    Args:
        values: What the response shows.
        value_type: Their type.
        identities: For each row something that two rows share if they are one entity.
        encode: From an identity to its part of a Redis key.
        messages: The values as Feast's messages, where these had to be made.
    """

    values: list[PlainValue]
    value_type: ValueType
    identities: Sequence[Hashable]
    encode: Callable[[Any], bytes]
    messages: list[Value] | None = None


def columns_of(entity_rows: object) -> RequestColumns:
    """Return a request's columns.

    Args:
        entity_rows: As `get_online_features` takes them, a list of rows or a mapping of columns.

    Raises:
        UncoveredRequestError: They are anything but plain columns of one length, at least 1.
    """
    if isinstance(entity_rows, list):
        return _transposed(entity_rows)
    if not isinstance(entity_rows, Mapping):
        raise UncoveredRequestError
    columns = {name: _unwrapped(column) for name, column in entity_rows.items()}
    lengths = {len(c) if isinstance(c, Sequence) else 0 for c in columns.values()}
    if len(lengths) != 1 or 0 in lengths:
        raise UncoveredRequestError
    return columns


def _unwrapped(column: Any) -> Any:  # noqa: ANN401 - whatever a caller passes
    """Return a column of Feast's messages as Python values."""
    if isinstance(column, RepeatedValue):
        return [feast_value_type_to_python_type(message) for message in column.val]
    return column


def _transposed(rows: list[Any]) -> RequestColumns:
    try:
        names = list(rows[0])
        if not names or set(map(len, rows)) != {len(names)}:
            raise UncoveredRequestError
        return {name: list(map(itemgetter(name), rows)) for name in names}
    except (IndexError, KeyError, TypeError) as error:
        raise UncoveredRequestError from error


def entity_column(values: Sequence[Any], key: JoinKeyPlan) -> EntityColumn:
    """Return a column of join keys, its values cast to the declared type.

    Args:
        values: As the request has them.
        key: How they are read.
    """
    value_type, version = key.value_type, key.version
    if key.encode is not None and _needs_no_cast(values, value_type):
        return EntityColumn(list(values), value_type, values, key.encode)
    messages = python_values_to_proto_values(list(values), value_type)
    return EntityColumn(
        values=[feast_value_type_to_python_type(message) for message in messages],
        value_type=value_type,
        identities=[message.SerializeToString() for message in messages],
        encode=lambda identity: _part_of_message(identity, version),
        messages=messages,
    )


def _needs_no_cast(values: Sequence[Any], value_type: ValueType) -> bool:
    """Tell whether a column of join keys has Python's own values of the type, within its range."""
    if value_type is ValueType.STRING:
        return set(map(type, values)) == _TEXTS
    limit = _INTEGER_LIMITS[value_type]
    return set(map(type, values)) == _INTEGERS and -limit <= min(values) <= max(values) < limit


def _part_of_message(identity: bytes, version: int) -> bytes:
    message = Value.FromString(identity)
    kind = message.WhichOneof("val")
    if kind is None:
        raise UncoveredRequestError
    content, number = _serialize_val(kind, message, version)
    return sized(number, content)


def cast_for(value_type: ValueType) -> Cast:
    """Return the cast of request data to its declared type; None and NaN are null.

    Stock Feast goes by the first value of a column, so that 5 and 7.5 are read as 5 and 7.
    """
    return _CASTS.get(value_type) or _cast_through_feast(value_type)


def _cast_through_feast(value_type: ValueType) -> Cast:
    def cast(name: str, values: Sequence[Any]) -> list[PlainValue]:
        try:
            messages = python_values_to_proto_values(list(values), value_type)
        except (TypeError, ValueError, AssertionError) as error:
            raise RequestDataError(name, values, f"{value_type.name}: {error}") from error
        return [feast_value_type_to_python_type(message, value_type) for message in messages]

    return cast


def _cast_doubles(name: str, values: Sequence[Any]) -> list[PlainValue]:
    if set(map(type, values)) == _FLOATS and not math.isnan(sum(values)):
        return list(values)
    return [_double(name, value) for value in values]


def _double(name: str, value: object) -> float | None:
    if _is_missing(value):
        return None
    if isinstance(value, Real | np.bool_):
        return float(value)
    raise RequestDataError(name, value, "a number (Float64) or None")


def _cast_integers(name: str, values: Sequence[Any]) -> list[PlainValue]:
    if set(map(type, values)) == _INTEGERS:
        return list(values)
    return [_integer(name, value) for value in values]


def _integer(name: str, value: object) -> int | None:
    if _is_missing(value):
        return None
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real) and float(value).is_integer():
        return int(float(value))
    raise RequestDataError(name, value, "a whole number (Int64) or None")


def _cast_texts(name: str, values: Sequence[Any]) -> list[PlainValue]:
    del name
    if set(map(type, values)) == _TEXTS:
        return list(values)
    return [value if type(value) is str or value is None else _text(value) for value in values]


def _text(value: object) -> str | None:
    return None if _is_missing(value) else str(value)


def _is_missing(value: object) -> bool:
    return value is None or bool(value != value)  # noqa: PLR0124 - true of NaN and NaT alone


_CASTS: dict[ValueType, Cast] = {
    ValueType.DOUBLE: _cast_doubles,
    ValueType.INT64: _cast_integers,
    ValueType.STRING: _cast_texts,
}
