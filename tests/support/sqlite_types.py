"""For each declared column type: Feast's type, examples, what is served of them, any values."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from feast.types import (
    Array,
    Bool,
    Bytes,
    FeastType,
    Float32,
    Float64,
    Int32,
    Int64,
    Json,
    Map,
    Set,
    String,
    Struct,
    TimeUuid,
    UnixTimestamp,
    Uuid,
)
from feast.types import Decimal as FeastDecimal
from hypothesis import strategies as st

from oo_stores.sqlite.types import COLUMN_TYPES, ColumnType, column_type

if TYPE_CHECKING:
    from collections.abc import Callable

COMPOSED = (
    "BIGINT_LIST_LIST",
    "TIMESTAMP_US_SET_LIST",
    "TEXT_LIST_SET",
    'STRUCT(a BIGINT, "b, (c" TEXT_LIST, at TIMESTAMP_US, raw BLOB, inner STRUCT(x DOUBLE))',
    "STRUCT(a BIGINT, at TIMESTAMP_MS, raw BLOB_LIST)_LIST",
)
"""Some of the types that are made of words."""

WORDS = (*COLUMN_TYPES, *COMPOSED)
_INSTANT = datetime(2024, 1, 10, 12, 0, 0, 123456, tzinfo=UTC)
_SECOND = _INSTANT.replace(microsecond=0)
_MIDNIGHT = datetime(2024, 1, 10, tzinfo=UTC)
_ID = uuid.UUID("0d9f3c1e-8b7a-4c7e-9f6e-3a2b1c0d9e8f")
_MAP = {"a": 1, "b": {"c": None, "d": [1.5, 2.5]}, "é": "x"}

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
# SQLite keeps no sign of zero; adding zero drops it here.
_FLOATS = st.floats(width=32).map(lambda number: number + 0.0)
_DOUBLES = st.floats().map(lambda number: number + 0.0)
_INSTANTS = st.datetimes(timezones=st.just(UTC))
_ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
_MAPS = st.dictionaries(TEXTS, _ANY_JSON, max_size=3)


@dataclass(frozen=True, slots=True)
class Example:
    """What a column of one kind holds.

    Attributes:
        feast: The type that Feast infers of it.
        given: A value, as Arrow gives it in Python.
        served: The same as the online store serves it.
        values: Any values, as Arrow gives them.
    """

    feast: FeastType
    given: Any
    served: Any
    values: st.SearchStrategy[Any]


def _same(feast: FeastType, given: object, values: st.SearchStrategy[Any]) -> Example:
    return Example(feast, given, given, values)


def _in_steps(microseconds: int) -> Example:
    """Return instants of whole steps; Feast serves whole seconds."""
    step = timedelta(microseconds=microseconds)
    begin = datetime(1970, 1, 1, tzinfo=UTC)
    values = _INSTANTS.map(lambda at: begin + (at - begin) // step * step)
    return Example(UnixTimestamp, begin + (_INSTANT - begin) // step * step, _SECOND, values)


_SCALARS: dict[str, Example] = {
    "TEXT": _same(String, "né\n", TEXTS),
    "DOUBLE": _same(Float64, -1.5e300, _DOUBLES),
    "FLOAT": _same(Float32, 1.5, _FLOATS),
    "BIGINT": _same(Int64, 2**63 - 1, st.integers(-(2**63), 2**63 - 1)),
    "INT": _same(Int32, -(2**31), st.integers(-(2**31), 2**31 - 1)),
    "BOOLEAN": _same(Bool, True, st.booleans()),
    "BLOB": _same(Bytes, b"\x00\xff", st.binary(max_size=9)),
    "TIMESTAMP_S": _in_steps(10**6),
    "TIMESTAMP_MS": _in_steps(10**3),
    "TIMESTAMP_US": _in_steps(1),
    # Nanoseconds count to the year 2262.
    "TIMESTAMP_NS": Example(
        UnixTimestamp,
        _INSTANT,
        _SECOND,
        st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  with the zones
    ),
    "TIMESTAMP_TEXT": _in_steps(1),
    "DATE_DAYS": Example(UnixTimestamp, date(2024, 1, 10), _MIDNIGHT, st.dates()),
    "JSON_TEXT": Example(Json, json.dumps([_MAP, 5]), [_MAP, 5], _ANY_JSON.map(json.dumps)),
    "MAP_TEXT": Example(Map, json.dumps(_MAP), _MAP, _MAPS.map(json.dumps)),
    "UUID_TEXT": Example(Uuid, str(_ID), _ID, st.uuids().map(str)),
    "TIME_UUID_TEXT": Example(TimeUuid, str(_ID), _ID, st.uuids().map(str)),
    "DECIMAL_TEXT": Example(
        FeastDecimal,
        "12345678901234567890.10",
        Decimal("12345678901234567890.10"),
        st.decimals(allow_nan=False, allow_infinity=False).map(str),
    ),
}


def example(word: str) -> Example:
    """Return what a column of this declared type holds."""
    kind = column_type(word)
    if word == "MAP_TEXT_LIST":
        values = st.lists(_MAPS, max_size=3).map(json.dumps)
        return Example(Array(Map), json.dumps([_MAP, {}]), [_MAP, {}], values)
    if kind.element:
        return _collection(kind, kind.element)
    if kind.fields:
        return _struct(kind)
    return _SCALARS[word]


def _collection(kind: ColumnType, element: ColumnType) -> Example:
    one = example(element.name)
    is_set = kind.name.endswith("_SET")
    # Feast serves a set that is in a collection, or holds one, as a list.
    served: Any = {one.served} if is_set and not element.element else [one.served]
    if element.element:
        served = [list(one.served)]
    make: Callable[[Any], FeastType] = Set if is_set else Array
    values = st.lists(one.values | st.none(), max_size=3)
    return Example(make(one.feast), [one.given], served, values)


def _struct(kind: ColumnType) -> Example:
    fields = {name: example(field.name) for name, field in kind.fields}
    return Example(
        Struct({name: field.feast for name, field in fields.items()}),
        {name: field.given for name, field in fields.items()},
        {name: field.served for name, field in fields.items()},
        st.fixed_dictionaries({name: field.values | st.none() for name, field in fields.items()}),
    )
