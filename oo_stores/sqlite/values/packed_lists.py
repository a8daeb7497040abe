"""Lists whose elements lie side by side in a BLOB, little-endian.

A list that holds a null is a JSON array instead: the storage class of each value says which.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from oo_stores.sqlite.types import pack
from oo_stores.sqlite.values.arrow_types import arrow_type
from oo_stores.sqlite.values.json_values import parsed, reviver

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oo_stores.sqlite.values.column_type import ColumnType

_NUMPY_TYPES: Final = {"d": "<f8", "f": "<f4", "q": "<i8", "i": "<i4", "B": "u1"}


def packed(array: pa.ChunkedArray, kind: ColumnType) -> list[bytes | str | None]:
    """Return lists of the kind's Arrow type as they are stored."""
    if kind.timestamp_unit:
        array = array.cast(pa.list_(pa.int64()))
    elements = pc.list_flatten(array)
    if elements.null_count:
        return [
            v if v is None else json.dumps(v) if None in v else pack(kind.name, v)
            for v in array.to_pylist()
        ]
    numpy_type = np.dtype(_NUMPY_TYPES[kind.struct_code])
    data = elements.to_numpy().astype(numpy_type).tobytes()
    sizes = pc.list_value_length(array)
    ends = np.cumsum(sizes.fill_null(0).to_numpy(), dtype=np.int64) * numpy_type.itemsize
    starts = np.concatenate(([0], ends))
    return [
        data[start:end] if is_there else None
        for start, end, is_there in zip(
            starts[:-1].tolist(), ends.tolist(), sizes.is_valid().to_pylist(), strict=True
        )
    ]


def unpacked(values: Sequence[Any], kind: ColumnType) -> pa.Array:
    """Return stored lists as an array of the kind's Arrow type.

    Raises:
        ValueError: A value is no packed list; pyarrow's errors are some of these.
        TypeError: A value is neither a BLOB nor text.
    """
    if any(isinstance(value, str) for value in values):
        return _unpacked_one_by_one(values, kind)
    numpy_type = np.dtype(_NUMPY_TYPES[kind.struct_code])
    sizes = np.fromiter((len(value or b"") for value in values), np.int64, len(values))
    if bool((sizes % numpy_type.itemsize).any()):
        raise ValueError(f"a packed list's size is no multiple of {numpy_type.itemsize} bytes")
    offsets = np.zeros(len(values) + 1, np.int32)
    np.cumsum(sizes // numpy_type.itemsize, out=offsets[1:])
    elements = np.frombuffer(b"".join(filter(None, values)), numpy_type)
    is_missing = np.fromiter((value is None for value in values), np.bool_, len(values))
    return pa.ListArray.from_arrays(
        pa.array(offsets), _elements(elements, kind), mask=pa.array(is_missing)
    )


def _elements(elements: np.ndarray[Any, Any], kind: ColumnType) -> pa.Array:
    element_type = arrow_type(kind).value_type
    if pa.types.is_boolean(element_type):
        return pa.array(elements.astype(np.bool_))
    return pa.array(elements).cast(element_type)


def _unpacked_one_by_one(values: Sequence[Any], kind: ColumnType) -> pa.Array:
    numpy_type = np.dtype(_NUMPY_TYPES[kind.struct_code])
    revive = reviver(kind)
    lists = [
        revive(parsed(value) if isinstance(value, str) else _listed(value, numpy_type))
        for value in values
    ]
    return pa.array(lists, type=arrow_type(kind))


def _listed(value: bytes | None, numpy_type: np.dtype[Any]) -> list[Any] | None:
    return None if value is None else np.frombuffer(value, numpy_type).tolist()
