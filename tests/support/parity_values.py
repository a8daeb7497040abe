"""Feast's types with values of each, as a Redis hash may hold them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal as PythonDecimal
from typing import TYPE_CHECKING, Any

from feast.type_map import python_values_to_proto_values
from feast.types import (
    Array,
    Bool,
    Bytes,
    ComplexFeastType,
    Decimal,
    Float32,
    Float64,
    ImageBytes,
    Int32,
    Int64,
    Json,
    Map,
    PdfBytes,
    PrimitiveFeastType,
    ScalarMap,
    Set,
    String,
    Struct,
    TimeUuid,
    UnixTimestamp,
    Uuid,
    ZonedTimestamp,
)
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterable

    from feast.protos.feast.types.Value_pb2 import Value

    FeastType = PrimitiveFeastType | ComplexFeastType

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
INT32 = st.integers(-(2**31), 2**31 - 1)
INT64 = st.integers(-(2**63), 2**63 - 1)
FLOAT32 = st.floats(width=32)
INSTANT = st.integers(86_400, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
ZONED = st.tuples(INSTANT, st.integers(-12, 12)).map(
    lambda pair: pair[0].astimezone(timezone(timedelta(hours=pair[1])))
)
BYTES = st.binary(max_size=5)
UUID = st.uuids(version=4)
TIME_UUID = st.integers(0, 2**62 - 1).map(
    lambda low: uuid.UUID(fields=(low & 0xFFFFFFFF, 7, 0x1000, 0x80, 1, low >> 16))
)
DECIMAL = st.decimals(allow_nan=False, allow_infinity=False, places=3).map(PythonDecimal)

SCALARS: dict[FeastType, st.SearchStrategy[Any]] = {
    String: TEXT,
    Bool: st.booleans(),
    Int32: INT32,
    Int64: INT64,
    Float32: FLOAT32,
    Float64: st.floats(),
    Bytes: BYTES,
    UnixTimestamp: INSTANT,
    Uuid: UUID,
    Decimal: DECIMAL,
}
"""Types that Arrow takes as well, which pandas-mode functions need."""

PLAIN: dict[FeastType, st.SearchStrategy[Any]] = SCALARS | {
    Array(base): st.lists(strategy, max_size=4) for base, strategy in SCALARS.items()
}
"""Scalars and arrays of them."""

SETS: dict[FeastType, st.SearchStrategy[Any]] = {
    Set(base): st.sets(strategy, max_size=4) for base, strategy in SCALARS.items()
}

EXOTIC: dict[FeastType, st.SearchStrategy[Any]] = SETS | {
    PdfBytes: BYTES,
    ImageBytes: BYTES,
    TimeUuid: TIME_UUID,
    ZonedTimestamp: ZONED,
    Map: st.dictionaries(TEXT, TEXT | INT64 | st.none(), max_size=3),
    Array(Map): st.lists(st.dictionaries(TEXT, TEXT, max_size=2), max_size=2),
    Json: st.dictionaries(TEXT, INT64 | st.lists(TEXT, max_size=2), max_size=2),
    ScalarMap: st.dictionaries(INT64, TEXT, max_size=3),
    Struct({"a": Int64, "b": String}): st.fixed_dictionaries({"a": INT64, "b": TEXT}),
    Array(Array(Int64)): st.lists(st.lists(INT64, max_size=2), max_size=2),
}
"""Types that few features have."""

STRATEGIES = PLAIN | EXOTIC


def to_proto(dtype: FeastType, values: Iterable[Any]) -> list[Value]:
    """Encode values of one type as Feast does."""
    encoded: list[Value] = python_values_to_proto_values(list(values), dtype.to_value_type())
    return encoded


def canonical(value: Any) -> Any:  # noqa: ANN401 - any value that Feast answers
    """Return a value with its type, comparable: NaN equals itself, 1 is not 1.0 nor True."""
    if isinstance(value, dict):
        return "dict", sorted((canonical(k), canonical(v)) for k, v in value.items())
    if isinstance(value, list):
        return "list", [canonical(element) for element in value]
    if isinstance(value, set):
        return "set", sorted(canonical(element) for element in value)
    return type(value).__name__, repr(value)
